"""Disks that refuse, as the system itself refuses."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
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
