"""Compare what the database says with what the disk holds; changes nothing, and works while imports run.

It goes folder by folder (256 of them, by the first two signs of the checksum), so its memory does not grow with the
datasets. Files are read by several threads; only the main one asks the database. Whatever looks wrong is looked at a
second time before it is told: an import or a freeing may have been in the middle of it.
"""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image as Pillow

from datasets import files, paths, remote
from datasets.files import TEMPORARY_PREFIX
from datasets.models import Image, ImportItem, KeptPicture
from datasets.services.blobs import GRACE, SHARDS
from datasets.services.bucket_looking import BucketLook
from datasets.services.part_files import items_in_need

# How `datasets.files` begins the names of what is not in its place yet.
# A temporary file lives for one write: this many times the grace is a day.
TEMPORARY_PREFIX_GRACES: Final = 24
_PARTS_AT_ONCE: Final = 500
_HEADER_BYTES: Final = 12
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class Kind(StrEnum):
    """What can be wrong."""

    DAMAGED = "DAMAGED"
    WRONG_SIZE = "WRONG_SIZE"
    MISSING_ORIGINAL = "MISSING_ORIGINAL"
    UNREADABLE = "UNREADABLE"
    MISSING_THUMBNAIL = "MISSING_THUMBNAIL"
    DAMAGED_THUMBNAIL = "DAMAGED_THUMBNAIL"
    MISSING_PREVIEW = "MISSING_PREVIEW"
    DAMAGED_PREVIEW = "DAMAGED_PREVIEW"
    ORPHAN = "ORPHAN"
    WRONG_MODE = "WRONG_MODE"
    WRONG_OWNER = "WRONG_OWNER"
    HALF_WRITTEN = "HALF_WRITTEN"
    NOT_IN_BUCKET = "NOT_IN_BUCKET"

    def sentence(self, *, name: str, dataset: str) -> str:
        """Return what it means and what to do."""
        sentences = {
            Kind.DAMAGED: _(
                "The stored original of “%(name)s” in “%(dataset)s” is no longer what was imported. "
                "Restore it from a backup, or delete the image and import it again."
            ),
            Kind.WRONG_SIZE: _(
                "The stored original of “%(name)s” in “%(dataset)s” has another size than what was imported. "
                "Restore it from a backup, or delete the image and import it again."
            ),
            Kind.MISSING_ORIGINAL: _(
                "The stored original of “%(name)s” in “%(dataset)s” is gone. "
                "Restore it from a backup, or delete the image and import it again."
            ),
            Kind.UNREADABLE: _(
                "The stored original of “%(name)s” in “%(dataset)s” cannot be read. Check the disk and who may read it."
            ),
            Kind.MISSING_THUMBNAIL: _("“%(name)s” in “%(dataset)s” has no thumbnail. --repair makes it anew."),
            Kind.DAMAGED_THUMBNAIL: _(
                "The thumbnail of “%(name)s” in “%(dataset)s” is damaged. --repair makes it anew."
            ),
            Kind.MISSING_PREVIEW: _("“%(name)s” in “%(dataset)s” has no preview. --repair makes it anew."),
            Kind.DAMAGED_PREVIEW: _("The preview of “%(name)s” in “%(dataset)s” is damaged. --repair makes it anew."),
            Kind.ORPHAN: _(
                "No image and no version needs this file. The server frees it within the hour; else it may be deleted."
            ),
            Kind.WRONG_MODE: _("Others may read or change this file, or its owner may not. --repair mends that."),
            Kind.WRONG_OWNER: _("This file belongs to another account than the data folder. Give it the same owner."),
            Kind.NOT_IN_BUCKET: _(
                "The bucket has this file of “%(name)s” in “%(dataset)s” not, or not whole; the data folder has. "
                "--repair sends it there."
            ),
            Kind.HALF_WRITTEN: _("This is left of an upload or write that did not end. The server's sweep removes it."),
        }
        return sentences[self] % {"name": name, "dataset": dataset}

    def sentence_of_kept(self, *, name: str, dataset: str) -> str:
        """Return likewise what it means for a picture that only versions have."""
        if self not in {Kind.DAMAGED, Kind.WRONG_SIZE, Kind.MISSING_ORIGINAL}:
            return self.sentence(name=name, dataset=dataset)
        return _(
            "The stored original of “%(name)s”, which versions of “%(dataset)s” keep, is gone or not what was "
            "imported. Restore it from a backup: without it no version can bring this picture back."
        ) % {"name": name, "dataset": dataset}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        path: the file, relative to the data folder.
        dataset_id: of the image or kept picture it concerns; `None` where it concerns none, as all below.
        dataset: its name.
        name: what the image is called.
    """

    kind: Kind
    path: str
    sentence: str
    dataset_id: int | None = None
    dataset: str = ""
    image_id: int | None = None
    name: str = ""
    sha256: str = ""
    format: str = ""


@dataclass
class Tally:
    """What was looked at so far; `unmeasured` images have no measure of their sharpness yet, which is nothing wrong."""

    images: int = 0
    files: int = 0
    bytes: int = 0
    unmeasured: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Row:
    """An image; or a kept picture, whose `id` is `None`."""

    id: int | None
    sha256: str
    format: str
    byte_size: int
    sharpness: float | None
    dataset_id: int
    dataset: str
    name: str


@dataclass(frozen=True)
class _Look:
    """What a picture's three files are like. `size` is -1 for a file that is gone, -2 for one that cannot be read."""

    size: int
    is_true: bool
    thumbnail: str
    preview: str


