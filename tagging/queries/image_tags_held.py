"""Which tags are on which images of a dataset, held in memory: to count tags of any choice of images in a moment.

A database takes seconds to count 1,500,000 rows; two arrays of numbers take a hundredth of one. They are kept right by
what changed since they were read (`Image.changed_at_revision`); where that is much, they are read anew, and while that
lasts behind the questions, these are answered as of before.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from django.conf import settings
from django.db import connections
from django.db.models import QuerySet
from numpy.typing import NDArray

from datasets.batches import batches
from datasets.models import Dataset, Image
from tagging.models import ImageTag

logger = logging.getLogger(__name__)

# So many changed images are read while the question waits.
MOST_CHANGED = 2_000
_MOST_DATASETS = 4
_AT_ONCE = 500
_ROWS_AT_ONCE = 20_000

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class ImageTagsHeld:
    """Rows of tags on images, as of a revision of the dataset.

    Attributes:
        created_at: when the dataset was made: another one may get its number.
        revision: of the dataset.
        images: which image, in no order.
        tags: which tag, beside it.
    """

    created_at: datetime
    revision: int
    images: Numbers
    tags: Numbers

    @property
    def first_image(self) -> int:
        """The lowest number of an image: its place in the tables below is 0."""
        return int(self._edges[0])

    @cached_property
    def is_there(self) -> NDArray[np.bool_]:
        """A table of all numbers from the first image to the last: whether it is an image with a tag."""
        return self._table(self.images)

    def having(self, tags: Sequence[int]) -> NDArray[np.bool_]:
        """Return such a table of the images that have one of these tags."""
        is_one = self.tags == tags[0] if len(tags) == 1 else np.isin(self.tags, np.array(tags, dtype=np.int64))
        return self._table(self.images[is_one])

    @cached_property
    def _edges(self) -> tuple[int, int]:
        return int(self.images.min()), int(self.images.max())

    def _table(self, images: Numbers) -> NDArray[np.bool_]:
        low, high = self._edges
        table = np.zeros(high - low + 1, dtype=np.bool_)
        table[images - low] = True
        return table

    def count(self, image_ids: Numbers | None = None) -> tuple[Numbers, Numbers]:
        """Return the tags that are on these images, on all for `None`, and on how many each is."""
        rows = self.tags if image_ids is None else self.tags[_is_among(self.images, image_ids)]
        if not len(rows):
            return rows, rows
        # Numbers of tags have gaps, but not so many that counting by place would not be quicker than sorting.
        counts = np.bincount(rows - rows.min())
        present = np.flatnonzero(counts)
        return present + rows.min(), counts[present]


_lock = threading.Lock()
_held: OrderedDict[int, ImageTagsHeld] = OrderedDict()
_readers: dict[int, threading.Thread] = {}


def forget_image_tags() -> None:
    """Hold nothing: the next question reads anew."""
    with _lock:
        _held.clear()


def get_image_tags(dataset: Dataset) -> ImageTagsHeld:
    """Return the tags on a dataset's images, the trash left out; after a large change those of some seconds ago."""
    revision = _revision_of(dataset)
    held = _held_of(dataset)
    if held is None:
        return _hold(dataset.pk, _read(dataset, revision))
    fresh = _brought_up(dataset, held, revision)
    if fresh is not None:
        return fresh
    if not settings.SUGGESTIONS_IN_BACKGROUND:
        return _hold(dataset.pk, _read(dataset, revision))
    with _lock:
        if dataset.pk not in _readers:
            reader = threading.Thread(target=_read_behind, args=(dataset, revision), daemon=True)
            _readers[dataset.pk] = reader
            reader.start()
    return held


def get_image_tags_if_held(dataset: Dataset) -> ImageTagsHeld | None:
    """Return the tags on a dataset's images as they are now, the trash left out; `None` where too much is not held."""
    held = _held_of(dataset)
    return None if held is None else _brought_up(dataset, held, _revision_of(dataset))


def _revision_of(dataset: Dataset) -> int:
    return Dataset.objects.values_list("revision", flat=True).get(pk=dataset.pk)


def _held_of(dataset: Dataset) -> ImageTagsHeld | None:
    held = _held.get(dataset.pk)
    return held if held is not None and held.created_at == dataset.created_at else None


def _brought_up(dataset: Dataset, held: ImageTagsHeld, revision: int) -> ImageTagsHeld | None:
    """Return what is held with what changed since; `None` where that is too much to wait for."""
    if held.revision == revision:
        return held
    changed = Image.everything.filter(dataset=dataset, changed_at_revision__gt=held.revision)
    ids = list(changed.values_list("pk", flat=True)[: MOST_CHANGED + 1])
    return _hold(dataset.pk, _with_changed(held, revision, ids)) if len(ids) <= MOST_CHANGED else None


def _hold(dataset_id: int, read: ImageTagsHeld) -> ImageTagsHeld:
    with _lock:
        there = _held.get(dataset_id)
        # Another thread may have read later.
        if there is None or there.created_at != read.created_at or there.revision <= read.revision:
            _held[dataset_id] = read
        _held.move_to_end(dataset_id)
        while len(_held) > _MOST_DATASETS:
            _held.popitem(last=False)
    return read


def _read_behind(dataset: Dataset, revision: int) -> None:
    try:
        _hold(dataset.pk, _read(dataset, revision))
    except Exception:  # whatever it is, questions are answered with what is held, and a later one tries again
        logger.exception("The tags on the images of dataset %d could not be read; older ones are counted.", dataset.pk)
    finally:
        with _lock:
            _readers.pop(dataset.pk, None)
        connections.close_all()


def _read(dataset: Dataset, revision: int) -> ImageTagsHeld:
    rows = ImageTag.objects.filter(image__dataset=dataset, image__trashed_at=None)
    return ImageTagsHeld(dataset.created_at, revision, *_columns([rows]))


def _with_changed(held: ImageTagsHeld, revision: int, ids: list[int]) -> ImageTagsHeld:
    if not ids:
        return ImageTagsHeld(held.created_at, revision, held.images, held.tags)
    kept = ~_is_among(held.images, np.array(ids, dtype=np.int64))
    parts = [ImageTag.objects.filter(image__in=part, image__trashed_at=None) for part in batches(ids, _AT_ONCE)]
    images, tags = _columns(parts)
    return ImageTagsHeld(
        held.created_at,
        revision,
        np.concatenate([held.images[kept], images]),
        np.concatenate([held.tags[kept], tags]),
    )


def _columns(parts: list[QuerySet[ImageTag]]) -> tuple[Numbers, Numbers]:
    kind = np.dtype([("image", np.int64), ("tag", np.int64)])
    rows = (row for part in parts for row in part.values_list("image_id", "tag_id").iterator(chunk_size=_ROWS_AT_ONCE))
    read = np.fromiter(rows, dtype=kind)
    return np.ascontiguousarray(read["image"]), np.ascontiguousarray(read["tag"])


def _is_among(rows: Numbers, ids: Numbers) -> NDArray[np.bool_]:
    """Return for each row whether its number is among these, by a table as long as the numbers lie apart."""
    return np.isin(rows, ids, kind="table" if len(rows) and len(ids) else None)
