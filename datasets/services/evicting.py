"""Keep the local copies of what the bucket has within their bound: those that nobody used for longest go."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from pathlib import Path

from django.conf import settings

from datasets import paths, remote
from datasets.services.blobs import SHARDS
from tagger_project.bucket import BucketAway

logger = logging.getLogger(__name__)

# What came or was used within this time stays, whatever it takes: an answer may be about to be sent from it, and an
# import may be about to make its row.
_YOUNG_SECONDS = 3600.0
# Down to here, so that not every picture that comes makes another one go.
_SHARE_TO_KEEP = 0.9


def evict_least_used(*, seconds: float, young: float = _YOUNG_SECONDS) -> int:
    """Remove local copies above S3_CACHE_BYTES, as long as there is time; returns how many.

    Only what the bucket has whole goes: it is asked for each. What it lacks stays here, whatever the bound says.

    Args:
        seconds: stop after so long; the next time goes on.
        young: what was used within so many seconds stays.
    """
    bucket = settings.BUCKET
    if bucket is None or not bucket.cache_bytes:
        return 0
    copies, total = _copies()
    if total <= bucket.cache_bytes:
        return 0
    end, before = time.monotonic() + seconds, time.time() - young
    evicted = 0
    for used, size, path in sorted(copies):
        if used > before or total <= bucket.cache_bytes * _SHARE_TO_KEEP or time.monotonic() > end:
            break
        try:
            if not remote.holds(Path(path), _sum_unnoticed(path)) or _last_use(Path(path).stat()) != used:
                continue
            Path(path).unlink()
        except BucketAway:
            break
        except OSError:
            continue  # freed meanwhile
        evicted, total = evicted + 1, total - size
    logger.info("Removed %d local copies; the bucket has them.", evicted)
    return evicted


def _sum_unnoticed(path: str) -> str:
    """Sum up a file without being taken for somebody who uses it."""

    def opened(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NOATIME", 0))

    with open(path, "rb", opener=opened) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copies() -> tuple[list[tuple[float, int, str]], int]:
    found: list[tuple[float, int, str]] = []
    for kind in paths.KINDS:
        for shard in range(SHARDS):
            try:
                entries = list(os.scandir(settings.DATA_DIR / "blobs" / kind / f"{shard:02x}"))
            except FileNotFoundError:
                continue
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if paths.is_checksum(entry.name.partition(".")[0]):
                    found.append((_last_use(status), status.st_size, entry.path))
    return found, sum(size for _used, size, _path in found)


def _last_use(status: os.stat_result) -> float:
    # A disk may note no reading; `remote.bring` does then, which changes the file's state.
    return max(status.st_atime, status.st_ctime)
