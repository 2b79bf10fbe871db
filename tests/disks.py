"""Disks that refuse, as the system itself refuses."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import pytest


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let the kernel refuse every write beyond so many bytes of a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def full_disk() -> Iterator[None]:
    """Answer every sync with "no space left", as a file system does that reserves space late."""

    def refuse(handle: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        yield


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """Write so many bytes of the next positioned write, then answer "no space left"."""
    write = os.pwrite
    left = size

    def write_what_fits(handle: int, content: bytes, offset: int) -> int:
        nonlocal left
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(handle, content[:left], offset)
        left -= written
        return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", write_what_fits)
        yield


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own in memory, of so many MiB; skips the test where mounting is refused."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        refused = done.stderr.strip()
    except FileNotFoundError:
        refused = "there is no mount here"
    if refused or not folder.is_mount():
        pytest.skip(f"a small disk cannot be mounted: {refused}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def enlarge(disk: Path, megabytes: int) -> None:
    """Make room on a `small_disk`."""
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(disk)], check=True)


class Ballast:
    """A file that lies on a disk and keeps others out, as somebody else's may."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ballast"

    def leave(self, free: int) -> None:
        """Fill the disk up to so many bytes."""
        with self.path.open("ab", buffering=0) as file, suppress(OSError):
            while (more := shutil.disk_usage(self.path).free - free) > 0:
                file.write(bytes(min(more, 1024 * 1024)))

    def remove(self) -> None:
        """Make room."""
        self.path.unlink()
