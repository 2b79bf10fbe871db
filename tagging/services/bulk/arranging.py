"""Which words an image has after an action, and at which places: worked out from those it has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from tagging.services.writing import CLOSEST, STEP
from tagging.suggesting.folding import fold


class Step(NamedTuple):
    """What happens to one tag; a place is `None` where the tag is not there."""

    name: str
    before: float | None
    after: float | None


def add(names: Sequence[str], new: Sequence[str], place: str, after: str) -> list[str]:
    """Return the tags with the new ones at the front, behind one of them, or at the end where that is not there."""
    missing = [name for name in new if name not in names]
    at = len(names)
    if place == "front":
        at = 0
    elif place == "after" and after in names:
        at = names.index(after) + 1
    return [*names[:at], *missing, *names[at:]]


def replace(names: Sequence[str], old: Collection[str], new: Sequence[str]) -> list[str]:
    """Return the tags with all of `old` gone and `new` where the first of them stood; a new one that is there stays."""
    first = next((place for place, name in enumerate(names) if name in old), None)
    if first is None:
        return list(names)
    left, right = names[:first], [name for name in names[first:] if name not in old]
    coming = [name for name in new if name not in left and name not in right]
    return [*left, *coming, *right]


def sort_by_category(names: Sequence[str], ranks: Mapping[str, int]) -> list[str]:
    """Return the tags in the order of their ranks, those without one behind; alike ones stay as they are."""
    last = max(ranks.values(), default=0) + 1
    return sorted(names, key=lambda name: ranks.get(name, last))


def leave_out_twins(names: Sequence[str]) -> list[str]:
    """Return the tags without those that differ from an earlier one in case and underscores only."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(fold(name), name)
    return list(first.values())


def rearrange(there: Sequence[tuple[str, float]], wanted: Sequence[str]) -> list[Step]:
    """Return what leads from tags at their places to the tags that are wanted, in their order.

    What stays in its order keeps its place. Tags that change their order share the places that they have; where no
    number is left for one between two others, all get whole ones.

    Args:
        there: names and places, in order.
        wanted: names, each once.
    """
    if [name for name, _place in there] == list(wanted):
        return []
    now = dict(there)
    places = _places(there, wanted)
    gone = [Step(name, place, None) for name, place in there if name not in places]
    return gone + [Step(name, now.get(name), place) for name, place in places.items() if now.get(name) != place]


def _places(there: Sequence[tuple[str, float]], wanted: Sequence[str]) -> dict[str, float]:
    staying = set(wanted)
    free = [place for name, place in there if name in staying]
    if any(low >= high for low, high in pairwise(free)):
        return _numbered(wanted)
    now = {name for name, _place in there}
    kept = dict(zip((name for name in wanted if name in now), free, strict=True))
    places: dict[str, float] = {}
    low: float | None = None
    coming: list[str] = []
    for name in wanted:
        if name not in kept:
            coming.append(name)
            continue
        if not _put_between(places, coming, low, kept[name]):
            return _numbered(wanted)
        places[name] = low = kept[name]
        coming = []
    _put_between(places, coming, low, None)
    return places


def _put_between(places: dict[str, float], names: Sequence[str], low: float | None, high: float | None) -> bool:
    """Give places to names between two; returns `False` where there is no room for them."""
    count = len(names)
    if low is not None and high is not None:
        step = (high - low) / (count + 1)
        if count and step < CLOSEST * max(1.0, abs(high)):
            return False
        start = low
    else:
        step = STEP
        start = high - STEP * (count + 1) if high is not None else low or 0.0
    places.update((name, start + step * number) for number, name in enumerate(names, start=1))
    return True


def _numbered(names: Sequence[str]) -> dict[str, float]:
    return {name: STEP * number for number, name in enumerate(names, start=1)}
