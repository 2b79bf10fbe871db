"""Tell a full disk from other failures, whoever says so: the system, SQLite or PostgreSQL. No Django."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

_SAYS_THE_SYSTEM = {errno.ENOSPC, errno.EDQUOT}
_SAYS_SQLITE = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
_SAYS_POSTGRESQL = "53100"


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised from, says that there is no room left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _SAYS_THE_SYSTEM:
            return True
        # As the drivers' own errors say it; Django raises its own from them.
        if getattr(error, "sqlite_errorname", None) in _SAYS_SQLITE:
            return True
        if getattr(error, "sqlstate", None) == _SAYS_POSTGRESQL:
            return True
        error = error.__cause__
    return False


@contextmanager
def full_disk_is_told(logger: logging.Logger, sentence: str) -> Iterator[None]:
    """Say in one line that there is no room, where that is what is wrong; every other failure goes on its way."""
    try:
        yield
    except Exception as error:
        if not is_disk_full(error):
            raise
        logger.warning("The disk is full: %s", sentence)
