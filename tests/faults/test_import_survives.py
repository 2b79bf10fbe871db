"""A process dies in the middle of an import; nothing is lost, nothing is there twice, and it is soon over."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests import images
from tests.program import RunningProgram
from tests.survival import Import, importing, write_pictures

pytestmark = pytest.mark.fault

# Promised for every file, from the moment the killed process is back.
SECONDS = 60.0


@dataclass(frozen=True)
class Edition:
    """How large an import is, and after how many pictures something dies."""

    pictures: int
    killed_at: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.killed_at} of {self.pictures}"


SMALL = Edition(60, 20, 1600, 1067)
LARGE = Edition(1000, 300, 1200, 800)
EDITIONS = [pytest.param(SMALL, id="small"), pytest.param(LARGE, id="large", marks=pytest.mark.heavy)]


def worker(program: RunningProgram) -> list[int]:
    """Celery's main process."""
    return program.children("\0worker\0")[:1]


def one_child(program: RunningProgram) -> list[int]:
    """One of the processes that it forked."""
    return program.children("\0worker\0")[1:2]


def all_children(program: RunningProgram) -> list[int]:
    return program.children("\0worker\0")[1:]


def decoders(program: RunningProgram) -> list[int]:
    """The processes that read pictures."""
    return program.children("datasets.decoder_process")


# Each victim's death is waited for; the small edition kills a worker whole and what it started.
@pytest.mark.parametrize(
    "victims",
    [
        worker,
        pytest.param(one_child, marks=pytest.mark.heavy),
        pytest.param(all_children, marks=pytest.mark.heavy),
        pytest.param(decoders, marks=pytest.mark.heavy),
    ],
)
@pytest.mark.parametrize("edition", EDITIONS)
def test_killed_processes_lose_no_picture(
    tmp_path: Path,
    edition: Edition,
    victims: Callable[[RunningProgram], list[int]],
) -> None:
    folder = write_pictures(tmp_path / "pictures", edition.pictures, width=edition.width, height=edition.height)
    with RunningProgram(tmp_path / "data", "--workers", "2") as program:
        survivors = Import(program, edition.pictures)
        with importing(program, folder):
            survivors.wait_until("ready", edition.killed_at, seconds=SECONDS)
            killed = victims(program)
            assert killed
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
        assert survivors.number("done") < edition.pictures, "nothing was left to lose"
        if victims is worker:
            program.wait_for_output("is started again")
        seconds = survivors.wait_until("done", edition.pictures, seconds=SECONDS)
        print(f"All had their end {seconds:.1f} s after the kill.")
        survivors.wait_until_finished()
        survivors.assert_all_there_once()


def test_killed_program_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", SMALL.pictures, width=SMALL.width, height=SMALL.height)
    with RunningProgram(tmp_path / "data") as program:
        program.manage("import_folder", str(folder), "--dataset", "Survivors")
        Import(program, SMALL.pictures).wait_until("ready", 5, seconds=SECONDS)
        tag_first_image(program)
        for pid in program.processes():
            os.kill(pid, signal.SIGKILL)
        program.wait()
        with RunningProgram(tmp_path / "data") as again:
            survivors = Import(again, SMALL.pictures)
            survivors.wait_until("done", SMALL.pictures, seconds=SECONDS)
            survivors.wait_until_finished()
            survivors.assert_all_there_once()
            assert tags_of_first_image(again) == ["saved before the end"]


def first_image(program: RunningProgram) -> int:
    """The number of the first image."""
    page = httpx.get(f"{program.url}/api/v1/datasets/1/images?limit=1").json()
    return int(page["images"][0]["id"])


def tag_first_image(program: RunningProgram) -> None:
    """Save a tag as a page does."""
    with httpx.Client(base_url=program.url, headers={"Referer": program.url}) as client:
        client.get("/datasets/new/")
        answer = client.post(
            f"/api/v1/images/{first_image(program)}/edits",
            headers={"X-CSRFToken": client.cookies["csrftoken"]},
            json={
                "operations": [
                    {"key": "0e7f54e2-58b7-4c43-92cd-2f4b1fd4f6a1", "kind": "add", "tag": "saved before the end"}
                ]
            },
        )
        answer.raise_for_status()


def tags_of_first_image(program: RunningProgram) -> list[str]:
    """What is stored."""
    state = httpx.get(f"{program.url}/api/v1/images/{first_image(program)}/tags").json()
    return [tag["name"] for tag in state["tags"]]


def test_picture_that_wants_too_much_memory_fails_alone(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 20, width=800, height=600)
    images.write(folder, "wide.png", "PNG", width=9000, height=8000, mode="RGBA")
    with RunningProgram(tmp_path / "data", env={"DECODER_MEMORY_BYTES": str(300 * 1024**2)}) as program:
        done = program.manage("import_folder", str(folder), "--dataset", "Survivors", "--wait", "--json")
        facts = json.loads(done.stdout)
        assert facts["ready"] == 20
        assert [item["reason"] for item in facts["refused"]] == ["OUT_OF_MEMORY"]


def readers_of(program: RunningProgram, file_size: int) -> set[int]:
    """The processes that read pictures and have a file of this size open."""
    found = set()
    for pid in decoders(program):
        for handle in Path(f"/proc/{pid}/fd").glob("*"):
            with suppress(OSError):
                if handle.stat().st_size == file_size and handle.resolve().suffix == ".part":
                    found.add(pid)
    return found


def test_picture_that_kills_every_decoder_is_given_up_and_a_hundred_others_come_in(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 100, width=800, height=600)
    # Large enough to be met while it is read.
    poison = images.write(folder, "0050x.png", "PNG", width=6000, height=5000).stat().st_size
    with RunningProgram(tmp_path / "data", "--workers", "2") as program:
        survivors, killed = Import(program, 100), set[int]()
        with importing(program, folder) as command:
            begin = time.monotonic()
            while not command.done() or survivors.progress().get("state") != "DONE":
                end = time.monotonic() + 0.2
                while time.monotonic() < end:
                    for pid in readers_of(program, poison) - killed:
                        os.kill(pid, signal.SIGKILL)
                        killed.add(pid)
                assert time.monotonic() - begin < SECONDS, program.logs()
        facts = survivors.progress()
        assert (facts["ready"], facts["failed"], len(killed)) == (100, 1, 3)
        refused = httpx.get(f"{program.url}/api/v1/imports/1/items?state=FAILED").json()["items"]
        assert [item["name"] for item in refused] == ["0050x.png"]
        assert "three times" in refused[0]["reason"]
