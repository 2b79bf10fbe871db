"""The zips that exports write: read by Python's own reader, the same each time, and of any size."""

from __future__ import annotations

import hashlib
import io
import random
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tagging.services.exports import summing, zips
from tagging.services.exports.summing import Sum, SumThread
from tagging.services.exports.zips import ContentChanged, Entry, Held, Stored, ZipWriter

FILES = {"a/0001.jpg": b"\xff\xd8" * 5000, "a/0001.txt": b"ohwx", "empty": b"", "ümlaut/写真.txt": "ü".encode()}


def write(files: dict[str, bytes], target: io.BytesIO) -> tuple[int, str | None]:
    """Write them; returns size and SHA-256 as the writer tells them."""
    writer = ZipWriter(target)
    entries = [writer.add(name, Held(content)) for name, content in files.items()]
    writer.finish(entries)
    told = (writer.end, writer.sha256)
    return told


def read(target: io.BytesIO | Path) -> dict[str, bytes]:
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("files", [FILES, {}], ids=["some", "none"])
def test_others_read_what_was_written(files: dict[str, bytes]) -> None:
    target = io.BytesIO()
    told = write(files, target)
    assert read(target) == files
    assert told == (len(target.getvalue()), hashlib.sha256(target.getvalue()).hexdigest())


def test_entries_tell_of_their_content() -> None:
    writer = ZipWriter(io.BytesIO())
    for content in FILES.values():
        entry = writer.add("a", Held(content))
        assert (entry.size, entry.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_more_entries_than_sixteen_bits_count() -> None:
    files = {f"{number:05d}": b"" for number in range(65_600)}
    target = io.BytesIO()
    write(files, target)
    assert read(target) == files


def test_an_archive_of_more_than_four_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    path.touch()
    with path.open("r+b") as file:
        # A file with a hole takes no room.
        writer = ZipWriter(file, end=5 * 2**30)
        writer.finish([writer.add(name, Held(content)) for name, content in FILES.items()])
    assert read(path) == FILES


@pytest.mark.heavy
def test_a_file_of_more_than_four_gigabytes(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**32 + 5)
    path = tmp_path / "large.zip"
    path.touch()
    with path.open("r+b") as file:
        writer = ZipWriter(file)
        writer.finish(
            [writer.add(name, content) for name, content in (("large", Stored(tmp_path / "large")), ("b", Held(b"b")))]
        )
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert [info.file_size for info in archive.infolist()] == [2**32 + 5, 1]


@pytest.mark.parametrize("most", [1, 1000, 10**9])
def test_files_are_read_once_or_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(zips, "_HELD_BYTES", most)
    monkeypatch.setattr(zips, "_BLOCK_BYTES", 700)
    (tmp_path / "file").write_bytes(FILES["a/0001.jpg"])
    target = io.BytesIO()
    writer = ZipWriter(target)
    entry = writer.add("file", Stored(tmp_path / "file"))
    writer.finish([entry])
    assert entry.sha256 == hashlib.sha256(FILES["a/0001.jpg"]).hexdigest()
    assert writer.sha256 == hashlib.sha256(target.getvalue()).hexdigest()
    assert read(target) == {"file": FILES["a/0001.jpg"]}


def test_a_file_that_changes_while_it_is_read_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shrinking:
        size = 5000

        def blocks(self) -> Iterator[bytes]:
            self.size -= 1000
            yield bytes(self.size)

    monkeypatch.setattr(zips, "_HELD_BYTES", 1)
    writer = ZipWriter(io.BytesIO())
    with pytest.raises(ContentChanged):
        writer.add("a", Shrinking())


def test_a_file_that_becomes_another_one_of_its_size_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Turning:
        sign = 0

        def blocks(self) -> Iterator[bytes]:
            self.sign += 1
            yield bytes([self.sign]) * 5000

    monkeypatch.setattr(zips, "_HELD_BYTES", 1)
    writer = ZipWriter(io.BytesIO())
    with pytest.raises(ContentChanged):
        writer.add("a", Turning())


def test_another_writer_goes_on_behind_the_last_entry() -> None:
    whole, target = io.BytesIO(), io.BytesIO()
    write(FILES, whole)
    first = ZipWriter(target)
    entries: list[Entry] = [first.add(name, Held(FILES[name])) for name in list(FILES)[:2]]
    end = first.end
    first.add("half", Held(bytes(99_999)))
    second = ZipWriter(target, end=end)
    entries += [second.add(name, Held(FILES[name])) for name in list(FILES)[2:]]
    second.finish(entries)
    assert second.sha256 is None
    assert target.getvalue() == whole.getvalue()


@pytest.mark.parametrize("program", [["unzip", "-tq"], ["7z", "t"], ["bsdtar", "-tf"]], ids=lambda command: command[0])
def test_other_programs_read_it(tmp_path: Path, program: list[str]) -> None:
    if shutil.which(program[0]) is None:
        pytest.skip(f"There is no {program[0]} here.")
    target = io.BytesIO()
    write(FILES, target)
    (tmp_path / "a.zip").write_bytes(target.getvalue())
    assert subprocess.run([*program, str(tmp_path / "a.zip")], capture_output=True, check=False).returncode == 0


# --- sums -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the computer have so many."""

    def have(count: int) -> None:
        monkeypatch.setattr(summing, "_count_cores", lambda: count)

    have(2)
    return have


def sum_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("sums")]


