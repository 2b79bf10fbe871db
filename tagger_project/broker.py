"""One broker address in, the four spellings that Celery, Channels, the cache and redis-py want out. No Django."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

CELERY_DB = 0
CHANNELS_DB = 1
CACHE_DB = 2

# The kernel holds a socket's path in 108 bytes, the closing NUL included.
_LONGEST_SOCKET_PATH = 100


def private_socket_path(data_dir: Path) -> Path:
    """Where the bundled broker of this data folder listens.

    Every process on the machine works out the same path from the same data folder. It lies in the data folder where
    the kernel and the URL syntax allow that, else in a folder of this user's below the system's temporary folder.

    Args:
        data_dir: the data folder, absolute.
    """
    path = data_dir / "run" / "broker.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH and re.fullmatch(r"[A-Za-z0-9/_.-]+", str(path)):
        return path
    mark = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"dataset-tagger-{os.getuid()}-{mark}" / "broker.sock"


def broker_url(redis_url: str, data_dir: Path) -> str:
    """The broker's address: the one given, else the bundled broker's socket."""
    return redis_url or f"unix://{private_socket_path(data_dir)}"


def redis_py_url(url: str, database: int) -> str:
    """The address as redis-py, channels-redis and Django's cache spell it, with a database number.

    A number in the given address is the first of three used: `redis://host/3` means 3, 4 and 5.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={database}"  # urlunsplit would drop the empty host and its slashes
    first = int(parts.path.strip("/") or 0)
    return urlunsplit(parts._replace(path=f"/{first + database}"))


def celery_url(url: str) -> str:
    """The address as Celery's transport spells it: a unix socket is `redis+socket://`."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={CELERY_DB}"
    return redis_py_url(url, CELERY_DB)
