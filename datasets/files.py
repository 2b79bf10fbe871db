"""Files that are there whole or not at all. No Django."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_BLOCK_BYTES = 1024 * 1024
# A sweep knows by it what was left behind by the dead.
TEMPORARY_PREFIX = ".new-"

# Files end where this much is left: the database lies on the same disk, and tags are saved when no picture fits.
RESERVED_BYTES = 16 * 1024 * 1024


def leave_room(folder: Path, size: int, *, reserve: int = RESERVED_BYTES) -> None:
    """Ask whether a file of a size fits onto a folder's disk and leaves room for others.

    Raises:
        OSError: as the system says it of a full disk.
    """
    if shutil.disk_usage(folder).free < size + reserve:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, with mode 0700."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def moment_of_disk(folder: Path) -> float:
    """Return what a file would be said to be written at now, which is to be compared with the times of its files.

    A disk of another machine has another clock, and this one's may be hours wrong. A disk that takes no file at all is
    taken to have this one's.
    """
    mark = folder / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        make_folder(folder)
        mark.touch(mode=0o600)
        try:
            # Disks count in hundredths: what was written just before is not to look as young.
            return mark.stat().st_mtime + 0.02
        finally:
            mark.unlink()
    except OSError:
        return time.time()


@contextmanager
def new_file(path: Path, *, lasts: bool) -> Iterator[Path]:
    """Lend a temporary name beside `path` to write to; where that went well, `path` is what was written.

    Args:
        path: the name in the end; its folder is made where it is missing.
        lasts: wait for the disk, so that a power cut afterwards takes nothing away.

    Raises:
        OSError: the disk is full or refuses; then nothing is left under the temporary name.
    """
    make_folder(path.parent)
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        yield temporary
        if lasts:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        # Also after success: renaming one name of a file onto another name of it does nothing and leaves both.
        temporary.unlink(missing_ok=True)
    if lasts:
        _sync_folder(path.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, also after a power cut.

    Raises:
        OSError: the disk is full or refuses; then nothing is left under either name.
    """
    make_folder(path.parent)
    leave_room(path.parent, len(content))
    with new_file(path, lasts=True) as temporary, _create(temporary) as file:
        file.write(content)


def gather(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a file block by block.

    For what can be made again: nothing waits for the disk, so a power cut may leave it empty.

    Raises:
        OSError: the disk is full or refuses; then nothing is left under either name, nor where the blocks fail.
    """
    with new_file(path, lasts=False) as temporary, _create(temporary) as file:
        for block in blocks:
            leave_room(path.parent, len(block))
            file.write(block)


def copy_whole(source: Path, path: Path) -> None:
    """Copy a file, never link it; nothing waits for the disk.

    Raises:
        OSError: as of `gather`, or the source cannot be read.
    """
    make_folder(path.parent)
    leave_room(path.parent, source.stat().st_size)
    with new_file(path, lasts=False) as temporary, _create(temporary) as file, source.open("rb") as read:
        shutil.copyfileobj(read, file, _BLOCK_BYTES)


def keep_whole(source: Path, path: Path, *, lasts: bool = True) -> None:
    """Give `source` a second name, so that it is there whole or not at all.

    `source` stays. Both lie on one file system, so this copies nothing; where the file system knows no links, it does
    copy.

    Args:
        source: the file.
        path: its second name.
        lasts: wait for the disk.

    Raises:
        FileNotFoundError: there is no such source.
        OSError: the disk is full or refuses; then nothing is left under the new name.
    """
    with new_file(path, lasts=lasts) as temporary:
        # A link is as old as its bytes, and a sweep takes old temporary files for those of the dead.
        os.utime(source)
        try:
            temporary.hardlink_to(source)
        except FileNotFoundError:
            raise
        except OSError:
            leave_room(path.parent, source.stat().st_size)
            with _create(temporary) as file, source.open("rb") as read:
                shutil.copyfileobj(read, file, _BLOCK_BYTES)


def _create(temporary: Path) -> BinaryIO:
    return os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def new_sum() -> hashlib._Hash:
    """Begin a SHA-256."""
    return hashlib.sha256()


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in lower-case hexadecimal, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
