"""Making an index: columns are filled a few thousand rows at a time, then put in order. Pure.

Other threads get their turn between any two steps: no step holds the interpreter for more than some milliseconds, as
the long ones are numpy's, which lets go of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tagging.suggesting.folding import LINE, fold_lines
from tagging.suggesting.index import (
    ENTRIES_OF_A_BLOCK,
    GRAM_BITS,
    HEAD_ENTRIES,
    KEY_BYTES,
    Blocks,
    Index,
    Keys,
    Letters,
    Places,
    Starts,
    Tiers,
    pairs,
    triples,
)

_NEWLINE = 10
_ENTRIES_AT_ONCE = 50_000
_BLOCKS_AT_ONCE = 64
_LONGEST_ALPHABET = 64

_IN_WORD = np.zeros(256, dtype=bool)
_IN_WORD[np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789'", dtype=np.uint8)] = True
_IN_WORD[0x80:] = True


class Columns:
    """Rows on their way into an index: tags, then aliases of them."""

    def __init__(self) -> None:
        self._shown: list[bytes] = []
        self._folded: list[bytes] = []
        self._pks: list[NDArray[np.int64]] = []
        self._counts: list[NDArray[np.int64]] = []
        self._categories: list[NDArray[np.int32]] = []
        self._alias_of: list[NDArray[np.int64]] = []
        self._letters: Counter[str] = Counter()

    def add_tags(self, rows: Sequence[tuple[int, str, int, int | None]]) -> None:
        """Take tags: key, name, count, category."""
        self._pks.append(np.array([row[0] for row in rows], dtype=np.int64))
        self._counts.append(np.array([row[2] for row in rows], dtype=np.int64))
        self._categories.append(np.array([row[3] or 0 for row in rows], dtype=np.int32))
        self._add_names([row[1] for row in rows])

    def add_aliases(self, rows: Sequence[tuple[str, int]]) -> None:
        """Take aliases, name and the tag's key, after all tags; those of tags that are not here are left out later."""
        self._alias_of.append(np.array([row[1] for row in rows], dtype=np.int64))
        self._add_names([row[0] for row in rows])

    def _add_names(self, names: list[str]) -> None:
        if not names:
            return
        joined = LINE.join(names)
        if joined.count(LINE) != len(names) - 1:
            joined = LINE.join(name.replace(LINE, " ") for name in names)
        folded = fold_lines(joined)
        if not folded.isascii():
            self._letters.update(folded)
        self._shown.append(joined.encode("utf-8", "replace") + b"\n")
        self._folded.append(folded.encode("utf-8", "replace") + b"\n")

    def build(self) -> Index:
        """Put everything in order: the most used first."""
        pks, counts, alias_of = _joined(self._pks), _joined(self._counts), _joined(self._alias_of)
        categories = np.concatenate([np.zeros(0, dtype=np.int32), *self._categories])
        order = np.lexsort((pks, -counts)).astype(np.int32)
        number = np.empty(len(order), dtype=np.int32)
        number[order] = np.arange(len(order), dtype=np.int32)
        alias_tags, known = _tags_of(alias_of, pks, number)
        tag_of = np.concatenate([number, alias_tags])
        entries = np.lexsort((np.arange(len(tag_of)) >= len(pks), tag_of)).astype(np.int64)
        entries = entries[np.concatenate([np.ones(len(pks), dtype=bool), known])[entries]]
        shown, shown_starts = _in_order(b"".join(self._shown), entries)
        self._shown = []
        text, starts = _in_order(b"".join(self._folded), entries)
        self._folded = []
        # A line before each entry, and room for a key behind the last one.
        text, starts = b"\n" + text + b"\n" * KEY_BYTES, starts + np.int32(1)
        letters = np.frombuffer(text, dtype=np.uint8)
        firsts = starts[:-1]
        words = _word_starts(letters, firsts)
        return Index(
            text=text,
            starts=firsts,
            shown=shown,
            shown_starts=shown_starts,
            tag_of=tag_of[entries],
            pks=pks[order],
            counts=counts[order],
            categories=categories[order],
            names=_tiers(Starts.of(_keys(letters, firsts), firsts), firsts),
            words=_tiers(_later_words(letters, words, firsts), firsts),
            initials=_tiers(_initials(letters, words, firsts), firsts),
            blocks=_blocks(letters, starts),
            alphabet=self._alphabet(),
        )

    def _alphabet(self) -> str:
        return "".join(
            letter for letter, _ in self._letters.most_common(_LONGEST_ALPHABET + 128) if not letter.isascii()
        )[:_LONGEST_ALPHABET]


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _tags_of(alias_of: NDArray[np.int64], pks: NDArray[np.int64], number: Places) -> tuple[Places, NDArray[np.bool_]]:
    """Return the number of each alias's tag, and whether there is one."""
    if len(pks) == 0:
        return np.zeros(len(alias_of), dtype=np.int32), np.zeros(len(alias_of), dtype=bool)
    by_pk = np.argsort(pks)
    at = np.minimum(np.searchsorted(pks[by_pk], alias_of), len(pks) - 1)
    rows = by_pk[at]
    return number[rows], pks[rows] == alias_of


