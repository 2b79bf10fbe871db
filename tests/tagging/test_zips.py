"""The zips that exports write: read by Python's own reader, the same each time, and of any size."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagging.services.exports import zips
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
