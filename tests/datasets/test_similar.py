"""Perceptual hashes that are near are found, all of them, and become groups that a person can look at."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.similar import groups, near_pairs

ALL = 10**9


def random_hashes(count: int, seed: int = 1, low: int = -(2**63), high: int = 2**63) -> Any:
    return np.random.default_rng(seed).integers(low, high, count, dtype=np.int64)


def differing_bits(one: int, other: int) -> int:
    return ((int(one) ^ int(other)) & (2**64 - 1)).bit_count()


def told_pairs(hashes: Any, most_bits: int = 6, crowd: int = ALL) -> set[tuple[int, int]]:
    return {(min(pair), max(pair)) for part in near_pairs(hashes, most_bits, crowd=crowd) for pair in part.tolist()}


def pairs_by_hand(hashes: Any, most_bits: int = 6) -> set[tuple[int, int]]:
    """All with all; of equal ones only the first with others."""
    values = [int(value) for value in hashes]
    first = {value: values.index(value) for value in values}
    alone = sorted(first.values())
    near = {
        (one, other)
        for number, one in enumerate(alone)
        for other in alone[number + 1 :]
        if differing_bits(values[one], values[other]) <= most_bits
    }
    return near | {(first[value], place) for place, value in enumerate(values) if first[value] != place}


def near_copies(count: int, bits: tuple[int, ...]) -> Any:
    """Random hashes, and of each a copy in which so many bits are turned."""
    base = random_hashes(count)
    random = np.random.default_rng(2)
    copies = [base]
    for number in bits:
        turned = [sum(1 << int(bit) for bit in random.choice(63, number, replace=False)) for _ in range(count)]
        copies.append(base ^ np.array(turned, dtype=np.int64))
    return np.concatenate(copies)


def test_no_near_pair_is_missed_and_none_is_made_up() -> None:
    hashes = near_copies(40, (0, 1, 5, 6, 7, 9))
    found = told_pairs(hashes)
    assert found == pairs_by_hand(hashes)
    assert len(found) > 200


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 2**9), max_size=40),
    st.integers(0, 20),
)
def test_pairs_are_exact_for_any_hashes_and_any_number_of_bits(hashes: list[int], most_bits: int) -> None:
    assert told_pairs(np.array(hashes, dtype=np.int64), most_bits) == pairs_by_hand(hashes, most_bits)


@pytest.mark.parametrize("high", [2**9, 2**12, 2**20])
def test_a_crowd_is_connected_as_all_its_pairs_would_connect_it(high: int) -> None:
    hashes = random_hashes(400, low=0, high=high)
    few, every = told_pairs(hashes, 3, crowd=16), told_pairs(hashes, 3)
    assert few <= every
    assert len(few) < len(every) or high > 2**12
    assert connected(few, 400) == connected(every, 400)


def connected(pairs: set[tuple[int, int]], count: int) -> list[int]:
    lowest = list(range(count))
    changed = True
    while changed:
        changed = False
        for one, other in pairs:
            least = min(lowest[one], lowest[other])
            changed = changed or lowest[one] != lowest[other]
            lowest[one] = lowest[other] = least
    return lowest


def test_the_sign_of_a_stored_hash_says_nothing() -> None:
    assert list(groups([-1, 2**63 - 1, 0, 1])) == [[0, 1], [2, 3]]


def test_no_hash_or_one_makes_no_group() -> None:
    assert list(groups([])) == []
    assert list(groups([7])) == []


def test_a_group_holds_what_is_near_its_best_and_no_chain() -> None:
    # Each differs from the one before by six bits, and from the one before that by twelve.
    chain = [(1 << 6 * step) - 1 for step in range(10)]
    found = list(groups(chain))
    assert found == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert all(differing_bits(chain[group[0]], chain[place]) <= 6 for group in found for place in group)


def test_the_earliest_leads_and_nobody_is_in_two_groups() -> None:
    hashes = near_copies(50, (2, 3, 6))
    found = list(groups(hashes))
    places = [place for group in found for place in group]
    assert len(places) == len(set(places))
    assert all(group == sorted(group) for group in found)


def test_what_is_to_be_apart_is_in_no_group_together() -> None:
    alike = [0, 1, 3, 7]
    assert list(groups(alike, apart={1: {2}, 2: {1}})) == [[0, 1, 3]]
    assert list(groups(alike, apart={0: {1, 2, 3}, 1: {0}, 2: {0}, 3: {0}})) == [[1, 2, 3]]
    everybody = {place: {other for other in range(4) if other != place} for place in range(4)}
    assert list(groups(alike, apart=everybody)) == []


def test_a_group_has_a_limit_and_the_rest_comes_in_others() -> None:
    found = list(groups([5] * 25, most_members=10))
    assert [len(group) for group in found] == [10, 10, 5]
    assert sorted(place for group in found for place in group) == list(range(25))


@pytest.mark.parametrize(
    "hashes",
    [
        np.full(10_000, 5),
        random_hashes(10_000, low=0, high=2**14),
        np.bitwise_xor.accumulate(np.int64(1) << random_hashes(10_000, low=0, high=63)),
    ],
    ids=["equal", "all in one corner", "frames of a film"],
)
def test_many_that_are_alike_take_neither_long_nor_much(hashes: Any) -> None:
    started = time.process_time()
    found = list(groups(hashes))
    assert time.process_time() - started < 5
    assert found
    tracemalloc.start()
    for _group in groups(hashes[:3000]):
        pass
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()
