"""Who needs a stored picture: its files lie once under their checksum, however many datasets hold it.

The count of its needs is the number of `Image` rows with its checksum, the trash included, and of `KeptPicture` rows:
what versions keep. No number is stored that could drift from them.

An import stores the files first and makes the row afterwards; a freeing between the two would leave a row without
files. So both take the picture's lock, and each looks again under it: the freeing for rows, the import for files. The
order of locks is the dataset's row first, the picture's lock second; a freeing takes the second alone.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from datasets import paths, remote
from datasets.files import moment_of_disk
from datasets.models import Image, KeptPicture
from datasets.services.pinning import removing
from tagger_project.bucket import BucketAway, BucketRefuses

logger = logging.getLogger(__name__)

# An import makes the row within seconds after the files; an hour leaves room for the slowest disk and clock.
GRACE = timedelta(hours=1)
# The first two signs of a checksum name its folder.
SHARDS = 256


class BlobGone(Exception):
    """The files of a picture were freed between their storing and its row: store them again."""


def lock_blob(sha256: str) -> None:
    """Hold a picture's files until the transaction ends: nobody frees them meanwhile.

    To be called inside a transaction, after `touch_dataset`. SQLite's transactions that write come one after the
    other (they are `IMMEDIATE`), so there is nothing to take.
    """
    if connection.vendor == "postgresql":
        number = int(sha256[:16], 16)
        signed = number - 2**64 if number >= 2**63 else number
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [signed])


def assert_stored(sha256: str, image_format: str) -> None:
    """Check that a picture's three files are all there. To be called inside a transaction, after `lock_blob`.

    Raises:
        BlobGone: one of them is not.
    """
    # With a bucket too: who stored them just now did so here as well. And nobody may still be freeing them there.
    if not all(path.is_file() for path in _files(sha256, image_format)) or remote.is_marked(sha256):
        raise BlobGone(sha256)


def _files(sha256: str, image_format: str) -> list[Path]:
    root = settings.DATA_DIR
    return [
        paths.original_path(root, sha256, image_format),
        paths.thumbnail_path(root, sha256),
        paths.preview_path(root, sha256),
    ]


@dataclass(frozen=True)
class Freed:
    """What a freeing did.

    Attributes:
        pictures: how many nobody needed; `bytes` is what their files took.
        next_shard: where to go on, `None` at the end.
    """

    pictures: int
    bytes: int
    next_shard: int | None = None


def free_unneeded_blobs(*, older_than: timedelta = GRACE, first_shard: int = 0, seconds: float | None = None) -> Freed:
    """Remove the files of pictures that no row needs, folder by folder.

    Args:
        older_than: younger files stay: an import may be about to make their row.
        first_shard: the folder to start with, of 256.
        seconds: stop after so long; the answer says where to go on.
    """
    end = math.inf if seconds is None else time.monotonic() + seconds
    before = moment_of_disk(settings.DATA_DIR / "incoming") - older_than.total_seconds()
    pictures = size = 0
    bucket = _InBucket(older_than, first_shard)
    for shard in range(first_shard, SHARDS):
        bucket.look_at(shard)
        for sha256, files in _unneeded(shard, before, bucket.found):
            with removing() as may_remove:
                if not may_remove:
                    logger.info("A backup is being made: what nothing needs is freed afterwards.")
                    return Freed(pictures, size)
                freed = _free(sha256, files, before)
                freed += bucket.drop(sha256)
            pictures, size = pictures + (freed > 0), size + freed
            if time.monotonic() > end:
                return Freed(pictures, size, next_shard=shard)
        if time.monotonic() > end and shard + 1 < SHARDS:
            return Freed(pictures, size, next_shard=shard + 1)
    if pictures:
        logger.info("Freed %d pictures that nothing needs, %d bytes.", pictures, size)
    return Freed(pictures, size)


class _InBucket:
    """The bucket's part in a freeing; where there is none, or it is away, nothing: the next sweep looks again.

    Attributes:
        found: originals of the folder that is looked at, old enough, with their sizes.
    """

    def __init__(self, older_than: timedelta, first_shard: int) -> None:
        self.found: dict[Path, int] = {}
        self._older_than = older_than.total_seconds()
        self._is_there = remote.is_set()
        # By its original a picture is found: it is stored there first, and goes with the others.
        self._listing = remote.Listing(["originals"], first=first_shard)
        # What another installation stored must never be taken for what nothing needs.
        self._try(remote.claim_place)

    def look_at(self, shard: int) -> None:
        """List a folder, and free what an earlier sweep could not."""
        self.found = {}
        for sha256 in remote.marked(shard):
            self._try(partial(remote.drop_marked, sha256))
        self._try(lambda: self._list(shard))

    def drop(self, sha256: str) -> int:
        """Free a picture there that was freed here, unless it was not; returns the bytes of its original."""
        if not remote.is_marked(sha256):
            return 0
        self._try(partial(remote.drop_marked, sha256))
        return sum(size for path, size in self.found.items() if path.stem == sha256 and not path.exists())

    def _list(self, shard: int) -> None:
        there = self._listing.turn_to(shard)
        self.found = {path: each.size for path, each in there.items() if each.age >= self._older_than}

    def _try(self, ask: Callable[[], object]) -> None:
        if not self._is_there:
            return
        try:
            ask()
        except BucketAway as error:
            self._is_there = False
            # That it does not answer is told once by whoever asks it.
            if isinstance(error, BucketRefuses):
                logger.warning("%s Nothing is freed there.", error.strerror)


def stored_files(shard: int) -> dict[str, list[Path]]:
    """Return the files of one folder of 256 under their checksum: originals, thumbnails and previews."""
    found: dict[str, list[Path]] = {}
    for kind in paths.KINDS:
        folder = settings.DATA_DIR / "blobs" / kind / f"{shard:02x}"
        try:
            names = [entry.name for entry in os.scandir(folder)]
        except FileNotFoundError:
            continue
        for name in names:
            sha256 = name.partition(".")[0]
            if paths.is_checksum(sha256) and sha256.startswith(f"{shard:02x}"):
                found.setdefault(sha256, []).append(folder / name)
    return found


def needed_checksums(shard: int) -> set[str]:
    """Return the checksums of one folder of 256 that an image, in the trash or not, or a kept picture refers to."""
    first = f"{shard:02x}"
    is_here = Q(sha256__gte=first, sha256__lte=first.ljust(64, "f"))
    images = Image.everything.filter(is_here).values_list("sha256", flat=True)
    kept = KeptPicture.objects.filter(is_here).values_list("sha256", flat=True)
    return {*images.iterator(), *kept.iterator()}


def newest_change(files: list[Path]) -> float:
    """Return when the youngest of some files came to its place; 0 where none is left.

    A file that was linked here keeps the time it was written, so its own change of state counts too.
    """
    newest = 0.0
    for path in files:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        newest = max(newest, status.st_mtime, status.st_ctime)
    return newest


def _unneeded(shard: int, before: float, in_bucket: Iterable[Path]) -> Iterator[tuple[str, list[Path]]]:
    stored = stored_files(shard)
    for path in in_bucket:
        files = stored.setdefault(path.stem, [])
        if path not in files:
            files.append(path)
    if not stored:
        return
    needed = needed_checksums(shard)
    for sha256, files in stored.items():
        if sha256 not in needed and newest_change(files) < before:
            yield sha256, files


@transaction.atomic
def _free(sha256: str, files: list[Path], before: float) -> int:
    """Remove a picture's files unless somebody came to need it; returns the bytes."""
    lock_blob(sha256)
    # Looked at again under the lock: since the list was made, an import may have made a row, or the files anew.
    if _is_needed(sha256) or newest_change(files) >= before:
        return 0
    root = settings.DATA_DIR
    remote.mark_dropped(sha256, {*files, paths.thumbnail_path(root, sha256), paths.preview_path(root, sha256)})
    size = 0
    for path in files:
        try:
            size += path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError:
            logger.warning("%s could not be removed.", path, exc_info=True)
    return size


def _is_needed(sha256: str) -> bool:
    # Images first: who makes one from a kept picture lets the kept one go afterwards, never before.
    return Image.everything.filter(sha256=sha256).exists() or KeptPicture.objects.filter(sha256=sha256).exists()
