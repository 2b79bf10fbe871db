"""Which pictures look alike, by their perceptual hashes. numpy only, no Django.

Two hashes that differ by few bits are found without comparing all with all: the 64 bits are dealt into two bands more
than bits may differ, so at least two bands of such a pair are equal to the last bit, whichever bits differ. Hence every
pair of bands is a key, only hashes of one key are compared, and nothing is missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_BITS: Final = 6
"""How many of 64 bits may differ between pictures that look alike: copies of other sizes, formats and qualities stay
within it, and different photographs are more than ten apart (`tests/datasets/test_likeness.py`)."""

# Where more share a key they may be copies in a row, such as the frames of a film, with millions of near pairs that say
# nothing new: these are compared with what nothing has joined yet, as long as that pays.
_CROWD: Final = 64
# That pays while one comparison joins this part of what is left.
_PAYS: Final = 1 / 50
# Comparisons at a time: as many as a processor's own memory holds.
_AT_ONCE: Final = 1 << 16

_Hashes = NDArray[np.uint64]
_Numbers = NDArray[np.intp]


def near_pairs(hashes: ArrayLike, most_bits: int = MOST_BITS, *, crowd: int = _CROWD) -> Iterator[_Numbers]:
    """Yield places of hashes that differ by at most so many bits, as arrays of two columns, a pair perhaps repeatedly.

    No array has more rows than there are hashes, or 65,536: the memory this takes does not grow with the pairs. A hash
    that is there more than once is paired with the first of its like only, and only that one with others.

    Args:
        hashes: 64 bits each, signed or not.
        most_bits: from 0 to 20.
        crowd: of hashes with one key, if more than this many, only so many pairs are told as connect them all.
    """
    signed = np.asarray(hashes)
    values, first, which = np.unique(signed.astype(np.int64).view(np.uint64), return_index=True, return_inverse=True)
    repeated = np.flatnonzero(first[which] != np.arange(len(which)))
    yield np.stack([first[which[repeated]], repeated], axis=1)
    for key in _keys(values, most_bits):
        order = np.argsort(key, kind="stable")
        for pairs in _pairs_of_equal_keys(values[order], key[order], most_bits, crowd):
            yield first[order[pairs]]


def groups(
    hashes: ArrayLike,
    *,
    apart: Mapping[int, Set[int]] | None = None,
    most_bits: int = MOST_BITS,
    most_members: int = 60,
) -> Iterator[list[int]]:
    """Yield groups of places of hashes that look alike, each group's best first, no place in two of them.

    All of a group are within `most_bits` of its best one: A like B and B like C does not make A and C alike, so no
    chain of small steps becomes one large group.

    Args:
        hashes: the best first: of pictures that look alike the earliest leads.
        apart: for a place those that are not to be in one group with it; to be told from both sides.
        most_bits: how many bits may differ.
        most_members: how many a group holds at most, at least 2; what else is like its best comes in another group.
    """
    values = np.asarray(hashes).astype(np.int64).view(np.uint64)
    for connected in _connected(len(values), near_pairs(values, most_bits)):
        left = connected
        while len(left) > 1:
            near = np.flatnonzero(np.bitwise_count(values[left] ^ values[left[0]]) <= most_bits)
            taken = _without_apart(left, near, apart or {}, most_members)
            if len(taken) > 1:
                yield left[taken].tolist()
            left = np.delete(left, taken)


def _without_apart(places: _Numbers, candidates: _Numbers, apart: Mapping[int, Set[int]], most: int) -> list[np.intp]:
    """Return those of the candidates that go together: the first, and who is not apart from any before it."""
    if not apart:
        return list(candidates[:most])
    taken: list[np.intp] = []
    members: set[int] = set()
    for candidate in candidates:
        place = int(places[candidate])
        if members.isdisjoint(apart.get(place, ())):
            taken.append(candidate)
            members.add(place)
        if len(taken) == most:
            break
    return taken


def _keys(values: _Hashes, most_bits: int) -> Iterator[NDArray[np.uint16]]:
    """Yield for each two of the bands the bits of both as one number."""
    # Dealt by how much each bit tells: a white ground leaves many bits at 0 in every picture, and bands of such bits
    # alone would put all pictures under one key.
    set_bits = [np.count_nonzero(values & np.uint64(1 << bit)) for bit in range(64)]
    by_news = sorted(range(64), key=lambda bit: abs(2 * set_bits[bit] - len(values)))
    count = most_bits + 2
    masks = [sum(1 << bit for bit in by_news[band::count]) for band in range(count)]
    for one, other in combinations(masks, 2):
        yield _dense(values & np.uint64(one | other))


def _dense(parts: _Hashes) -> NDArray[np.uint16]:
    """Mix what a mask left into what sorts fast: equal stays equal, and that others become equal costs a comparison."""
    return (parts * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(48)).astype(np.uint16)


def _pairs_of_equal_keys(values: _Hashes, key: NDArray[np.uint16], most_bits: int, crowd: int) -> Iterator[_Numbers]:
    """Yield pairs of places that are near and have the same key; both arrays are sorted by key."""
    starts = np.flatnonzero(np.diff(key, prepend=key[:1] ^ 1))
    sizes = np.diff(starts, append=len(key))
    for start, size in zip(starts[sizes > crowd], sizes[sizes > crowd], strict=True):
        for pairs in _connecting_pairs(values[start : start + size], most_bits):
            yield start + pairs
    places = np.flatnonzero(np.repeat((sizes > 1) & (sizes <= crowd), sizes))
    ends = np.repeat(starts + sizes, sizes)
    for step in range(1, crowd):
        places = places[places + step < ends[places]]
        if not len(places):
            return
        near = np.bitwise_count(values[places] ^ values[places + step]) <= most_bits
        yield np.stack([places[near], places[near] + step], axis=1)


def _connecting_pairs(values: _Hashes, most_bits: int) -> Iterator[_Numbers]:
    """Yield pairs that connect what all near pairs would connect."""
    left = np.arange(len(values))
    reached: list[np.intp] = []
    # Copies in a row first: whoever is reached by one need not be compared with those reached before it.
    while len(left):
        if reached:
            place = reached.pop()
        else:
            place, left = left[0], left[1:]
        near = np.bitwise_count(values[left] ^ values[place]) <= most_bits
        found, left = left[near], left[~near]
        yield np.stack([np.full_like(found, place), found], axis=1)
        reached.extend(found)
        if len(found) < _PAYS * len(left):
            break
    # The rest has little in common: all with all, some rows at a time.
    others = np.concatenate([np.asarray(reached, np.intp), left])
    rows = max(1, _AT_ONCE // max(1, len(left)))
    for start in range(0, len(others), rows):
        some = others[start : start + rows]
        row, column = np.nonzero(np.bitwise_count(values[some, None] ^ values[None, left]) <= most_bits)
        different = some[row] != left[column]
        yield np.stack([some[row], left[column]], axis=1)[different]


def _connected(count: int, all_pairs: Iterable[_Numbers]) -> Iterator[_Numbers]:
    """Yield the places that pairs connect, directly or through others, each set in order."""
    # Of every place the lowest that it is known to be connected with.
    lowest = np.arange(count)
    for pairs in _gathered(all_pairs, at_least=count):
        while len(pairs):
            ends = lowest[pairs]
            open_ends = ends[:, 0] != ends[:, 1]
            pairs, ends = pairs[open_ends], ends[open_ends]
            np.minimum.at(lowest, ends.max(axis=1), ends.min(axis=1))
            while not np.array_equal(lowest, lower := lowest[lowest]):
                lowest = lower
    order = np.argsort(lowest, kind="stable")
    starts = np.flatnonzero(np.diff(lowest[order], prepend=-1))
    sizes = np.diff(starts, append=count)
    for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
        yield order[start : start + size]


def _gathered(all_pairs: Iterable[_Numbers], at_least: int) -> Iterator[_Numbers]:
    """Yield the pairs in larger arrays: each costs a look at every hash."""
    held: list[_Numbers] = []
    count = 0
    for pairs in all_pairs:
        held.append(pairs)
        count += len(pairs)
        if count >= at_least:
            yield np.concatenate(held)
            held, count = [], 0
    if held:
        yield np.concatenate(held)
