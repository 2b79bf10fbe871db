"""The tags of one dataset: how often each is used, and which go together. Held in memory for a moment."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from django.conf import settings
from django.db import connections
from django.db.models import Count
from numpy.typing import NDArray

from datasets.batches import batches
from datasets.models import Dataset, Image
from tagging.models import ImageTag, Tag
from tagging.queries.vocabulary import Vocabulary
from tagging.suggesting import Columns, Index

logger = logging.getLogger(__name__)

# What goes together is learned from so many of the newest images that have words.
SAMPLE = 2_000
# Of a picture's tags, so many say what goes with them: the last ones.
MOST_TAGS_ASKED_WITH = 30
MOST_THAT_GO_WITH = 200
_MOST_DATASETS = 16
_MOST_PICTURES = 128
# What took less to read is read again at once; the rest while the old answers.
_QUICK = 0.02
_SHORTEST_REST = 2.0
_PAGE = 500

_Key = tuple[object, ...]


@dataclass(frozen=True)
class DatasetWords:
    """The tags in use on a dataset's images, the trash left out.

    Attributes:
        index: the tags with their aliases, the most used here first.
        vocabulary_counts: by the tag's key.
        numbers: the tag's number in the index by its name; `folded` the names by number, as they are compared.
        images: the sample, a row a tag on an image: which image.
        tags: the sample: which tag, by its number in the index.
    """

    index: Index
    vocabulary_counts: dict[int, int]
    numbers: dict[str, int]
    folded: list[str]
    images: NDArray[np.int32]
    tags: NDArray[np.int32]
    _known: OrderedDict[tuple[str, ...], dict[int, float]] = field(default_factory=OrderedDict)

    def goes_with(self, names: Sequence[str]) -> dict[int, float]:
        """Return what goes with a picture's tags: of each tag's number the share of their images it is on, in steps.

        Those that are on the picture already are among them: the picture may lose them.
        """
        asked = tuple(names[-MOST_TAGS_ASKED_WITH:])
        # Read once: another thread may put it out between two readings.
        known = self._known.get(asked)
        if known is None:
            known = self._known[asked] = self._look(asked)
            while len(self._known) > _MOST_PICTURES:
                self._known.popitem(last=False)
        return known

    def _look(self, names: Sequence[str]) -> dict[int, float]:
        present = [self.numbers[name] for name in names if name in self.numbers]
        if not present or len(self.images) == 0:
            return {}
        together = np.zeros(len(self.index), dtype=np.float64)
        for number in present:
            has_it = np.zeros(int(self.images[-1]) + 1, dtype=bool)
            has_it[self.images[self.tags == number]] = True
            seen = np.bincount(self.tags[has_it[self.images]], minlength=len(self.index))
            # Two more than there are: what was seen together once is no rule yet.
            seen[number] = 0
            together += seen / (int(has_it.sum()) + 2)
        shares = np.round(together / len(present), 2)
        best = np.argsort(-shares, kind="stable")[:MOST_THAT_GO_WITH]
        return {int(number): float(shares[number]) for number in best if shares[number] > 0}


@dataclass
class _Held:
    words: DatasetWords
    key: _Key
    took: float
    rest_until: float
    reader: threading.Thread | None = None


_lock = threading.Lock()
_held: OrderedDict[int, _Held] = OrderedDict()


def forget_dataset_words() -> None:
    """Hold nothing: the next question reads anew."""
    with _lock:
        _held.clear()


def get_dataset_words(dataset: Dataset, vocabulary: Vocabulary) -> DatasetWords:
    """Return the dataset's tags; those of a large one may be some seconds old: they are read behind the question."""
    key = (dataset.created_at, dataset.revision, vocabulary.number)
    held = _held.get(dataset.pk)
    if held is not None and held.key == key:
        return held.words
    in_background = settings.SUGGESTIONS_IN_BACKGROUND
    if held is None or held.took < _QUICK or not in_background or held.key[0] != dataset.created_at:
        return _read_and_hold(dataset.pk, key, vocabulary).words
    with _lock:
        if held.reader is None and time.monotonic() > held.rest_until:
            held.reader = threading.Thread(target=_read_behind, args=(dataset.pk, key, vocabulary), daemon=True)
            held.reader.start()
    return held.words


