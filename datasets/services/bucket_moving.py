"""Move the stored pictures between the data folder and a bucket; each file by itself, so it can be broken off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.conf import settings

from datasets import paths, remote
from datasets.models import Image, KeptPicture
from datasets.services.blobs import SHARDS, stored_files
from tagger_project.bucket import BucketAway

_AT_ONCE = 8
_IN_HAND = 256

Told = Callable[[int], None]


@dataclass
class Moved:
    """What a move did.

    Attributes:
        files: how many are at their new place now.
        bytes: what they take.
        wrong: those that could not be moved, with why.
    """

    files: int = 0
    bytes: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)


def upload_all(told: Told = lambda files: None) -> Moved:
    """Let the bucket have every stored file of the data folder; what it has already is not sent again.

    Raises:
        BucketAway: it does not answer; what was sent stays there, and the next time goes on.
    """
    files = (path for shard in range(SHARDS) for each in stored_files(shard).values() for path in each)
    return _move(files, remote.keep, told)


def download_all(told: Told = lambda files: None) -> Moved:
    """Bring every file that a row needs into the data folder; what is there already is not fetched again.

    Raises:
        BucketAway: it does not answer; what was fetched stays here, and the next time goes on.
    """
    return _move(_needed_files(), lambda path: remote.bring(path), told)


def _needed_files() -> Iterator[Path]:
    root: Path = settings.DATA_DIR
    images = Image.everything.order_by().values_list("sha256", "format")
    rows = images.union(KeptPicture.objects.order_by().values_list("sha256", "format"))
    for sha256, image_format in rows.iterator(chunk_size=2000):
        yield paths.original_path(root, sha256, image_format)
        yield paths.thumbnail_path(root, sha256)
        yield paths.preview_path(root, sha256)


def _move(files: Iterator[Path], step: Callable[[Path], object], told: Told) -> Moved:
    moved = Moved()

    def move(path: Path) -> tuple[Path, int, str]:
        try:
            step(path)
            return path, path.stat().st_size, ""
        except BucketAway:
            raise
        except OSError as error:
            return path, 0, error.strerror or str(error)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while batch := list(islice(files, _IN_HAND)):
            for path, size, why in pool.map(move, batch):
                if why:
                    moved.wrong.append((remote.name_of(path), why))
                else:
                    moved.files, moved.bytes = moved.files + 1, moved.bytes + size
            told(moved.files)
    return moved
