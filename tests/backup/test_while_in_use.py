"""A backup of the running program: no row without its files, whatever comes and goes meanwhile."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from datasets.models import Dataset
from datasets.services.blobs import free_unneeded_blobs
from datasets.services.pinning import AlreadyPinned, pinned
from datasets.services.trash import empty_trash, move_to_trash
from tests import images, uploading
from tests.backup.installations import Installation
from tests.person import Person
from tests.program import RunningProgram
from tests.survival import write_pictures

PICTURES = 60


def keep_tagging(program: RunningProgram, over: threading.Event) -> int:
    """Tag and delete until it is over; returns how many tags were saved."""
    person = Person(program)
    while not over.is_set():
        found = person.get("/api/v1/datasets/1/images?limit=500").json()["images"]
        for image in found[:3]:
            with suppress(httpx.HTTPStatusError):
                person.tag(int(image["id"]))
        if len(found) > 10:
            gone = [int(found[-1]["id"])]
            person.post("/datasets/1/trash", {"images": gone})
            person.post("/datasets/1/trash/empty", {"images": gone})
        time.sleep(0.02)
    return len(person.saved)


@pytest.mark.flow
def test_a_backup_during_import_and_tagging_is_whole_on_another_machine_and_database(
    tmp_path: Path, empty_postgres: str
) -> None:
    folder = write_pictures(tmp_path / "pictures", PICTURES, width=800, height=600)
    over = threading.Event()
    with RunningProgram(tmp_path / "data") as program, ThreadPoolExecutor(2) as pool:
        program.manage("import_folder", str(folder), "--dataset", "Busy")
        tagging = pool.submit(keep_tagging, program, over)
        for name in ("first", "first", "second"):
            done = program.manage("backup", str(tmp_path / name))
            assert "Backed up" in done.stdout
        over.set()
        assert tagging.result() > 0
    there = Installation(tmp_path / "there", empty_postgres)
    assert "is whole" in there.must("verify_backup", tmp_path / "first")
    there.must("restore", tmp_path / "first")
    assert "everything is there and whole" in there.must("verify", "--grace", "0")
    again = Installation(tmp_path / "again")
    again.must("restore", tmp_path / "second")
    assert "everything is there and whole" in again.must("verify", "--grace", "0")
    with RunningProgram(tmp_path / "again") as program:
        person, end = Person(program), time.monotonic() + 60
        while (now := person.progress(1))["state"] != "DONE":
            assert time.monotonic() < end, now
            time.sleep(0.2)
        assert (now["ready"], now["failed"]) == (PICTURES, 0), "what had been received is read there"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_freed_while_a_backup_reads(
    dataset: Dataset, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = uploading.bring(uploading.start(dataset), "a.jpg", images.encoded())
    assert item.image is not None
    files = sorted(data_dir.glob("blobs/*/*/*"))
    assert len(files) == 3
    with pinned():
        move_to_trash(dataset, [item.image.pk], by=None)
        empty_trash(dataset, None, by=None)
        assert free_unneeded_blobs(older_than=timedelta(0)).pictures == 0
        monkeypatch.setattr("datasets.services.pinning._SECONDS", 0.1)
        with pytest.raises(AlreadyPinned):
            pinned().__enter__()
        later = uploading.bring(uploading.start(dataset), "b.jpg", images.encoded(seed=2))
        assert uploading.part_file(data_dir, later).is_file(), "an import’s bytes stay too"
    assert free_unneeded_blobs(older_than=timedelta(0)).pictures == 1
    assert not [path for path in files if path.exists()]