_GONE, _UNREADABLE = -1, -2
_WHOLE, _MISSING, _BROKEN = "whole", "missing", "broken"


class Verification:
    """One look over everything that is stored."""

    def __init__(
        self, *, grace: timedelta = GRACE, decode: bool = False, threads: int = 0, read_bucket: bool = False
    ) -> None:
        """Remember how to look.

        Args:
            grace: what is younger may be in the middle of something and is not told.
            decode: read thumbnails and previews to their end rather than check their frame.
            threads: that read files; 0 for one a core and one more.
            read_bucket: read what the bucket has to its end rather than compare names and sizes.
        """
        self.root: Path = settings.DATA_DIR
        self.tally = Tally()
        self._grace = grace.total_seconds()
        self._decode = decode
        self._threads = threads or (os.cpu_count() or 1) + 1
        self._bucket = BucketLook(read=read_bucket)
        self._owner = self.root.stat().st_uid

    def findings(self, progress: Callable[[float], None] = lambda share: None) -> Iterator[Finding]:
        """Yield what is wrong, each once; `progress` hears the share that is done, from 0 to 1."""
        with ThreadPoolExecutor(self._threads) as pool:
            for shard in range(SHARDS):
                progress(shard / SHARDS)
                rows = self._rows(shard)
                # After the rows: what a row names was there before it.
                self._bucket.turn_to(shard)
                found = (
                    *self._wrong_rows(rows, pool),
                    *self._wrong_files(shard, rows),
                    *self._in_bucket(shard, rows, pool),
                )
                for finding in found:
                    yield self._counted(finding)
        for finding in self._wrong_parts():
            yield self._counted(finding)
        progress(1.0)

    def _counted(self, finding: Finding) -> Finding:
        self.tally.counts[finding.kind] += 1
        return finding

    # --- Rows and their files ----------------------------------------------------------------------------

    def _rows(self, shard: int, **only: Any) -> list[_Row]:
        first = f"{shard:02x}"
        rows = Image.everything.filter(sha256__gte=first, sha256__lte=first.ljust(64, "f"), **only)
        names = ("pk", "sha256", "format", "byte_size", "sharpness", "dataset_id", "dataset__name", "original_name")
        images = [_Row(*row) for row in rows.order_by("sha256", "pk").values_list(*names).iterator()]
        return images + self._kept(first, {row.sha256 for row in images}, only)

    def _kept(self, first: str, have_image: set[str], only: dict[str, Any]) -> list[_Row]:
        """Return the pictures that versions alone need, each once."""
        rows = KeptPicture.objects.filter(sha256__gte=first, sha256__lte=first.ljust(64, "f"), **only)
        names = ("sha256", "format", "byte_size", "dataset_id", "dataset__name", "original_name")
        kept = {row[0]: row for row in rows.order_by("sha256", "-pk").values_list(*names).iterator()}
        alone = [row for sha256, row in kept.items() if sha256 not in have_image]
        return [
            _Row(None, sha256, image_format, size, None, dataset_id, dataset, name)
            for sha256, image_format, size, dataset_id, dataset, name in alone
        ]

    def _wrong_rows(self, rows: list[_Row], pool: ThreadPoolExecutor) -> Iterator[Finding]:
        pictures = list(dict.fromkeys((row.sha256, row.format) for row in rows))
        looks = dict(zip(pictures, pool.map(self._look_at, pictures), strict=True))
        self.tally.images += sum(row.id is not None for row in rows)
        self.tally.unmeasured += sum(row.sharpness is None for row in rows if row.id is not None)
        self.tally.bytes += sum(max(0, look.size) for look in looks.values())
        for row in rows:
            suspected = _problems(row, looks[row.sha256, row.format])
            if suspected:
                yield from self._confirmed(row, suspected)

    def _confirmed(self, row: _Row, suspected: list[Kind]) -> Iterator[Finding]:
        """Look a second time: the image may have been deleted for ever meanwhile, and its files freed."""
        problems = _problems(row, self._look_at((row.sha256, row.format)))
        if not _is_there(row):
            return
        for kind in suspected:
            if kind in problems:
                yield self._finding_of(row, kind)

    def _finding_of(self, row: _Row, kind: Kind, path: Path | None = None) -> Finding:
        path = path or paths.original_path(self.root, row.sha256, row.format)
        if kind in {Kind.MISSING_THUMBNAIL, Kind.DAMAGED_THUMBNAIL}:
            path = paths.thumbnail_path(self.root, row.sha256)
        elif kind in {Kind.MISSING_PREVIEW, Kind.DAMAGED_PREVIEW}:
            path = paths.preview_path(self.root, row.sha256)
        sentence = kind.sentence_of_kept if row.id is None else kind.sentence
        return Finding(
            kind=kind,
            path=path.relative_to(self.root).as_posix(),
            sentence=sentence(name=row.name, dataset=row.dataset),
            dataset_id=row.dataset_id,
            dataset=row.dataset,
            image_id=row.id,
            name=row.name,
            sha256=row.sha256,
            format=row.format,
        )

    def _look_at(self, picture: tuple[str, str]) -> _Look:
        sha256, image_format = picture
        original = paths.original_path(self.root, sha256, image_format)
        try:
            size = original.stat().st_size
            is_true = files.sha256_of(original) == sha256
        except FileNotFoundError:
            size = self._bucket.size_of(original, _GONE)
            is_true = size != _GONE and self._bucket.is_whole(original)
        except OSError:
            size, is_true = _UNREADABLE, False
        thumbnail, preview = paths.thumbnail_path(self.root, sha256), paths.preview_path(self.root, sha256)
        return _Look(size, is_true, self._look_at_derived(thumbnail), self._look_at_derived(preview))

    def _look_at_derived(self, path: Path) -> str:
        try:
            if not is_whole_webp(path):
                return _BROKEN
            if self._decode:
                with Pillow.open(path, formats=["WEBP"]) as picture:
                    picture.load()
        except FileNotFoundError:
            if self._bucket.size_of(path, _GONE) == _GONE:
                return _MISSING
            return _WHOLE if self._bucket.is_whole(path) else _BROKEN
        except Exception:
            # Whatever a decoder raises, or a disk that gives no bytes: it cannot be shown.
            return _BROKEN
        return _WHOLE

    # --- Files and their rows ------------------------------------------------------------------------------

    def _wrong_files(self, shard: int, rows: list[_Row]) -> Iterator[Finding]:
        needed = {row.sha256: row.format for row in rows}
        for kind in paths.KINDS:
            for path, status in _files_in(self.root / "blobs" / kind / f"{shard:02x}"):
                self.tally.files += 1
                yield from self._wrong_access(path, status)
                yield from self._leftover(kind, shard, path, status, needed)

    def _wrong_access(self, path: Path, status: os.stat_result) -> Iterator[Finding]:
        if kind := self._access(status):
            again = _status(path)
            if again is not None and self._access(again) == kind:
                yield self._finding_at(path, kind)

    def _access(self, status: os.stat_result) -> Kind | None:
        if status.st_uid != self._owner:
            return Kind.WRONG_OWNER
        if status.st_mode & _OTHERS or not status.st_mode & stat.S_IRUSR:
            return Kind.WRONG_MODE
        return None

    def _leftover(
        self, kind: str, shard: int, path: Path, status: os.stat_result, needed: dict[str, str]
    ) -> Iterator[Finding]:
        if path.name.startswith(TEMPORARY_PREFIX):
            if self._is_left(status, TEMPORARY_PREFIX_GRACES) and _status(path) is not None:
                yield self._finding_at(path, Kind.HALF_WRITTEN)
            return
        sha256 = path.name.partition(".")[0]
        if sha256 in needed and path == self._place(kind, sha256, needed[sha256]):
            return
        # Asked again: the row may be younger than the list of rows.
        if self._is_left(status) and not self._is_needed(kind, shard, path, sha256):
            yield self._finding_at(path, Kind.ORPHAN)

    def _is_needed(self, kind: str, shard: int, path: Path, sha256: str) -> bool:
        status = _status(path)
        if status is None or not self._is_left(status):
            return True
        rows = self._rows(shard, sha256=sha256)
        return any(path == self._place(kind, row.sha256, row.format) for row in rows)

    def _place(self, kind: str, sha256: str, image_format: str) -> Path:
        if kind == "originals":
            return paths.original_path(self.root, sha256, image_format)
        return (
            paths.thumbnail_path(self.root, sha256) if kind == "thumbnails" else paths.preview_path(self.root, sha256)
        )

    def _is_left(self, status: os.stat_result, graces: int = 1) -> bool:
        # A file that was linked to its place keeps the time it was written; its change of state tells.
        return time.time() - max(status.st_mtime, status.st_ctime) >= graces * self._grace

    def _finding_at(self, path: Path, kind: Kind) -> Finding:
        sentence = kind.sentence(name="", dataset="")
        return Finding(kind=kind, path=path.relative_to(self.root).as_posix(), sentence=sentence)

    # --- The bucket ---------------------------------------------------------------------------------------------

    def _in_bucket(self, shard: int, rows: list[_Row], pool: ThreadPoolExecutor) -> Iterator[Finding]:
        """Tell what the data folder has and the bucket lacks, and what the bucket has and nothing needs."""
        if not remote.is_set():
            return
        self.tally.files += self._bucket.count_alone()
        wanted = {path: row for row in rows for path in self._places(row)}
        for path in self._bucket.lacking(wanted, pool):
            if _is_there(wanted[path]):
                yield self._finding_of(wanted[path], Kind.NOT_IN_BUCKET, path)
        for path, age in self._bucket.left(wanted):
            # Asked again: the row may be younger than the list of rows.
            needed = {place for row in self._rows(shard, sha256=path.stem) for place in self._places(row)}
            if age >= self._grace and not path.exists() and path not in needed:
                yield self._finding_at(path, Kind.ORPHAN)

    def _places(self, row: _Row) -> list[Path]:
        return [self._place(kind, row.sha256, row.format) for kind in paths.KINDS]

    # --- Part files -------------------------------------------------------------------------------------------

    def _wrong_parts(self) -> Iterator[Finding]:
        found = ((path, status) for folder in _folders_in(self.root / "incoming") for path, status in _files_in(folder))
        while batch := list(islice(found, _PARTS_AT_ONCE)):
            self.tally.files += len(batch)
            left = self._parts_left(batch)
            # Asked twice: a worker that notes a file's end removes its part right behind it.
            sure = self._parts_left(left)
            for path, status in batch:
                yield from self._wrong_access(path, status)
            for path, _status_then in sure:
                yield self._finding_at(path, Kind.HALF_WRITTEN)

    def _parts_left(self, parts: list[tuple[Path, os.stat_result]]) -> list[tuple[Path, os.stat_result]]:
        numbers = [int(path.stem) for path, _status_then in parts if _is_part(path)]
        items = {item.pk: item for item in ImportItem.objects.filter(pk__in=numbers)}
        needed = items_in_need(numbers)
        left = []
        for path, _status_then in parts:
            status = _status(path)
            item = items.get(int(path.stem)) if _is_part(path) else None
            is_needed = item is not None and item.pk in needed
            graces = TEMPORARY_PREFIX_GRACES if path.name.startswith(TEMPORARY_PREFIX) else 1
            if status is not None and self._is_part_left(status, item, is_needed=is_needed, graces=graces):
                left.append((path, status))
        return left

    def _is_part_left(self, status: os.stat_result, item: ImportItem | None, *, is_needed: bool, graces: int) -> bool:
        if item is None:
            return self._is_left(status, graces)
        if is_needed:
            return item.state == ImportItem.State.WAITING and status.st_size > item.byte_size
        ended = item.finished_at.timestamp() if item.finished_at is not None else 0.0
        return time.time() - ended >= self._grace


