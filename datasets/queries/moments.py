"""What was counted in a large dataset, held for a moment, so that not every page of a list counts anew."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from datasets.models import Dataset

# A dataset that got fewer images in its life is counted in a few milliseconds.
_LARGE = 20_000
_SECONDS = 30.0
_MOST_HELD = 64

_Found = TypeVar("_Found")

_lock = threading.Lock()
_held: OrderedDict[tuple[Hashable, ...], tuple[float, object]] = OrderedDict()


def forget_moments() -> None:
    """Hold nothing."""
    with _lock:
        _held.clear()


def held_for_a_moment(dataset: Dataset, find: Callable[[], _Found], *asked: Hashable) -> _Found:
    """Return what was found the last time, unless the dataset changed since, or half a minute is over.

    Args:
        dataset: as it was read for this question: a change of it counts its revision up. What changes without it, as
            the name of a category, or the hour, is noticed within half a minute.
        find: finds it anew.
        asked: what tells this question from others of the dataset, and with it the kind of what is found.
    """
    if dataset.next_position <= _LARGE:
        return find()
    there = last_found(dataset, *asked)
    if there is not None:
        return cast("_Found", there)
    found = find()
    with _lock:
        _held[_key(dataset, asked)] = (time.monotonic() + _SECONDS, found)
        while len(_held) > _MOST_HELD:
            _held.popitem(last=False)
    return found


def last_found(dataset: Dataset, *asked: Hashable) -> object:
    """Return what is held, `None` where nothing is."""
    with _lock:
        until, found = _held.get(_key(dataset, asked), (0.0, None))
    return found if time.monotonic() < until else None


def _key(dataset: Dataset, asked: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    return (dataset.pk, dataset.created_at, dataset.revision, *asked)
