"""No edit is lost, none counts twice: network, tab and server fail at random while somebody tags with the keyboard."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Route, expect

from tests import images
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.fault]

PICTURES = 4
WORDS = ["reeds", "heron", "mist", "lake", "boat", "dawn", "fog bank", "pier", "gull", "rope", "still water", "sky"]
TROUBLES = ["offline", "lost answers", "reload", "closed", "killed tab", "killed while typing", "killed server"]


@dataclass
class Expected:
    """What one picture should hold, as a person saw it happen, and the operations on its tags that lead there."""

    tags: list[str] = field(default_factory=list)
    caption: str = ""
    operations: list[tuple[str, str]] = field(default_factory=list)


class Person:
    """Somebody who tags with the keyboard while everything around them fails."""

    def __init__(
        self, context: BrowserContext, program: RunningProgram, dataset: int, ids: list[int], seed: int
    ) -> None:
        self.context, self.program, self.dataset, self.ids = context, program, dataset, ids
        self.random = random.Random(seed)
        self.expected = {image: Expected() for image in ids}
        self.current = ids[0]
        self.captions = 0
        # How many more edits until it ends.
        self.until_online = self.until_started = 0
        self.seen: dict[str, int] = defaultdict(int)
        self.page = self.open()

    def open(self) -> Page:
        page = self.context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{self.program.url}/datasets/{self.dataset}/tag/{self.current}/")
        self.page = page
        self.expect_all_shown()
        return page

    @property
    def here(self) -> Expected:
        return self.expected[self.current]

    def expect_all_shown(self) -> None:
        """Also right after a reload, what was done is there."""
        expect(self.page.get_by_role("combobox", name="Add a tag")).to_be_focused()
        expect(self.page.locator(".chip__name")).to_have_text(self.here.tags)
        expect(self.page.locator("[data-caption]")).to_have_value(self.here.caption)

    # --- Edits -----------------------------------------------------------------------------------------

    def edit(self) -> None:
        """Do one edit on the picture that is shown, and see that it is shown as done."""
        tags = self.here.tags
        kinds = (
            ["add"] * 5 + ["caption"] * 2 + (["remove"] * 2 if tags else []) + (["move"] * 2 if len(tags) > 1 else [])
        )
        getattr(self, f"do_{self.random.choice(kinds)}")()
        self.expect_all_shown()

    def do_add(self) -> None:
        word = self.random.choice([word for word in WORDS if word not in self.here.tags] or ["one too many"])
        self.page.keyboard.insert_text(word)
        self.page.keyboard.press("Control+Enter")
        if word not in self.here.tags:
            self.here.tags.append(word)
            self.here.operations.append(("ADD", word))

    def do_remove(self) -> None:
        word = self.here.tags.pop()
        self.page.keyboard.press("Backspace")
        self.page.keyboard.press("Backspace")
        self.here.operations.append(("REMOVE", word))

    def do_move(self) -> None:
        tags = self.here.tags
        at = self.random.randrange(1, len(tags))
        self.page.locator(".chip__name").nth(at).focus()
        self.page.keyboard.press("Alt+ArrowUp")
        self.here.operations.append(("MOVE", tags[at]))
        tags[at - 1], tags[at] = tags[at], tags[at - 1]
        expect(self.page.locator(".chip__name")).to_have_text(tags)
        self.page.keyboard.press("Escape")

    def do_caption(self) -> None:
        self.type_sentence()
        self.page.keyboard.press("Escape")

    def type_sentence(self) -> None:
        self.captions += 1
        self.page.keyboard.press("Alt+c")
        expect(self.page.locator("[data-caption]")).to_be_focused()
        text = f" Sentence {self.captions}." if self.here.caption else f"Sentence {self.captions}."
        self.page.keyboard.insert_text(text)
        self.here.caption += text

    def walk(self) -> None:
        """Go to a picture beside this one, unless it cannot be fetched just now."""
        at = self.ids.index(self.current) + self.random.choice([1, -1])
        if not 0 <= at < len(self.ids):
            return
        self.page.keyboard.press("PageDown" if self.ids[at] > self.current else "PageUp")
        with suppress(AssertionError):
            expect(self.page).to_have_url(
                f"{self.program.url}/datasets/{self.dataset}/tag/{self.ids[at]}/", timeout=2500
            )
        shown = int(self.page.url.rstrip("/").rpartition("/")[2])
        self.current = shown
        self.expect_all_shown()

    # --- Troubles --------------------------------------------------------------------------------------

    def meet(self, trouble: str) -> None:
        self.seen[trouble] += 1
        getattr(self, f"meet_{trouble.replace(' ', '_')}")()

    def meet_offline(self) -> None:
        self.context.set_offline(True)
        self.until_online = self.random.randrange(2, 7)

    def meet_lost_answers(self) -> None:
        def lose(route: Route) -> None:
            with suppress(Error):  # also the page may end meanwhile
                route.fetch()
            with suppress(Error):
                route.abort()

        self.page.route("**/edits", lose, times=self.random.randrange(1, 4))

    def meet_reload(self) -> None:
        self.bring_back()
        self.page.reload()
        self.expect_all_shown()

    def meet_closed(self) -> None:
        """Whatever is on its way: the tab is closed, and later another one is opened."""
        with suppress(Error):
            self.page.close()
        self.bring_back()
        self.open()

    def meet_killed_tab(self) -> None:
        """The process behind the page ends without a last word."""
        browser = self.context.browser
        assert browser is not None
        with self.page.expect_event("crash"):
            for process in browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]:
                if process["type"] == "renderer":
                    os.kill(process["id"], signal.SIGKILL)
        self.page.close()
        self.bring_back()
        self.open()

    def meet_killed_while_typing(self) -> None:
        """The caption is still in its box."""
        self.type_sentence()
        self.meet_killed_tab()

    def meet_killed_server(self) -> None:
        assert self.program.process is not None
        self.program.process.kill()
        self.program.process.wait()
        self.until_started = self.random.randrange(2, 7)

    def bring_back(self) -> None:
        """A page can only be loaded where there is a network and a server."""
        if self.until_started:
            self.start_server()
        if self.until_online:
            self.until_online = 0
            self.context.set_offline(False)

    def start_server(self) -> None:
        self.until_started = 0
        end = time.monotonic() + 20
        while self.program.processes() and time.monotonic() < end:
            time.sleep(0.05)
        self.program.start()

    def go_on(self) -> None:
        """Troubles end by themselves after some edits."""
        if self.until_online == 1:
            self.context.set_offline(False)
        self.until_online = max(0, self.until_online - 1)
        if self.until_started == 1:
            self.start_server()
        self.until_started = max(0, self.until_started - 1)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[RunningProgram]:
    """The program at an address that stays the same when it is started again."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with RunningProgram(tmp_path / "data", "--port", str(port), "--workers", "1") as program:
        yield program


