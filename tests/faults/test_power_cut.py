"""Everything is killed at once, at a random moment of all kinds of work: what was said to be done is done, and whole.

`POWER_CUT_SEED` repeats a run; each prints its own.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests import images
from tests.person import Person
from tests.program import RunningProgram
from tests.survival import numbered

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

SEEN_WITHIN = 90


_ITEMS = "from datasets.models import ImportItem; items = ImportItem.objects; "
_UNFINISHED = _ITEMS + "print(items.unfinished().exclude(state='WAITING').count())"
_READY = _ITEMS + "print(*items.filter(state='READY').values_list('name', flat=True))"


@dataclass
class Ledger:
    """What the program said to be done, so that it can be asked for."""

    uploads: set[str] = field(default_factory=set)
    tags: list[tuple[int, str]] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    archives: dict[str, str] = field(default_factory=dict)
    serial: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> int:
        """A number that was not given before."""
        with self.lock:
            self.serial += 1
            return self.serial


def import_one(person: Person, ledger: Ledger, drawn: bytes) -> None:
    number = ledger.next()
    name = f"p{number:06d}.jpg"
    person.upload(name, numbered(drawn, number))
    ledger.uploads.add(name)


def shown(person: Person) -> dict[str, int]:
    """All images of the dataset by name."""
    found: dict[str, int] = {}
    after = 0
    while True:
        page = person.get(f"/api/v1/datasets/1/images?limit=500&after={after}").json()
        found |= {image["name"]: int(image["id"]) for image in page["images"]}
        if page["next"] is None:
            return found
        after = page["next"]


def tag_one(person: Person, ledger: Ledger, drawn: bytes) -> None:
    for number in list(shown(person).values())[:5]:
        name = f"word {ledger.next()}"
        if number % 2 and person.send_tag(number, name).raise_for_status():
            ledger.tags.append((number, name))


def delete_one(person: Person, ledger: Ledger, drawn: bytes) -> None:
    even = [number for number in shown(person).values() if number % 2 == 0]
    if len(even) > 6:
        gone = even[:2]
        ledger.asked |= set(gone)  # who gets no answer knows of neither
        person.post("/datasets/1/trash", {"images": gone})
        ledger.deleted |= set(gone)
        person.post("/datasets/1/trash/empty", {"images": gone[:1]})


def export_all(person: Person, ledger: Ledger, drawn: bytes) -> None:
    made = person.export(1)
    for archive in made["archives"]:
        ledger.archives[archive["address"]] = archive["sha256"]


ACTORS = (import_one, import_one, tag_one, delete_one, export_all)


def work(person: Person, ledger: Ledger, act: Callable[[Person, Ledger, bytes], None], over: threading.Event) -> None:
    """Do one thing again and again, until the power is gone."""
    drawn = images.encoded(seed=1, width=400, height=300)
    while not over.is_set():
        with suppress(AssertionError):
            try:
                act(person, ledger, drawn)
            except httpx.TransportError:
                return
            except httpx.HTTPStatusError as error:
                # An image that was deleted a moment ago, or a dataset without images: as said, nothing was done.
                if error.response.status_code not in {404, 409, 422}:
                    raise
        time.sleep(0.02)


def cut_power(program: RunningProgram) -> None:
    for pid in program.processes():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    program.wait()


def assert_all_there(program: RunningProgram, ledger: Ledger) -> None:
    """What was said to be done is there, once what was begun has come to its end."""
    person, end = Person(program), time.monotonic() + SEEN_WITHIN
    while program.manage("shell", "--verbosity=0", "-c", _UNFINISHED).stdout.split() != ["0"]:
        assert time.monotonic() < end, program.logs()
        time.sleep(0.5)
    found = shown(person)
    names = person_names(program)
    assert ledger.uploads <= names, ledger.uploads - names
    assert not set(found.values()) & ledger.deleted
    by_image: dict[int, set[str]] = {}
    for image, name in ledger.tags:
        by_image.setdefault(image, set()).add(name)
    for image, words in by_image.items():
        assert words <= set(person.tags(image))
    for address, sha256 in ledger.archives.items():
        assert hashlib.sha256(person.get(address).content).hexdigest() == sha256


def person_names(program: RunningProgram) -> set[str]:
    """Every file that was brought to its end as an image, also of one that was deleted since."""
    return set(program.manage("shell", "--verbosity=0", "-c", _READY).stdout.split())


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.heavy)])
def test_a_power_cut_takes_nothing_away_that_was_said_to_be_done(tmp_path: Path, kills: int) -> None:
    seed = int(os.environ.get("POWER_CUT_SEED") or random.randrange(10**6))
    print(f"POWER_CUT_SEED={seed}")
    chance, ledger, data = random.Random(seed), Ledger(), tmp_path / "data"
    for number in range(kills):
        with RunningProgram(data, "--workers", "2") as program:
            over = threading.Event()
            if number == 0:
                Person(program).post("/datasets", {"name": "Cut"})
            people = [Person(program) for _ in ACTORS]
            with ThreadPoolExecutor(len(ACTORS)) as pool:
                running = [
                    pool.submit(work, person, ledger, act, over) for person, act in zip(people, ACTORS, strict=True)
                ]
                time.sleep(chance.uniform(0.5, 6.0))
                cut_power(program)
                over.set()
                for each in running:
                    each.result()
        program.manage("verify")  # fails where it finds anything, also before anybody starts again
    assert ledger.uploads
    assert ledger.tags
    with RunningProgram(data, "--workers", "2") as program:
        assert_all_there(program, ledger)
        program.manage("verify")
    print(
        f"{kills} kills: {len(ledger.uploads)} pictures, {len(ledger.tags)} tags, {len(ledger.deleted)} deletions, "
        f"{len(ledger.archives)} archives were said to be done and are."
    )
