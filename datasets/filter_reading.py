"""Where the filter language is plugged in: its words are those of `tagging`, of which this app knows nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db.models import Q

from datasets.models import Dataset


class BadFilter(ValueError):
    """A filter that cannot be read; the text is a sentence, `start` and `end` say where."""

    def __init__(self, sentence: str, start: int, end: int) -> None:
        super().__init__(sentence)
        self.start, self.end = start, end


class FilterReader(Protocol):
    """Turns a text into a condition on `Image`."""

    def __call__(self, text: str, dataset: Dataset | None = None) -> Q:
        """Raise `BadFilter` where it cannot be read."""


@dataclass(frozen=True)
class Known:
    """What a filter asks for, as far as that is known without the database.

    Attributes:
        count: how many images.
        few: which, where they are few; else `None`.
    """

    count: int
    few: Sequence[int] | None


FilterKnower = Callable[[str, Dataset], Known | None]

_readers: list[FilterReader] = []
_knowers: list[FilterKnower] = []


def register(reader: FilterReader, knower: FilterKnower) -> None:
    """Let filters be read by this, and answered from memory by that where it can, once, when the program starts."""
    _readers[:] = [reader]
    _knowers[:] = [knower]


def read_filter(text: str, dataset: Dataset | None = None) -> Q:
    """Return which images a filter asks for, as a condition on `Image`; every image for an empty one.

    Args:
        text: as it was typed.
        dataset: whose images are asked for; near-duplicates are told among them only.

    Raises:
        BadFilter: it cannot be read.
    """
    if not text.strip():
        return Q()
    return _readers[0](text, dataset)


def know_filter(text: str, dataset: Dataset) -> Known | None:
    """Return what a filter asks for in a dataset as it was read; `None` where only the database can tell."""
    return _knowers[0](text, dataset) if text.strip() else None
