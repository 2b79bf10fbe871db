"""Many people on one image at once, through the real server: nothing is lost, and the log tells the same."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tagging.replaying import Step, replay
from tests import images
from tests.program import RunningProgram, running_program

__all__ = ["running_program"]

pytestmark = pytest.mark.flow

SHARED = [f"shared {number}" for number in range(6)]
_numbers = itertools.count(1)

_READ_LOG = """
import json
from datasets.models import Image
from tagging.models import TagOperation
from tagging.queries.history import get_log
image = Image.objects.get(pk={image})
keys = [str(key) for key in TagOperation.objects.filter(image=image).values_list("key", flat=True)]
steps = [[getattr(step, name) for name in step.__slots__] for step in get_log(image)]
print("LOG" + json.dumps([steps, keys]))
"""


@dataclass
class Editor:
    """A person with a connection of their own.

    Attributes:
        mine: tags that nobody else touches, and whether they are on the image as far as this person knows.
        keys: of every operation that the server took.
        passing: answers that were no answers, after which the same was sent again.
        changes: what this person did to shared tags, to be taken back.
    """

    program: RunningProgram
    image: int
    number: int
    mine: dict[str, bool] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    passing: list[str] = field(default_factory=list)
    undone: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)
        address = urlsplit(self.program.url)
        self.host = f"{address.hostname}:{address.port}"
        self.connection = http.client.HTTPConnection(self.host, timeout=60)
        self.token = ""
        self.connection.request("GET", "/")
        answer = self.connection.getresponse()
        answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            if cookie.startswith("csrftoken="):
                self.token = cookie.partition("=")[2].partition(";")[0]

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the server; what passes (no answer in time, a server error) is sent again, as the pages do."""
        for attempt in range(12):
            status, content = self.try_once(method, path, body)
            if status < 500:
                return status, json.loads(content)
            self.passing.append(f"{status} {content[:80]!r}")
            time.sleep(0.1 * 2 ** min(attempt, 4))
        raise AssertionError(self.passing)

    def try_once(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        headers = {
            "Content-Type": "application/json",
            "X-CSRFToken": self.token,
            "Cookie": f"csrftoken={self.token}",
            "Referer": self.program.url,
        }
        self.connection.request(method, f"/api/v1/{path}", json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def state(self) -> Any:
        return self.ask("GET", f"images/{self.image}/tags")[1]

    def work(self, rounds: int) -> None:
        try:
            for turn in range(rounds):
                self.turn(turn)
        except Exception as error:
            self.errors.append(repr(error))

    def turn(self, turn: int) -> None:
        """One operation, or one step back."""
        roll = self.chance.random()
        if roll < 0.1:
            self.take_back()
        elif roll < 0.15:
            caption = self.state()["caption"]
            self.send({"kind": "caption", "text": f"{self.number} {turn}", "version": caption["version"]}, may_be=409)
        elif roll < 0.55:
            kind = self.chance.choice(["add", "remove", "move"])
            self.send({"kind": kind, "tag": self.chance.choice(SHARED), "before": self.chance.choice([*SHARED, None])})
        else:
            self.touch_mine(turn)

    def touch_mine(self, turn: int) -> None:
        if self.mine and self.chance.random() < 0.5:
            name = self.chance.choice(list(self.mine))
            kind = self.chance.choice(["add", "remove", "move"])
        else:
            name, kind = f"mine {self.number}-{turn % 9}", "add"
        before = self.chance.choice([*self.mine, *SHARED, None])
        self.send({"kind": kind, "tag": name, "before": before})
        if kind != "move":
            self.mine[name] = kind == "add"

    def send(self, operation: dict[str, Any], *, may_be: int = 200) -> None:
        sent = {"key": str(uuid.uuid4()), "group": str(uuid.uuid4()), **operation}
        # Every fifth is sent again, as after an answer that was lost on its way.
        for _ in range(2 if self.chance.random() < 0.2 else 1):
            status, answer = self.ask("POST", f"images/{self.image}/edits", {"operations": [sent]})
            assert status in {200, may_be}, answer
        if status == 200:
            self.keys.append(sent["key"])

    def take_back(self) -> None:
        """Take back one of the newest entries that concern a shared tag, whoever made it."""
        _, page = self.ask("GET", f"images/{self.image}/history?limit=8")
        mine = [entry for entry in page["entries"] if entry["tags"] and self.is_shared(entry)]
        if not mine:
            return
        entry, key = self.chance.choice(mine), str(uuid.uuid4())
        for _ in range(self.chance.choice([1, 1, 2])):
            status, answer = self.ask("POST", f"changes/{entry['id']}/undo", {"key": key})
            assert status in {200, 409}, answer
        self.undone += status == 200

    @staticmethod
    def is_shared(entry: dict[str, Any]) -> bool:
        return all(tag["name"] in SHARED for tag in entry["tags"]) and not entry["captions"]


@pytest.fixture
def image(running_program: RunningProgram, tmp_path: Path) -> Iterator[int]:
    """One picture in a dataset of its own."""
    number = next(_numbers)
    images.write(tmp_path / "pictures", "one.jpg", seed=7000 + number)
    name = f"Editors {number}"
    done = running_program.manage("import_folder", str(tmp_path / "pictures"), "--dataset", name, "--wait", "--json")
    dataset = json.loads(done.stdout.splitlines()[-1])["dataset_id"]
    connection = http.client.HTTPConnection(urlsplit(running_program.url).netloc)
    connection.request("GET", f"/api/v1/datasets/{dataset}/images")
    yield json.loads(connection.getresponse().read())["images"][0]["id"]
    connection.close()


@pytest.mark.parametrize(
    ("people", "rounds"),
    [
        pytest.param(2, 40, marks=pytest.mark.heavy),
        (12, 6),
        pytest.param(2, 500, marks=pytest.mark.heavy),
        pytest.param(50, 20, marks=pytest.mark.heavy),
    ],
)
def test_nothing_is_lost_and_the_log_tells_the_same(
    running_program: RunningProgram, image: int, people: int, rounds: int
) -> None:
    editors = [Editor(running_program, image, number) for number in range(people)]
    threads = [threading.Thread(target=editor.work, args=(rounds,), daemon=True) for editor in editors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(280)
    assert not any(thread.is_alive() for thread in threads)
    assert [error for editor in editors for error in editor.errors] == []
    print("sent again after:", Counter(answer for editor in editors for answer in editor.passing))
    states = [editor.state() for editor in editors]
    assert all(state == states[0] for state in states)
    names = [tag["name"] for tag in states[0]["tags"]]
    assert len(set(names)) == len(names), "the same tag twice"
    for editor in editors:
        expected = {name for name, is_there in editor.mine.items() if is_there}
        assert {name for name in names if name.startswith(f"mine {editor.number}-")} == expected
    steps, keys = read_log(running_program, image)
    assert len(set(keys)) == len(keys)
    assert {key for editor in editors for key in editor.keys} <= set(keys)
    replayed = replay(steps)
    caption = states[0]["caption"]
    assert replayed.tags == names
    assert (replayed.caption, replayed.caption_version) == (caption["text"], caption["version"])
    assert sum(editor.undone for editor in editors) > 0
    assert any(step.undoes for step in steps)


def read_log(program: RunningProgram, image: int) -> tuple[list[Step], list[str]]:
    done = program.manage("shell", "-c", _READ_LOG.format(image=image))
    steps, keys = json.loads(done.stdout.partition("LOG")[2])
    return [Step(*step) for step in steps], keys
