"""Names that are one letter away from what was typed, as wholes: what a slip of the finger leaves. Pure.

Other than the search for suggestions, which looks at starts, this compares whole names, so it is sure: every name that
is one letter away is found, if no more than `MOST_ALIKE` names share its first eight bytes.
"""

from __future__ import annotations

import string
from collections.abc import Iterator

import numpy as np

from tagging.suggesting.index import KEY_BYTES, Index

# Three letters are one letter away from too much that is meant.
FEWEST_LETTERS = 4
MOST_ALIKE = 5_000
_LETTERS = string.ascii_lowercase + string.digits + string.punctuation + " "


def find_slips(index: Index, text: str) -> list[int]:
    """Return the numbers of the tags with a name or alias that is one letter away from a folded text, or the same."""
    if len(index) == 0 or len(text) < FEWEST_LETTERS:
        return []
    places = [place for place in _candidates(index, text) if is_slip(_line(index, place), text)]
    entries = np.searchsorted(index.starts, np.array(places, dtype=np.int32), "right") - 1
    return sorted(set(index.tag_of[entries].tolist()))


def is_slip(one: str, other: str) -> bool:
    """Whether two texts are equal, or a letter is missing, too much or wrong in one, or two changed places.

    Digits are no slips: `1girl` and `2girl` are both meant.
    """
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    if any(letter.isdigit() for letter in (a[:1], b[:1])):
        return not a and not b
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _line(index: Index, place: int) -> str:
    return index.text[place : index.text.find(b"\n", place)].decode("utf-8", "replace")


def _candidates(index: Index, text: str) -> Iterator[int]:
    """Yield where names begin that agree with the text in their first bytes, or would but for one letter."""
    starts = index.names.all
    variants = sorted({_key(variant) for variant in _variants(text[: KEY_BYTES + 1], index.alphabet)})
    keys = np.array(variants, dtype=np.uint64)
    firsts, lasts = np.searchsorted(starts.keys, keys, "left"), np.searchsorted(starts.keys, keys, "right")
    for number in np.flatnonzero(firsts < lasts).tolist():
        yield from starts.places[firsts[number] : lasts[number]][:MOST_ALIKE].tolist()


def _key(text: str) -> int:
    return int.from_bytes(text.encode("utf-8", "replace")[:KEY_BYTES].ljust(KEY_BYTES, b"\x00"), "big")


def _variants(start: str, more: str) -> Iterator[str]:
    """Yield the start of a text and what it would be with one letter more, less or other, or two changed."""
    yield start
    alphabet = _LETTERS if start.isascii() else _LETTERS + more
    for at in range(len(start) + 1):
        before, after = start[:at], start[at:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in alphabet:
            yield before + letter + after
            yield before + letter + after[1:]