@pytest.mark.parametrize("count", [1, 2])
def test_sums_are_those_of_all_blocks_in_order_on_one_core_and_on_several(cores: Any, count: int) -> None:
    cores(count)
    chance = random.Random(7)
    sizes = [chance.choice([0, 1, 300, 65_535, 65_536, 200_000]) for _ in range(200)]
    with closing(SumThread()) as thread:
        sums = [(thread.begin(), hashlib.sha256()) for _ in range(3)]
        for size in sizes:
            block, (told, true) = chance.randbytes(size), chance.choice(sums)
            told.add(block)
            true.update(block)
            if chance.random() < 0.1:
                assert told.hexdigest() == true.hexdigest()
        assert [told.hexdigest() for told, _ in sums] == [true.hexdigest() for _, true in sums]
        assert len(sum_threads()) == count - 1
    assert sum_threads() == []


@pytest.mark.usefixtures("cores")
def test_only_some_blocks_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    is_awake, taken = threading.Event(), threading.Semaphore(0)
    take_in = Sum._take_in

    def sleep_and_take_in(self: Sum, blocks: Sequence[bytes]) -> None:
        is_awake.wait(60)
        take_in(self, blocks)

    monkeypatch.setattr(Sum, "_take_in", sleep_and_take_in)
    block, count = bytes(summing._LEAST_BYTES), 3 * summing._MOST_WAITING

    def add_all() -> None:
        with closing(SumThread()) as thread:
            told = thread.begin()
            for _ in range(count):
                told.add(block)
                taken.release()
            assert told.hexdigest() == hashlib.sha256(block * count).hexdigest()
            taken.release()

    adding = threading.Thread(target=add_all)
    adding.start()
    for _ in range(summing._MOST_WAITING):
        assert taken.acquire(timeout=60)
    assert not taken.acquire(timeout=0.2), "the next one waits for the thread"
    is_awake.set()
    adding.join(60)
    assert sum(taken.acquire(blocking=False) for _ in range(count)) == count - summing._MOST_WAITING + 1


@pytest.mark.usefixtures("cores")
def test_what_goes_wrong_in_the_thread_reaches_the_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: Sum, blocks: Sequence[bytes]) -> None:
        if blocks:
            raise MemoryError

    with closing(ZipWriter(io.BytesIO())) as writer:
        monkeypatch.setattr(Sum, "_take_in", fail)
        with pytest.raises(MemoryError):
            writer.add("a", Held(bytes(summing._LEAST_BYTES)))


@pytest.mark.usefixtures("cores")
def test_the_thread_ends_with_a_writer_that_is_stopped_and_leaves_what_waits() -> None:
    def write_until_it_is_stopped() -> None:
        with closing(ZipWriter(io.BytesIO())) as writer:
            writer.add("a", Held(bytes(summing._LEAST_BYTES)))
            assert len(sum_threads()) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_until_it_is_stopped()
    assert sum_threads() == []
