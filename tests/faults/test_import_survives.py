"""Something dies in the middle of an import; nothing is lost and nothing is there twice."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests import images
from tests.program import RunningProgram

pytestmark = pytest.mark.fault

PICTURES = 40
# A dead worker's file is free again after its lease (45 s) and the next sweep (10 s).
SECONDS = 90


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures that take a moment each."""
    folder = tmp_path / "pictures"
    for number in range(PICTURES):
        images.write(folder, f"{number:03d}.jpg", width=2400, height=1600, seed=number)
    return folder


def progress(program: RunningProgram) -> dict[str, object]:
    """Where the program's only import stands."""
    found: dict[str, object] = httpx.get(f"{program.url}/api/v1/imports/1").json()
    return found


def wait_until(program: RunningProgram, what: str, least: int, *, seconds: float = SECONDS) -> dict[str, object]:
    """Wait until a number of the import is reached."""
    end = time.monotonic() + seconds
    while True:
        now = progress(program)
        if int(str(now[what])) >= least:
            return now
        assert time.monotonic() < end, f"{now}\n{program.logs()}"
        time.sleep(0.1)


def wait_until_finished(program: RunningProgram, *, seconds: float = 30) -> None:
    """Wait until the import says that it is done: a moment after its last file, or with the next sweep."""
    end = time.monotonic() + seconds
    while progress(program)["state"] != "DONE":
        assert time.monotonic() < end, program.logs()
        time.sleep(0.1)


def assert_all_there_once(program: RunningProgram) -> None:
    """Every picture is an image, in order, and no half file is left."""
    page = httpx.get(f"{program.url}/api/v1/datasets/1/images?limit=500").json()
    assert [image["name"] for image in page["images"]] == [f"{number:03d}.jpg" for number in range(PICTURES)]
    stored = [path for path in program.data_dir.glob("blobs/**/*") if path.is_file()]
    assert len(stored) == 3 * PICTURES
    assert not [path for path in program.data_dir.glob("incoming/**/*") if path.is_file()]


def pool_children(program: RunningProgram) -> list[int]:
    """The processes that read pictures: children of the worker that have no children of their own."""
    workers = program.children("celery")
    parents = {pid: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in workers}
    return [pid for pid in workers if parents[pid] in workers and pid not in parents.values()]


def test_killed_worker_processes_lose_no_picture(tmp_path: Path, folder: Path) -> None:
    with RunningProgram(tmp_path / "data") as program:
        program.manage("import_folder", str(folder), "--dataset", "Survivors")
        wait_until(program, "done", 5)
        for pid in pool_children(program):
            os.kill(pid, signal.SIGKILL)
        end = wait_until(program, "done", PICTURES)
        assert (end["ready"], end["failed"], end["duplicates"]) == (PICTURES, 0, 0)
        wait_until_finished(program)
        assert_all_there_once(program)


def test_killed_program_goes_on_where_it_was(tmp_path: Path, folder: Path) -> None:
    with RunningProgram(tmp_path / "data") as program:
        program.manage("import_folder", str(folder), "--dataset", "Survivors")
        wait_until(program, "ready", 5)
        tag_first_image(program)
        for pid in program.processes():
            os.kill(pid, signal.SIGKILL)
        program.wait()
        with RunningProgram(tmp_path / "data") as again:
            end = wait_until(again, "done", PICTURES)
            assert (end["ready"], end["failed"]) == (PICTURES, 0)
            wait_until_finished(again)
            assert_all_there_once(again)
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


def test_poison_is_given_up_and_the_others_go_on(tmp_path: Path, folder: Path) -> None:
    """A picture that wants more memory than there is fails alone."""
    images.write(folder, "wide.png", "PNG", width=9000, height=8000, mode="RGBA")
    with RunningProgram(tmp_path / "data", env={"DECODER_MEMORY_BYTES": str(300 * 1024**2)}) as program:
        done = program.manage("import_folder", str(folder), "--dataset", "Survivors", "--wait", "--json")
        facts = json.loads(done.stdout)
        assert facts["ready"] == PICTURES
        assert [item["reason"] for item in facts["refused"]] == ["OUT_OF_MEMORY"]
