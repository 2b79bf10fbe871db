"""Workers die in the middle of an export, and the disk fills up: nothing that is half there is ever offered."""

from __future__ import annotations

import hashlib
import os
import signal
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datasets.files import RESERVED_BYTES
from tests import images
from tests.disks import Ballast, small_disk
from tests.person import Person
from tests.program import RunningProgram
from tests.survival import numbered

pytestmark = [pytest.mark.fault, pytest.mark.heavy]

MEGABYTE = 1024 * 1024
# A dead worker's export is free again after its lease (60 s) and the next sweep (10 s).
SECONDS = 150


def heavy_picture(number: int) -> bytes:
    """Two megabytes that are quickly read: a small picture and many comments."""
    comment = b"\xff\xfe\xff\xff" + number.to_bytes(4) * ((0xFFFF - 2) // 4) + b"\0"
    jpeg = numbered(images.encoded(seed=number), number)
    return jpeg[:2] + comment * 32 + jpeg[2:]


def bring(person: Person, count: int, content_of: Callable[[int], bytes], ending: str = "jpg") -> int:
    """Import pictures into a new dataset; returns its number."""
    dataset = int(person.post("/datasets", {"name": f"Set {uuid.uuid4()}"})["id"])
    files = [(f"{number:03d}.{ending}", content_of(number)) for number in range(count)]
    job, items = person.announce([(name, len(content)) for name, content in files], dataset=dataset)
    for item, (_, content) in zip(items, files, strict=True):
        person.send(job, item, content).raise_for_status()
    person.post(f"/imports/{job}/seal")
    wait_until(lambda: person.progress(job)["state"] == "DONE")
    assert person.progress(job)["ready"] == count
    return dataset


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def start(person: Person, dataset: int, **options: Any) -> int:
    body = {"key": str(uuid.uuid4()), "options": {"profile": "kohya", **options}}
    return int(person.post(f"/datasets/{dataset}/exports", body)["id"])


def now(person: Person, job: int) -> dict[str, Any]:
    return dict(person.get(f"/api/v1/exports/{job}").json())


def test_killed_workers_cost_some_seconds_and_no_byte(tmp_path: Path) -> None:
    """The pictures are converted one by one, so that there is a middle to be killed in."""
    with RunningProgram(tmp_path / "data", "--workers", "2") as program:
        person = Person(program)
        dataset = bring(person, 120, lambda n: images.encoded("GIF", seed=n, width=900, height=700), "gif")
        job = start(person, dataset)
        for share in (10, 60):
            wait_until(lambda share=share: now(person, job)["done"] >= share)  # type: ignore[misc]
            for pid in program.children("\0worker\0"):
                os.kill(pid, signal.SIGKILL)
            told = now(person, job)
            assert told["state"] in {"RUNNING", "WAITING"}
            assert told["archives"] == []
        wait_until(lambda: now(person, job)["state"] not in {"RUNNING", "WAITING"})
        told = now(person, job)
        assert (told["state"], told["done"]) == ("DONE", 120)
        [archive] = told["archives"]
        content = person.get(archive["address"]).content
        assert hashlib.sha256(content).hexdigest() == archive["sha256"]
        again = person.export(dataset, seconds=SECONDS, profile="kohya")
        assert again["archives"][0]["sha256"] == archive["sha256"], "whole as if nobody had died"


def test_a_disk_that_is_full_is_said_and_with_room_the_export_is_made(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 160) as disk, RunningProgram(disk, "--workers", "2") as program:
        person, ballast = Person(program), Ballast(disk)
        dataset = bring(person, 20, heavy_picture)
        ballast.leave(RESERVED_BYTES + 10 * MEGABYTE)
        job = start(person, dataset)
        wait_until(lambda: now(person, job)["state"] not in {"RUNNING", "WAITING"})
        told = now(person, job)
        assert (told["state"], told["archives"]) == ("FAILED", [])
        assert told["error"].startswith("The server’s disk is full: this export takes about 4")
        assert [path for path in disk.glob("exports/*/*") if path.name != "lock"] == []
        ballast.remove()
        made = person.export(dataset)
        assert len(person.unpacked(made)) == 20 + 1
        for name in ("web", "worker"):
            assert "Traceback" not in (disk / "logs" / f"{name}.log").read_text()