def _in_order(lines: bytes, entries: NDArray[np.int64]) -> tuple[bytes, Places]:
    """Return lines in another order, and where each begins, with the end of the last one."""
    letters = np.frombuffer(lines, dtype=np.uint8)
    ends = np.flatnonzero(letters == _NEWLINE) + 1
    begins = np.concatenate([[0], ends])[entries]
    lengths = ends[entries] - begins
    starts = np.concatenate([[0], np.cumsum(lengths)])
    parts = []
    for first in range(0, len(entries), _ENTRIES_AT_ONCE):
        some = slice(first, first + _ENTRIES_AT_ONCE)
        shift = np.repeat(begins[some] - starts[:-1][some], lengths[some])
        to = starts[min(first + _ENTRIES_AT_ONCE, len(entries))]
        parts.append(letters[np.arange(starts[first], to) + shift].tobytes())
    return b"".join(parts), starts.astype(np.int32)


def _keys(letters: Letters, places: Places) -> Keys:
    """Return the bytes at each place up to the end of its line as a number that sorts as they do."""
    keys = np.zeros(len(places), dtype=np.uint64)
    in_line = np.ones(len(places), dtype=bool)
    for offset in range(KEY_BYTES):
        there = letters[places + np.int32(offset)]
        in_line &= there != _NEWLINE
        keys = (keys << np.uint64(8)) | np.where(in_line, there, 0).astype(np.uint64)
    return keys


def _word_starts(letters: Letters, firsts: Places) -> Places:
    """Return the places where words begin, the first ones of entries among them."""
    if len(firsts) == 0:
        return firsts
    inside = _IN_WORD[letters]
    inside[1:] &= ~inside[:-1]
    return np.flatnonzero(inside).astype(np.int32)


def _later_words(letters: Letters, words: Places, firsts: Places) -> Starts:
    """Return words that stand behind something else in their entry."""
    later = words[letters[words - np.int32(1)] != _NEWLINE] if len(firsts) else words
    return Starts.of(_keys(letters, later), later)


def _initials(letters: Letters, words: Places, firsts: Places) -> Starts:
    """Return entries of two to eight words by the first letters of those; words in ASCII only."""
    entry = np.searchsorted(firsts, words, "right").astype(np.int32) - np.int32(1)
    first_of = np.searchsorted(entry, np.arange(len(firsts), dtype=np.int32), "left").astype(np.int32)
    nth = np.arange(len(words), dtype=np.int32) - first_of[entry]
    keys = np.zeros(len(firsts), dtype=np.uint64)
    for number in range(KEY_BYTES):
        these = nth == number
        keys[entry[these]] |= letters[words[these]].astype(np.uint64) << np.uint64(8 * (KEY_BYTES - 1 - number))
    several = np.zeros(len(firsts), dtype=bool)
    several[entry[nth == 1]] = True
    return Starts.of(keys[several], firsts[several])


def _tiers(starts: Starts, firsts: Places) -> Tiers:
    head = starts.up_to(int(firsts[HEAD_ENTRIES])) if len(firsts) > HEAD_ENTRIES else starts
    return Tiers(head, starts)


def _blocks(letters: Letters, starts: Places) -> Blocks:
    """Note which pairs and triples of bytes each stretch of entries holds."""
    bounds = np.unique(np.concatenate([starts[:-1:ENTRIES_OF_A_BLOCK], starts[-1:]]))
    numbers = list(pairwise(bounds.tolist()))
    bits = np.zeros((len(numbers), GRAM_BITS // 8), dtype=np.uint8)
    for first in range(0, len(numbers), _BLOCKS_AT_ONCE):
        some = numbers[first : first + _BLOCKS_AT_ONCE]
        held = np.zeros((len(some), GRAM_BITS), dtype=bool)
        for row, (begin, end) in zip(held, some, strict=True):
            row[pairs(letters[begin:end])] = True
            row[triples(letters[begin:end])] = True
        bits[first : first + len(some)] = np.packbits(held, axis=1, bitorder="little")
    return Blocks(bounds.astype(np.int32), bits)
