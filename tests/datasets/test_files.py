"""Files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest

from datasets.files import keep_whole, leave_room, sha256_of, write_whole
from tests.disks import files_end_at, full_disk

CONTENT = bytes(range(256)) * 4096  # 1 MiB


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_written_is_there_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "picture.bin"
    write_whole(path, CONTENT)
    assert path.read_bytes() == CONTENT
    assert names_in(path.parent) == ["picture.bin"]


def test_new_folders_and_files_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "picture.bin"
    write_whole(path, b"x")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_writing_again_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "picture.bin"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert names_in(tmp_path) == ["picture.bin"]


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    with files_end_at(4096), pytest.raises(OSError, match="File too large"):
        write_whole(tmp_path / "picture.bin", CONTENT)
    assert names_in(tmp_path) == []


def test_a_sync_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "picture.bin"
    write_whole(path, b"old")
    with full_disk(), pytest.raises(OSError, match="No space left"):
        write_whole(path, CONTENT)
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["picture.bin"]


def test_files_end_where_the_room_that_is_kept_for_the_database_begins(tmp_path: Path) -> None:
    leave_room(tmp_path, len(CONTENT))
    with pytest.raises(OSError, match="No space left"):
        leave_room(tmp_path, 1, reserve=shutil.disk_usage(tmp_path).total)


def test_a_kept_file_has_both_names_and_one_copy(tmp_path: Path) -> None:
    source, path = tmp_path / "in.part", tmp_path / "kept" / "picture.bin"
    source.write_bytes(CONTENT)
    keep_whole(source, path)
    assert path.read_bytes() == CONTENT
    assert path.samefile(source)
    assert names_in(path.parent) == ["picture.bin"]


def test_keeping_the_same_file_twice_leaves_no_third_name(tmp_path: Path) -> None:
    source, path = tmp_path / "in.part", tmp_path / "kept" / "picture.bin"
    source.write_bytes(CONTENT)
    keep_whole(source, path)
    keep_whole(source, path)
    assert names_in(path.parent) == ["picture.bin"]
    assert source.stat().st_nlink == 2


def test_a_link_to_old_bytes_is_no_old_file(tmp_path: Path) -> None:
    """A sweep that came between the link and its renaming would take it for one that a death left behind."""
    source, path = tmp_path / "1.part", tmp_path / "kept" / "picture.bin"
    source.write_bytes(CONTENT)
    os.utime(source, (0, 0))
    keep_whole(source, path)
    assert time.time() - path.stat().st_mtime < 60


def test_without_links_the_file_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    source, path = tmp_path / "in.part", tmp_path / "kept" / "picture.bin"
    source.write_bytes(CONTENT)
    monkeypatch.setattr(os, "link", refuse)
    keep_whole(source, path)
    assert path.read_bytes() == CONTENT
    assert not path.samefile(source)


def test_a_copy_that_fails_half_way_leaves_nothing_but_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    source, path = tmp_path / "in.part", tmp_path / "kept" / "picture.bin"
    source.write_bytes(CONTENT)
    monkeypatch.setattr(os, "link", refuse)
    with files_end_at(4096), pytest.raises(OSError, match="File too large"):
        keep_whole(source, path)
    assert names_in(path.parent) == []
    assert source.read_bytes() == CONTENT


def test_keeping_what_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        keep_whole(tmp_path / "missing.part", tmp_path / "kept" / "picture.bin")
    assert names_in(tmp_path / "kept") == []


def test_the_checksum_is_the_files(tmp_path: Path) -> None:
    path = tmp_path / "picture.bin"
    path.write_bytes(CONTENT + b"tail")
    assert sha256_of(path) == hashlib.sha256(CONTENT + b"tail").hexdigest()