def _import(program: RunningProgram, folder: Path) -> tuple[int, list[int]]:
    for seed in range(1, PICTURES + 1):
        images.write(folder, f"{seed:02d}.jpg", seed=seed)
    done = program.manage("import_folder", str(folder), "--dataset", "Loss", "--wait", "--json")
    dataset = json.loads(done.stdout.splitlines()[-1])["dataset_id"]
    with _database(program) as database:
        order = "SELECT id FROM datasets_image WHERE dataset_id = ? ORDER BY original_name"
        return dataset, [row[0] for row in database.execute(order, [dataset])]


def _database(program: RunningProgram) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{program.data_dir / 'db.sqlite3'}?mode=ro", uri=True))


def _check(program: RunningProgram, person: Person) -> None:
    """All that was shown as done is stored, in its order, once."""
    with _database(program) as database:
        keys = [row[0] for row in database.execute("SELECT key FROM tagging_tagoperation")]
        assert len(keys) == len(set(keys))
        for image, expected in person.expected.items():
            tags = (
                "SELECT t.name FROM tagging_imagetag i JOIN tagging_tag t ON t.id = i.tag_id"
                " WHERE i.image_id = ? ORDER BY i.position"
            )
            assert [row[0] for row in database.execute(tags, [image])] == expected.tags
            captions = database.execute("SELECT text FROM tagging_caption WHERE image_id = ?", [image]).fetchall()
            assert "".join(row[0] for row in captions) == expected.caption
            log = "SELECT kind, tag_name, after FROM tagging_tagoperation WHERE image_id = ? ORDER BY id"
            done = database.execute(log, [image]).fetchall()
            assert [(kind, name) for kind, name, _after in done if kind != "CAPTION"] == expected.operations
            texts = [json.loads(after) for kind, _name, after in done if kind == "CAPTION"]
            # Each goes on where the one before it ended: no text came twice, none out of its turn.
            assert len(texts) == len(set(texts))
            assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


def _tag(
    program: RunningProgram, context: BrowserContext, folder: Path, *, edits: int, seed: int, every: int
) -> Person:
    dataset, ids = _import(program, folder)
    person = Person(context, program, dataset, ids, seed)
    # Each trouble comes, in an order that nobody chose.
    order: list[str] = []
    for number in range(1, edits + 1):
        if number % every == 0:
            order = order or person.random.sample(TROUBLES, len(TROUBLES))
            person.meet(order.pop())
        person.edit()
        person.go_on()
        if person.random.random() < 0.2:
            person.walk()
    person.bring_back()
    expect(person.page.locator("[data-save-state]")).to_have_attribute("data-state", "saved", timeout=60_000)
    _check(program, person)
    return person


def test_no_edit_is_lost_and_none_counts_twice(
    program: RunningProgram, context: BrowserContext, tmp_path: Path, problems: Problems
) -> None:
    person = _tag(program, context, tmp_path / "pictures", edits=60, seed=4, every=8)
    assert set(person.seen) == set(TROUBLES)
    problems.allow_failed_requests()  # what did not answer is noted in the console


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_edit_of_three_hundred_is_lost_and_none_counts_twice(
    program: RunningProgram, context: BrowserContext, tmp_path: Path, problems: Problems, seed: int
) -> None:
    problems.allow_failed_requests()
    person = _tag(program, context, tmp_path / "pictures", edits=300, seed=seed, every=9)
    assert min(person.seen.values()) >= 5
