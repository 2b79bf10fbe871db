"""The disk of the data folder is full: it is said, nothing is half there, and with room it goes on."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from datasets.files import RESERVED_BYTES
from tests import images
from tests.disks import Ballast, enlarge, small_disk
from tests.person import Person
from tests.program import RunningProgram
from tests.survival import numbered

pytestmark = pytest.mark.fault

DISK_MEGABYTES = 64
PICTURES = 50
MEGABYTE = 1024 * 1024
SECONDS = 60.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """64 MiB."""
    with small_disk(tmp_path / "disk", DISK_MEGABYTES) as folder:
        yield folder


@pytest.fixture
def program(disk: Path) -> Iterator[RunningProgram]:
    with RunningProgram(disk, "--workers", "2") as program:
        yield program


def large_picture(number: int) -> bytes:
    """Two megabytes that are quickly read: a small picture and many comments."""
    comment = b"\xff\xfe\xff\xff" + number.to_bytes(4) * ((0xFFFF - 2) // 4) + b"\0"
    jpeg = numbered(images.encoded(seed=number), number)
    return jpeg[:2] + comment * 32 + jpeg[2:]


def wait_for(program: RunningProgram, what: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end, program.logs()
        time.sleep(0.2)


@contextmanager
def stopped_workers(program: RunningProgram) -> Iterator[None]:
    """Workers that do nothing for a moment, and go on."""
    workers = program.children("\0worker\0")
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


def assert_every_row_has_its_files(program: RunningProgram, expected: int) -> None:
    """No image without its files, no file that is not whole."""
    person = Person(program)
    found = person.get("/api/v1/datasets/1/images?limit=500").json()["images"]
    assert len(found) == expected
    for image in found:
        for kind in ("original", "preview", "thumbnail"):
            assert person.get(f"/files/images/{image['id']}/{kind}/").content
    for path in program.data_dir.glob("blobs/originals/**/*"):
        if path.is_file():
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    assert not list(program.data_dir.rglob(".new-*"))


def assert_nothing_died(program: RunningProgram) -> None:
    """No process was started again, and no failure is in a log that nobody could explain."""
    assert "is started again" not in program.output
    for name in ("web", "worker"):
        assert "Traceback" not in (program.data_dir / "logs" / f"{name}.log").read_text()


def test_an_import_of_more_than_fits_is_refused_in_words_and_completes_with_room(
    program: RunningProgram, disk: Path
) -> None:
    person = Person(program)
    person.post("/datasets", {"name": "Many"})
    files = [(f"{number:02d}.jpg", large_picture(number)) for number in range(PICTURES)]
    job, items = person.announce([(name, len(content)) for name, content in files])
    answers = [person.send(job, item, content) for item, (_, content) in zip(items, files, strict=True)]
    taken = [answer.status_code for answer in answers].count(200)
    assert 5 < taken < PICTURES
    refused = [answer for answer in answers if answer.status_code != httpx.codes.OK]
    assert {answer.status_code for answer in refused} == {507}
    assert "disk is full" in refused[0].json()["detail"]
    wait_for(program, lambda: person.progress(job)["in_line"] + person.progress(job)["processing"] == 0)
    ready = person.progress(job)["ready"]
    assert_every_row_has_its_files(program, ready)
    image = person.image("00.jpg")
    person.tag(image)  # tags are saved though no picture fits

    enlarge(disk, 160)
    person.post(f"/imports/{job}/retry", {"items": None})
    for item, (_, content) in zip(items, files, strict=True):
        if next(one for one in person.items(job) if one["id"] == item)["state"] == "WAITING":
            person.send(job, item, content).raise_for_status()
    person.post(f"/imports/{job}/seal")
    wait_for(program, lambda: person.progress(job)["state"] == "DONE")
    assert person.progress(job)["ready"] == PICTURES
    assert person.tags(image) == person.saved
    assert_every_row_has_its_files(program, PICTURES)
    program.manage("verify", "--grace", "0")
    assert_nothing_died(program)


def test_what_a_worker_could_not_store_needs_no_new_bytes(program: RunningProgram, disk: Path) -> None:
    person, ballast = Person(program), Ballast(disk)
    person.post("/datasets", {"name": "Few"})
    with stopped_workers(program):
        files = [(f"{number}.jpg", large_picture(number)) for number in range(5)]
        job, items = person.announce([(name, len(content)) for name, content in files])
        for item, (_, content) in zip(items, files, strict=True):
            person.send(job, item, content).raise_for_status()
        ballast.leave(RESERVED_BYTES - MEGABYTE)
        person.post(f"/imports/{job}/seal")
    wait_for(program, lambda: person.progress(job)["state"] == "DONE")
    assert {(item["state"], "disk is full" in item["reason"]) for item in person.items(job)} == {("FAILED", True)}
    assert_every_row_has_its_files(program, 0)
    sweep = "from datasets.services.sweeping import remove_leftovers; remove_leftovers()"
    program.manage("shell", "-c", sweep)
    assert len(list(program.data_dir.glob("incoming/**/*.part"))) == 5

    ballast.remove()
    lacks = person.post(f"/imports/{job}/retry", {"items": None})
    assert {item["state"] for item in lacks["items"]} == {"RECEIVED"}
    wait_for(program, lambda: person.progress(job)["state"] == "DONE")
    assert person.progress(job)["ready"] == 5
    assert_every_row_has_its_files(program, 5)
    assert not list(program.data_dir.glob("incoming/**/*.part"))
    assert_nothing_died(program)


def test_a_disk_that_others_filled_to_the_last_byte_costs_nothing_that_was_saved(
    program: RunningProgram, disk: Path
) -> None:
    person, ballast = Person(program), Ballast(disk)
    person.post("/datasets", {"name": "Full"})
    job = person.upload("a.jpg", images.encoded())
    wait_for(program, lambda: person.progress(job)["state"] == "DONE")
    image = person.image("a.jpg")
    person.tag(image)
    with stopped_workers(program):
        waiting = person.upload("b.jpg", images.encoded(seed=2))
        ballast.leave(0)
    answers = []
    for number in range(3000):
        ballast.leave(0)
        answers.append(person.send_tag(image, f"late {number}"))
        if answers[-1].status_code == httpx.codes.OK:
            person.saved.append(f"late {number}")
        elif len(answers) > 20:
            break
    refused = [answer for answer in answers if answer.status_code != httpx.codes.OK]
    assert {answer.status_code for answer in refused} == {507}
    assert "disk is full" in refused[0].json()["detail"]
    form = {"name": "Another", "csrfmiddlewaretoken": person.client.cookies["csrftoken"]}
    page = person.client.post("/datasets/new/", data=form)
    assert (page.status_code, "disk is full" in page.text) == (507, True)
    for path in ("/", "/datasets/1/", f"/imports/{waiting}/", "/api/v1/datasets"):
        # SQLite wants 32 KiB for the first reader; where there is none it is said.
        answer = person.client.get(path)
        assert answer.status_code == httpx.codes.OK or "disk is full" in answer.text
    time.sleep(15)  # the clock asks once or twice, and workers find no room
    ballast.remove()
    before = person.items(waiting)[0]["state"]
    person.tag(image)
    assert person.tags(image) == person.saved
    wait_for(program, lambda: person.progress(waiting)["state"] == "DONE")
    if before == "FAILED":
        person.post(f"/imports/{waiting}/retry", {"items": None})
        wait_for(program, lambda: person.progress(waiting)["state"] == "DONE")
    assert person.progress(waiting)["ready"] == 1
    assert_every_row_has_its_files(program, 2)
    assert_nothing_died(program)
    program.manage("verify", "--grace", "0")
