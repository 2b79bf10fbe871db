"""Files that are there whole or not at all. No Django."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

_BLOCK_BYTES = 1024 * 1024


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
            file.writelines(blocks)
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
