"""Everything is killed while a zip is read: all that is in it comes in, once, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import images
from tests.program import RunningProgram
from tests.zips import Member, pack

pytestmark = pytest.mark.fault

PICTURES = 60
# A dead worker's file is free again after its lease (45 s) and the next sweep (10 s).
SECONDS = 90


def write_zip(folder: Path) -> Path:
    """A zip of pictures that take a moment each, each with its text."""
    folder.mkdir()
    members = []
    for number in range(PICTURES):
        picture = images.encoded(width=1600, height=1200, seed=number)
        members += [Member(b"in/%03d.jpg" % number, picture), Member(b"in/%03d.txt" % number, b"tag %d" % number)]
    (folder / "set.zip").write_bytes(pack(*members))
    return folder


def wait_until(program: RunningProgram, holds: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until something holds of the program's only import."""
    end = time.monotonic() + SECONDS
    while not holds(now := httpx.get(f"{program.url}/api/v1/imports/1").json()):
        assert time.monotonic() < end, f"{now}\n{program.logs()}"
        time.sleep(0.1)


def test_killed_program_reads_the_rest_of_a_zip(tmp_path: Path) -> None:
    with RunningProgram(tmp_path / "data") as program:
        program.manage("import_folder", str(write_zip(tmp_path / "pictures")), "--dataset", "Zipped")
        wait_until(program, lambda now: now["ready"] >= 10)
        for pid in program.processes():
            os.kill(pid, signal.SIGKILL)
        program.wait()
        left = [path for path in (tmp_path / "data" / "incoming").rglob("*.part") if path.stat().st_size > 5_000_000]
        assert len(left) == 1
        with RunningProgram(tmp_path / "data") as again:
            wait_until(again, lambda now: now["state"] == "DONE")
            page = httpx.get(f"{again.url}/api/v1/datasets/1/images?limit=500").json()
            assert [image["name"] for image in page["images"]] == [f"{number:03d}.jpg" for number in range(PICTURES)]
            # What was being written in the moment of the kill has a temporary name, until it is swept.
            stored = [path for path in (tmp_path / "data" / "blobs").rglob("[!.]*") if path.is_file()]
            assert len(stored) == 3 * PICTURES
            tags = httpx.get(f"{again.url}/api/v1/images/{page['images'][7]['id']}/tags").json()["tags"]
            assert [tag["name"] for tag in tags] == ["tag 7"]
            parts = list((tmp_path / "data" / "incoming").rglob("*.part"))
            assert parts == []
