"""The index itself: names as bytes, most used first, with sorted places where names and words start. Pure.

Everything is a few arrays of numbers and two strings of bytes, however many names there are: no object a name. One
million names with 300,000 aliases take about 150 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A place is sorted by this many bytes; what differs later is compared in the text.
KEY_BYTES = 8
# Entries whose places are looked through first: where they hold enough, the others cannot be used more often.
HEAD_ENTRIES = 32_768
ENTRIES_OF_A_BLOCK = 512
GRAM_BITS = 1 << 14

Places = NDArray[np.int32]
Keys = NDArray[np.uint64]
Letters = NDArray[np.uint8]


@dataclass(frozen=True)
class Starts:
    """Places in the text in the order of what stands there; a smaller place belongs to a tag that is used more."""

    keys: Keys
    places: Places

    @classmethod
    def of(cls, keys: Keys, places: Places) -> Starts:
        """Sort them."""
        order = np.argsort(keys)
        return cls(keys[order], places[order])

    def up_to(self, place: int) -> Starts:
        """Return those before a place, in the same order."""
        chosen = self.places < place
        return Starts(self.keys[chosen], self.places[chosen])

    def between(self, low: int, high: int) -> Places:
        """Return the places whose keys lie between two, both included."""
        first = np.searchsorted(self.keys, np.uint64(low), "left")
        return self.places[first : np.searchsorted(self.keys, np.uint64(high), "right")]


@dataclass(frozen=True)
class Tiers:
    """The places of the most used entries, and those of all."""

    head: Starts
    all: Starts


@dataclass(frozen=True)
class Blocks:
    """Which pairs and triples of bytes occur in which stretch of the text: what holds none of them is not read.

    Attributes:
        bounds: where each block starts in the text, and where the last one ends.
        bits: a row a block, a bit a pair or triple; several share one, so that a set bit says only "perhaps".
    """

    bounds: Places
    bits: Letters

    def perhaps(self, wanted: bytes) -> NDArray[np.intp]:
        """Return the numbers of the blocks that may hold these bytes."""
        held = np.ones(len(self.bits), dtype=bool)
        letters = np.frombuffer(wanted, dtype=np.uint8)
        for gram in (pairs(letters) if len(wanted) < 3 else triples(letters)).tolist():
            held &= (self.bits[:, gram >> 3] >> (gram & 7)) & 1 == 1
        return np.flatnonzero(held)


def pairs(letters: Letters) -> NDArray[np.uint32]:
    """Return a number for each two bytes that follow each other."""
    wide = letters.astype(np.uint32)
    return (wide[:-1] * np.uint32(197) + wide[1:] * np.uint32(7919)) & np.uint32(GRAM_BITS - 1)


def triples(letters: Letters) -> NDArray[np.uint32]:
    """Return a number for each three bytes that follow each other."""
    wide = letters.astype(np.uint32)
    mixed: NDArray[np.uint32] = wide[:-2] * np.uint32(31_337) + wide[1:-1] * np.uint32(1_009)
    mixed = mixed + wide[2:] * np.uint32(37) + np.uint32(5_003)
    return np.asarray((mixed ^ (mixed >> np.uint32(7))) & np.uint32(GRAM_BITS - 1), dtype=np.uint32)


@dataclass(frozen=True)
class Index:
    """Names and aliases of tags. An entry is one of either; tags are numbered from the most used one on.

    Attributes:
        text: the folded entries, each on a line of its own, most used tags first, aliases behind their tag.
        starts: where each entry begins in `text`.
        shown: the entries as they are spelled, one after the other.
        shown_starts: where each begins in `shown`, and where the last one ends.
        tag_of: the number of an entry's tag.
        pks: the key of each tag in the database.
        counts: how often each tag is used.
        categories: the key of each tag's category; 0 for none.
        names: the places where entries begin; `words` where later words of them do.
        initials: entries of two words or more, by the first letters of their words.
        alphabet: letters beyond ASCII that occur most.
    """

    text: bytes
    starts: Places
    shown: bytes
    shown_starts: Places
    tag_of: Places
    pks: NDArray[np.int64]
    counts: NDArray[np.int64]
    categories: Places
    names: Tiers
    words: Tiers
    initials: Tiers
    blocks: Blocks
    alphabet: str

    @cached_property
    def letters(self) -> Letters:
        """The text as numbers; the same memory."""
        return np.frombuffer(self.text, dtype=np.uint8)

    @cached_property
    def _by_pk(self) -> tuple[NDArray[np.int64], Places]:
        order = np.argsort(self.pks).astype(np.int32)
        return self.pks[order], order

    def entry_at(self, place: int) -> int:
        """Return the entry that a place in the text belongs to."""
        return int(np.searchsorted(self.starts, place, "right")) - 1

    def spelled(self, entry: int) -> str:
        """Return an entry as it is spelled."""
        return self.shown[self.shown_starts[entry] : self.shown_starts[entry + 1] - 1].decode()

    def folded(self, entry: int) -> str:
        """Return an entry as it is compared."""
        end = len(self.text) if entry + 1 == len(self.starts) else int(self.starts[entry + 1])
        return self.text[self.starts[entry] : end].decode().strip("\n")

    def folded_names(self) -> list[str]:
        """Return the tags' own names as they are compared, by number."""
        entries = np.searchsorted(self.tag_of, np.arange(len(self.pks), dtype=np.int32), "left").tolist()
        return [self.folded(entry) for entry in entries]

    def name_entry(self, tag: int) -> int:
        """Return the entry that is the tag's own name."""
        return int(np.searchsorted(self.tag_of, tag, "left"))

    def alias_entries(self, tag: int) -> range:
        """Return the entries that are the tag's aliases."""
        return range(self.name_entry(tag) + 1, int(np.searchsorted(self.tag_of, tag, "right")))

    def numbers_of(self, pks: NDArray[np.int64]) -> Places:
        """Return the numbers of the tags with these keys; -1 where the index has none."""
        if len(self.pks) == 0:
            return np.full(len(pks), -1, dtype=np.int32)
        known, order = self._by_pk
        at = np.minimum(np.searchsorted(known, pks), len(known) - 1)
        return np.where(known[at] == pks, order[at], np.int32(-1)).astype(np.int32)

    def __len__(self) -> int:
        return len(self.pks)

    @property
    def byte_size(self) -> int:
        """How much memory it takes, about."""
        tiers = [starts for tier in (self.names, self.words, self.initials) for starts in (tier.head, tier.all)]
        arrays: list[NDArray[Any]] = [self.starts, self.shown_starts, self.tag_of, self.pks, self.counts]
        arrays += [self.categories]
        arrays += [self.blocks.bounds, self.blocks.bits, *self._by_pk]
        arrays += [array for starts in tiers for array in (starts.keys, starts.places)]
        return len(self.text) + len(self.shown) + sum(array.nbytes for array in arrays)
