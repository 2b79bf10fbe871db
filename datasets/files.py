"""Files that are there whole or not at all. No Django."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

_BLOCK_BYTES = 1024 * 1024


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


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, sync it, and rename it into place.

    Raises:
        OSError: the disk is full or refuses; then nothing is left under either name.
    """
    make_folder(path.parent)
    leave_room(path.parent, len(content))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def gather(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a file block by block under a temporary name and rename it into place.

    For what can be made again: nothing waits for the disk, so a power cut may leave it empty.

    Raises:
        OSError: the disk is full or refuses; then nothing is left under either name, nor where the blocks fail.
    """
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            for block in blocks:
                leave_room(path.parent, len(block))
                file.write(block)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def keep_whole(source: Path, path: Path) -> None:
    """Give `source` a second, lasting name, so that it is there whole or not at all.

    `source` stays: it is removed once the database knows the new name. Both lie on one file system, so this copies
    nothing; where the file system knows no links, it does copy.

    Raises:
        OSError: the disk is full or refuses; then nothing is left under the new name.
    """
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.unlink()
        # A link is as old as its bytes, and a sweep takes old temporary files for those of the dead.
        os.utime(source)
        try:
            temporary.hardlink_to(source)
        except OSError:
            leave_room(path.parent, source.stat().st_size)
            shutil.copyfile(source, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    # Renaming one name of a file onto another name of the same file does nothing and leaves both.
    temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in lower-case hexadecimal, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
