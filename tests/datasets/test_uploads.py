"""Files are announced, then sent chunk by chunk; whatever is wrong with one stops no other."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from datasets.models import Dataset, ImportItem, ImportJob
from datasets.queries.refusals import explain
from datasets.services import uploads
from datasets.services.uploads import CHUNK_BYTES, AnnouncedFile
from tagger_project.env import BASE_DIR
from tests import uploading
from tests.disks import disk_full_after

NAMES = BASE_DIR.parent / "shared" / "tools" / "names.jsonl"
State = ImportItem.State


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return uploading.start(dataset)


def announced(job: ImportJob, *files: tuple[str, int]) -> list[ImportItem]:
    return uploads.announce_files(job, [AnnouncedFile(name, "", size) for name, size in files])


# --- Announcing ------------------------------------------------------------------------------------


def test_files_keep_the_persons_order(job: ImportJob) -> None:
    first = announced(job, ("b.jpg", 1), ("a.jpg", 1))
    second = announced(job, ("c.jpg", 1))
    positions = [item.position for item in [*first, *second]]
    assert positions == sorted(positions)
    assert len(set(positions)) == 3


def test_two_imports_of_one_dataset_never_share_a_position(job: ImportJob) -> None:
    other = uploading.start(job.dataset)
    items = [*announced(job, ("a.jpg", 1)), *announced(other, ("a.jpg", 1)), *announced(job, ("b.jpg", 1))]
    assert len({item.position for item in items}) == 3


def test_an_empty_file_is_refused_at_the_door_and_its_neighbours_are_not(job: ImportJob) -> None:
    before, empty, after = announced(job, ("a.jpg", 1), ("empty.jpg", 0), ("b.jpg", 1))
    assert (before.state, empty.state, after.state) == (State.WAITING, State.FAILED, State.WAITING)
    assert "0 bytes" in explain(empty)
    assert empty.finished_at is not None


@pytest.mark.parametrize("size", [-1, -(10**30)])
def test_a_size_below_nothing_is_refused_as_empty(job: ImportJob, size: int) -> None:
    (item,) = announced(job, ("a.jpg", size))
    assert item.reason == "EMPTY"


def test_the_byte_limit_itself_is_taken_and_one_byte_more_is_not(job: ImportJob, settings: Settings) -> None:
    settings.MAX_FILE_BYTES = 5_000_000
    fits, large = announced(job, ("fits.jpg", 5_000_000), ("large.jpg", 5_000_001))
    assert fits.state == State.WAITING
    assert large.state == State.FAILED
    assert "larger than 5" in explain(large)
    assert "MAX_FILE_BYTES" in explain(large)


def test_a_size_that_no_column_holds_is_refused_like_any_other(job: ImportJob) -> None:
    (item,) = announced(job, ("a.jpg", 10**30))
    assert item.reason == "FILE_TOO_LARGE"


def test_a_text_beside_an_image_has_a_limit_of_its_own(job: ImportJob) -> None:
    fits, long = announced(job, ("a.txt", 64_000), ("b.txt", 64_001))
    assert (fits.kind, fits.state) == (ImportItem.Kind.SIDECAR, State.WAITING)
    assert long.reason == "TEXT_TOO_LONG"
    assert "64" in explain(long)


def test_more_files_than_a_call_takes_are_refused_together(job: ImportJob) -> None:
    with pytest.raises(uploads.TooManyFiles, match="1000"):
        announced(job, *[("a.jpg", 1)] * 1001)
    assert not job.items.exists()


def test_announcing_opens_a_sealed_import_again(job: ImportJob) -> None:
    assert uploading.finish(job).finished_at is not None
    announced(job, ("late.jpg", 1))
    job.refresh_from_db()
    assert (job.sealed_at, job.finished_at) == (None, None)


# --- Names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../secret.jpg", "secret.jpg"),
        ("..\\secret.jpg", "secret.jpg"),
        ("😀" * 62 + "abc.jpg", "😀" * 62 + "abc.jpg"),
        ("\u202egpj.exe.jpg", "\u202egpj.exe.jpg"),
        ("קובץ.jpg", "קובץ.jpg"),
        ("<img src=x onerror=alert(1)>.jpg", "<img src=x onerror=alert(1)>.jpg"),
        ("a\x00b.jpg", "a\ufffdb.jpg"),
        ("half\ud800.jpg", "half?.jpg"),
        ("$(touch x).jpg", "$(touch x).jpg"),
        ("line\nbreak.jpg", "line\nbreak.jpg"),
    ],
)
def test_a_name_is_data_and_comes_back_as_it_was(job: ImportJob, data_dir: Path, name: str, stored: str) -> None:
    item = uploading.send(job, name, b"xyz")
    assert ImportItem.objects.get(pk=item.pk).name == stored
    assert uploading.stored_files(data_dir) == [Path(f"incoming/{item.pk % 256:02x}/{item.pk}.part")]


def test_a_name_of_255_bytes_is_stored_whole(job: ImportJob) -> None:
    name = "😀" * 62 + "abc.jpg"
    assert len(name.encode()) == 255
    assert uploading.send(job, name, b"x").name == name


@pytest.mark.skipif(not NAMES.is_file(), reason="the list of hostile names is not beside this project")
def test_every_hostile_name_is_stored(job: ImportJob, data_dir: Path) -> None:
    names = [json.loads(line)[0] for line in NAMES.read_text().splitlines()]
    assert len(names) > 50
    items = [uploading.send(job, name, b"x", folder=name) for name in names]
    assert ImportItem.objects.filter(pk__in=[item.pk for item in items], state=State.RECEIVED).count() == len(names)
    assert all(path.parts[0] == "incoming" and path.suffix == ".part" for path in uploading.stored_files(data_dir))


# --- Bytes -----------------------------------------------------------------------------------------


def test_chunks_make_the_file_byte_for_byte(job: ImportJob, data_dir: Path) -> None:
    content = bytes(range(256)) * 40
    item = uploading.announce(job, "a.jpg", len(content))
    for start in range(0, len(content), 4000):
        here = uploads.write_chunk(item, offset=start, content=content[start : start + 4000])
        assert here == min(start + 4000, len(content))
    item.refresh_from_db()
    assert item.state == State.RECEIVED
    assert item.received_at is not None
    assert uploading.part_file(data_dir, item).read_bytes() == content


def test_a_part_is_not_received(job: ImportJob) -> None:
    item = uploading.announce(job, "a.jpg", 10)
    uploads.write_chunk(item, offset=0, content=b"12345")
    item.refresh_from_db()
    assert item.state == State.WAITING


def test_a_file_that_has_all_its_bytes_and_still_waits_is_received_by_an_empty_chunk(
    job: ImportJob, data_dir: Path
) -> None:
    """Its last chunk was stored, and whoever stored it died before saying so."""
    item = uploading.announce(job, "a.jpg", 5)
    part = uploading.part_file(data_dir, item)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"12345")
    assert uploads.write_chunk(item, offset=5, content=b"") == 5
    item.refresh_from_db()
    assert item.state == State.RECEIVED


@pytest.mark.parametrize("offset", [0, 3, 6])
def test_a_chunk_at_the_wrong_place_is_told_the_right_one(job: ImportJob, data_dir: Path, offset: int) -> None:
    item = uploading.announce(job, "a.jpg", 10)
    uploads.write_chunk(item, offset=0, content=b"12345")
    with pytest.raises(uploads.WrongOffset) as caught:
        uploads.write_chunk(item, offset=offset, content=b"abc")
    assert caught.value.received == 5
    assert uploading.part_file(data_dir, item).read_bytes() == b"12345"


def test_more_bytes_than_announced_are_refused(job: ImportJob, data_dir: Path) -> None:
    item = uploading.announce(job, "a.jpg", 4)
    with pytest.raises(uploads.ChunkTooLarge, match=r"a\.jpg"):
        uploads.write_chunk(item, offset=0, content=b"12345")
    assert uploading.stored_files(data_dir) == []


def test_a_chunk_larger_than_four_mebibytes_is_refused(job: ImportJob, data_dir: Path) -> None:
    item = uploading.announce(job, "a.jpg", CHUNK_BYTES * 2)
    with pytest.raises(uploads.ChunkTooLarge):
        uploads.write_chunk(item, offset=0, content=bytes(CHUNK_BYTES + 1))
    assert uploading.stored_files(data_dir) == []


@pytest.mark.parametrize("content", [b"x", b""])
def test_a_file_that_has_arrived_takes_no_more(job: ImportJob, content: bytes) -> None:
    item = uploading.send(job, "a.jpg", b"123")
    with pytest.raises(uploads.NotWaiting, match=r"a\.jpg"):
        uploads.write_chunk(item, offset=3, content=content)


def test_a_refused_file_takes_no_bytes(job: ImportJob, data_dir: Path) -> None:
    item = uploading.announce(job, "empty.jpg", 0)
    with pytest.raises(uploads.NotWaiting):
        uploads.write_chunk(item, offset=0, content=b"")
    assert uploading.stored_files(data_dir) == []


def test_of_many_senders_of_one_chunk_exactly_one_is_taken(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fstat = os.fstat

    def stat_slowly(handle: int) -> os.stat_result:
        found = fstat(handle)
        time.sleep(0.03)  # room for another sender between looking and writing
        return found

    monkeypatch.setattr(os, "fstat", stat_slowly)
    # A row of no database: only the part file decides, and no thread may need a connection.
    item = ImportItem(pk=7, name="a.jpg", byte_size=10_000_000, state=State.WAITING)
    contents = [bytes([number]) * 500_000 for number in range(8)]

    def send(content: bytes) -> int:
        try:
            return uploads.write_chunk(item, offset=0, content=content)
        except uploads.WrongOffset as wrong:
            return -wrong.received

    with ThreadPoolExecutor(8) as threads:
        outcomes = sorted(threads.map(send, contents))
    assert outcomes == [-500_000] * 7 + [500_000]
    assert uploading.part_file(data_dir, item).read_bytes() in contents


def test_a_disk_that_fills_up_in_a_chunk_leaves_what_was_there_and_it_goes_on(job: ImportJob, data_dir: Path) -> None:
    item = uploading.announce(job, "a.jpg", 10)
    uploads.write_chunk(item, offset=0, content=b"12345")
    with disk_full_after(2), pytest.raises(uploads.DiskFull, match="disk is full"):
        uploads.write_chunk(item, offset=5, content=b"67890")
    assert uploading.part_file(data_dir, item).read_bytes() == b"12345"
    uploads.write_chunk(item, offset=5, content=b"67890")
    item.refresh_from_db()
    assert item.state == State.RECEIVED
    assert uploading.part_file(data_dir, item).read_bytes() == b"1234567890"


# --- The end ---------------------------------------------------------------------------------------


def test_an_import_is_done_when_it_is_sealed_and_every_file_has_its_end(job: ImportJob) -> None:
    item = uploading.announce(job, "a.jpg", 3)
    assert uploading.finish(job).finished_at is None
    ImportItem.objects.filter(pk=item.pk).update(state=State.FAILED)
    assert uploads.finish_if_complete(job.pk)
    job.refresh_from_db()
    assert job.finished_at is not None
    assert not uploads.finish_if_complete(job.pk)


def test_an_import_that_is_not_sealed_is_never_done(job: ImportJob) -> None:
    uploading.announce(job, "empty.jpg", 0)
    assert not uploads.finish_if_complete(job.pk)


def test_sealing_again_keeps_the_first_moment(job: ImportJob) -> None:
    uploading.announce(job, "a.jpg", 3)
    first = uploading.finish(job).sealed_at
    assert uploading.finish(job).sealed_at == first
