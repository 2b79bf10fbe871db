"""Hold every stored file where it is while a backup reads.

A backup takes the rows first and the files that they name afterwards: nothing that a row of that moment needs may be
removed in between. So whoever removes files that rows named asks here. A lock of the system says it, which ends with
its process: a backup that was killed holds nothing up. What is not removed meanwhile, the next hourly sweep finds.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings

from datasets.files import make_folder

# A removal holds the lock for the moment of some files.
_SECONDS = 20.0


class AlreadyPinned(Exception):
    """Another backup reads this data folder at this moment."""


@contextmanager
def pinned() -> Iterator[None]:
    """Let nothing be removed until the end of the block, after waiting for the removals that are going on.

    Raises:
        AlreadyPinned: somebody else does the same.
    """
    make_folder(_path().parent)
    with _path().open("a", encoding="ascii") as file:
        end = time.monotonic() + _SECONDS
        while not _taken(file, fcntl.LOCK_EX):
            if time.monotonic() > end:
                raise AlreadyPinned
            time.sleep(0.05)
        yield


@contextmanager
def removing() -> Iterator[bool]:
    """Say whether files may be removed; if so, no backup begins before the end of the block."""
    try:
        file = _path().open(encoding="ascii")
    except FileNotFoundError:
        # No backup was ever made. One that begins now sees rows that name these files no more.
        yield True
        return
    with file:
        yield _taken(file, fcntl.LOCK_SH)


def remove_unless_pinned(path: Path) -> bool:
    """Remove a file that is needed no more; returns whether it was there and is not now."""
    with removing() as may_remove:
        if not may_remove:
            return False
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        return True


def _path() -> Path:
    folder: Path = settings.DATA_DIR
    return folder / "backup.lock"


def _taken(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
