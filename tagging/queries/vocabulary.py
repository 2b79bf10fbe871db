"""The whole vocabulary in this process's memory, to answer while a person types.

It is read in pages and swapped in when it is complete; questions that come before are answered without it. What
changes it counts up `VocabularyRevision`, which every question compares with what is held; new tags need not, they are
found by their number. Each server process has its own. Tags whose transaction is committed after one with a higher
number may be missed until the next reading; in the dataset that uses them they are found all the same.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from itertools import count

from django.conf import settings
from django.db import connections
from django.db.models import Max

from tagging.models import Tag, TagAlias, TagCategory, VocabularyRevision
from tagging.suggesting import Columns, Index

logger = logging.getLogger(__name__)

EMPTY = Columns().build()
# So few are read while the question waits: it takes some hundredths of a second.
FEW_TAGS = 5_000
# Tags that are newer than what is held are kept beside it, up to this many.
MOST_NEWER = 2_000
_PAGE = 10_000
_BREATH = 0.002
_numbers = count(1)


@dataclass(frozen=True)
class Category:
    """A category as people see it."""

    name: str
    colour: str


@dataclass(frozen=True)
class Vocabulary:
    """All tags and aliases as of one moment, and the tags that are newer.

    Attributes:
        is_ready: whether it was read at all; else it is empty.
        number: of this reading, in this process.
    """

    index: Index = EMPTY
    newer: Index = EMPTY
    categories: dict[int, Category] = field(default_factory=dict)
    revision: int = -1
    highest: int = 0
    newest: int = 0
    is_ready: bool = False
    number: int = 0


class _Held:
    """What this process holds, and whether a new reading is under way."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.vocabulary = Vocabulary()
        self.reader: threading.Thread | None = None
        self.not_before = 0.0


_held = _Held()


def forget_vocabulary() -> None:
    """Hold nothing: the next question reads it anew."""
    with _held.lock:
        _held.vocabulary = Vocabulary()
        _held.not_before = 0.0


def get_vocabulary() -> Vocabulary:
    """Return what is held; where it is old, what is new is read: at once if it is little, else behind the question."""
    revision = VocabularyRevision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    newest = Tag.objects.aggregate(newest=Max("pk"))["newest"] or 0
    held = _held.vocabulary
    if not held.is_ready or held.revision != revision:
        _read_again()
    held = _held.vocabulary
    if held.is_ready and newest > held.newest and len(held.newer) <= MOST_NEWER:
        held = _swap(held, _with_newer(held, newest))
    if len(held.newer) > MOST_NEWER:
        _read_again()
    return _held.vocabulary


def _swap(held: Vocabulary, newer: Vocabulary) -> Vocabulary:
    """Put one into the place of another, unless a third was read meanwhile; returns what is held then."""
    with _held.lock:
        if _held.vocabulary is held:
            _held.vocabulary = newer
        return _held.vocabulary


def _read_again() -> None:
    with _held.lock:
        if _held.reader is not None or time.monotonic() < _held.not_before:
            return
        if not settings.SUGGESTIONS_IN_BACKGROUND or Tag.objects.order_by("pk")[: FEW_TAGS + 1].count() <= FEW_TAGS:
            _held.vocabulary = _read(breath=0)
            return
        _held.reader = threading.Thread(target=_read_behind, name="vocabulary", daemon=True)
        _held.reader.start()


def _read_behind() -> None:
    began = time.monotonic()
    try:
        vocabulary = _read(breath=_BREATH)
        with _held.lock:
            _held.vocabulary = vocabulary
    except Exception:  # whatever it is, questions are answered without it, and the next one tries again
        logger.exception("The vocabulary could not be read; suggestions come from each dataset's own tags.")
    finally:
        # Somebody who edits the vocabulary for an hour must not keep a core busy for as long.
        with _held.lock:
            _held.not_before = time.monotonic() + 3 * (time.monotonic() - began)
            _held.reader = None
        connections.close_all()


def _read(*, breath: float) -> Vocabulary:
    """Read everything, page by page: no transaction lives long, and others get their turn."""
    # First, so that a change while we read is noticed by the next question.
    revision = VocabularyRevision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    columns = Columns()
    highest = 0
    facts = ("pk", "name", "vocabulary_count", "category_id")
    while tags := list(Tag.objects.filter(pk__gt=highest).order_by("pk").values_list(*facts)[:_PAGE]):
        columns.add_tags(tags)
        highest = tags[-1][0]
        time.sleep(breath)
    last = 0
    while rows := list(TagAlias.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "name", "tag_id")[:_PAGE]):
        columns.add_aliases([(name, tag) for _, name, tag in rows])
        last = rows[-1][0]
        time.sleep(breath)
    categories = {row.pk: Category(row.name, row.colour) for row in TagCategory.objects.all()}
    return Vocabulary(columns.build(), EMPTY, categories, revision, highest, highest, True, next(_numbers))


def _with_newer(held: Vocabulary, newest: int) -> Vocabulary:
    """Return the same with the tags that came since; few, else all is read anew soon."""
    columns = Columns()
    facts = ("pk", "name", "vocabulary_count", "category_id")
    rows = list(Tag.objects.filter(pk__gt=held.highest).order_by("pk").values_list(*facts)[: MOST_NEWER + 1])
    if rows:
        columns.add_tags(rows)
    return Vocabulary(
        held.index, columns.build(), held.categories, held.revision, held.highest, newest, True, held.number
    )