def _read_behind(dataset_id: int, key: _Key, vocabulary: Vocabulary) -> None:
    try:
        _read_and_hold(dataset_id, key, vocabulary)
    except Exception:  # whatever it is, questions are answered with what is held, and a later one tries again
        logger.exception(
            "The tags of dataset %d could not be read; suggestions come from an older reading.", dataset_id
        )
    finally:
        with _lock:
            held = _held.get(dataset_id)
            if held is not None and held.reader is threading.current_thread():
                held.reader, held.rest_until = None, time.monotonic() + _SHORTEST_REST
        connections.close_all()


def _read_and_hold(dataset_id: int, key: _Key, vocabulary: Vocabulary) -> _Held:
    began = time.monotonic()
    words = _read(dataset_id, vocabulary)
    took = time.monotonic() - began
    held = _Held(words, key, took, time.monotonic() + max(_SHORTEST_REST, 20 * took))
    with _lock:
        _held[dataset_id] = held
        _held.move_to_end(dataset_id)
        while len(_held) > _MOST_DATASETS:
            _held.popitem(last=False)
    return held


def _read(dataset_id: int, vocabulary: Vocabulary) -> DatasetWords:
    rows = ImageTag.objects.filter(image__dataset=dataset_id, image__trashed_at=None)
    counts = dict(rows.values_list("tag_id").annotate(count=Count("pk")).order_by())
    columns = Columns()
    facts = _facts(list(counts), vocabulary)
    columns.add_tags([(pk, name, counts[pk], category) for pk, (name, _, category) in facts.items()])
    _add_aliases(columns, list(counts), vocabulary)
    index = columns.build()
    newest = Image.objects.filter(dataset=dataset_id, is_tagged=True).order_by("-pk").values("pk")[:SAMPLE]
    pairs = np.array(
        list(ImageTag.objects.filter(image__in=newest).values_list("image_id", "tag_id")), dtype=np.int64
    ).reshape(-1, 2)
    _, images = np.unique(pairs[:, 0], return_inverse=True)
    order = np.argsort(images, kind="stable")
    tags = index.numbers_of(pairs[:, 1])[order]
    here = tags >= 0  # an edit between the two readings may have brought another
    names = {name: pk for pk, (name, _, _) in facts.items()}
    numbers = index.numbers_of(np.array(list(names.values()), dtype=np.int64)).tolist()
    return DatasetWords(
        index=index,
        vocabulary_counts={pk: count for pk, (_, count, _) in facts.items()},
        numbers=dict(zip(names, numbers, strict=True)),
        folded=index.folded_names(),
        images=images[order][here].astype(np.int32),
        tags=tags[here],
    )


def _facts(pks: list[int], vocabulary: Vocabulary) -> dict[int, tuple[str, int, int | None]]:
    """Return name, count in the vocabulary and category of tags: from memory, else from the database."""
    index = vocabulary.index
    facts: dict[int, tuple[str, int, int | None]] = {}
    unknown = []
    for pk, number in zip(pks, index.numbers_of(np.array(pks, dtype=np.int64)).tolist(), strict=True):
        if number < 0:
            unknown.append(pk)
            continue
        name = index.spelled(index.name_entry(number))
        facts[pk] = (name, int(index.counts[number]), int(index.categories[number]))
    for part in batches(unknown, _PAGE):
        rows = Tag.objects.filter(pk__in=part).values_list("pk", "name", "vocabulary_count", "category_id")
        facts.update({pk: (name, count, category) for pk, name, count, category in rows})
    return facts


def _add_aliases(columns: Columns, pks: list[int], vocabulary: Vocabulary) -> None:
    index = vocabulary.index
    numbers = index.numbers_of(np.array(pks, dtype=np.int64)).tolist()
    columns.add_aliases(
        [
            (index.spelled(entry), pk)
            for pk, number in zip(pks, numbers, strict=True)
            if number >= 0
            for entry in index.alias_entries(number)
        ]
    )