def is_whole_webp(path: Path) -> bool:
    """Whether a file is framed as WebP and as long as its frame says.

    Raises:
        OSError: it is gone or cannot be read.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        size = os.fstat(file.fileno()).st_size
    if len(header) < _HEADER_BYTES or header[:4] != b"RIFF" or header[8:] != b"WEBP":
        return False
    return int.from_bytes(header[4:8], "little") + 8 == size


def _is_there(row: _Row) -> bool:
    """Whether the image is there still; or, of a kept picture, whether something keeps it still."""
    if row.id is None:
        return KeptPicture.objects.filter(dataset=row.dataset_id, sha256=row.sha256).exists()
    return Image.everything.filter(pk=row.id, sha256=row.sha256).exists()


def _problems(row: _Row, look: _Look) -> list[Kind]:
    problems = []
    if look.size == _GONE:
        problems.append(Kind.MISSING_ORIGINAL)
    elif look.size == _UNREADABLE:
        problems.append(Kind.UNREADABLE)
    elif look.size != row.byte_size:
        problems.append(Kind.WRONG_SIZE)
    elif not look.is_true:
        problems.append(Kind.DAMAGED)
    thumbnail = {_MISSING: Kind.MISSING_THUMBNAIL, _BROKEN: Kind.DAMAGED_THUMBNAIL}.get(look.thumbnail)
    preview = {_MISSING: Kind.MISSING_PREVIEW, _BROKEN: Kind.DAMAGED_PREVIEW}.get(look.preview)
    return [*problems, *(kind for kind in (thumbnail, preview) if kind is not None)]


def _files_in(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        status = _status(Path(entry.path))
        if status is not None and not stat.S_ISDIR(status.st_mode):
            yield Path(entry.path), status


def _folders_in(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _is_part(path: Path) -> bool:
    return path.suffix == ".part" and path.stem.isascii() and path.stem.isdigit() and len(path.stem) < 19
