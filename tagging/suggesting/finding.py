"""Finding what a person means in an index. Pure.

How much is looked at, so that no question takes long however many names there are:

- Names and words that start with the text are all found; of those, the most used ones are returned.
- Initials are those of two to eight words that begin in ASCII, from two letters on.
- Inside words: stretches of the text that cannot hold it are passed over, and reading ends after `MOST_BYTES` of the
  others; beyond that, hits in seldom used names are missed.
- One typo (a letter too many, missing, wrong, or two that changed places) is looked for by another
  question, from four letters on, at starts of names and words. Letters that may be missing are those of the text's
  own kind: ASCII, and beyond it what occurs most in the index. Of names that share their first eight bytes with
  a variant, the `MOST_OF_A_VARIANT` most used are compared further.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

import numpy as np

from tagging.suggesting.index import KEY_BYTES, Index, Places, Starts, Tiers

MOST_BYTES = 4_000_000
FEWEST_LETTERS_OF_A_TYPO = 4
LONGEST_TYPO = 40
MOST_OF_A_VARIANT = 200
_NEWLINE = 10
_ASCII = string.ascii_lowercase + string.digits + " -"


class Match(IntEnum):
    """How a name matches, the best first."""

    EXACT = 0
    PREFIX = 1
    WORD = 2
    INITIALS = 3
    INSIDE = 4
    TYPO = 5


@dataclass(frozen=True)
class Found:
    """A tag that matches by its name, or by an alias."""

    pk: int
    name: str
    alias: str
    match: Match
    count: int
    category: int


def find(index: Index, text: str, limit: int) -> list[Found]:
    """Return the tags that match a folded text: the best matches first, and of those the most used."""
    if len(index) == 0 or not text:
        return []
    hits: dict[int, tuple[Match, int]] = {}
    wanted = text.encode("utf-8", "replace")
    for match, places in _starting(index, wanted, limit):
        _note(index, hits, match, places)
        if len(hits) >= limit:
            break
    else:
        _note_inside(index, wanted, limit, hits)
    best = sorted(hits.items(), key=lambda hit: (hit[1][0], hit[0]))[:limit]
    return _found(index, best)


def find_mistyped(index: Index, text: str, limit: int) -> list[Found]:
    """Return the tags of which a name or word starts one typo away from a folded text, the most used first."""
    if len(index) == 0 or not FEWEST_LETTERS_OF_A_TYPO <= len(text) <= LONGEST_TYPO:
        return []
    hits: dict[int, tuple[Match, int]] = {}
    _note(index, hits, Match.TYPO, _mistyped(index, text, limit))
    return _found(index, sorted(hits.items())[:limit])


def match_of(name: str, text: str) -> Match | None:
    """Return how one folded name matches a folded text, typos aside."""
    if name == text:
        return Match.EXACT
    at = name.find(text)
    if at == 0:
        return Match.PREFIX
    while at > 0:
        if not _is_letter(name[at - 1]) and _is_letter(name[at]):
            return Match.WORD
        at = name.find(text, at + 1)
    words = "".join(letter if _is_letter(letter) else " " for letter in name).split()
    if 2 <= len(text) <= KEY_BYTES and len(words) > 1 and "".join(word[0] for word in words).startswith(text):
        return Match.INITIALS
    return Match.INSIDE if text in name else None


def _is_letter(letter: str) -> bool:
    return not letter.isascii() or letter.isalnum() or letter == "'"


def _note(index: Index, hits: dict[int, tuple[Match, int]], match: Match, places: list[int]) -> None:
    """Note hits: the first of a tag is its best. Of equal ones its own name counts, which stands before its aliases."""
    entries = np.searchsorted(index.starts, np.array(places, dtype=np.int32), "right") - 1
    for entry, tag in zip(entries.tolist(), index.tag_of[entries].tolist(), strict=True):
        if tag not in hits or (hits[tag][0] == match and entry < hits[tag][1]):
            hits[tag] = (match, entry)


def _found(index: Index, best: list[tuple[int, tuple[Match, int]]]) -> list[Found]:
    tags = np.array([tag for tag, _ in best], dtype=np.int32)
    own = np.searchsorted(index.tag_of, tags, "left").tolist()
    columns = [array[tags].tolist() for array in (index.pks, index.counts, index.categories)]
    facts = zip(best, own, *columns, strict=True)
    return [
        Found(pk, index.spelled(name), "" if entry == name else index.spelled(entry), match, count, category)
        for (_, (match, entry)), name, pk, count, category in facts
    ]


def _starting(index: Index, wanted: bytes, limit: int) -> Iterator[tuple[Match, list[int]]]:
    low, _ = _bounds(wanted)
    equal = index.names.all.between(low, low)
    yield Match.EXACT, _smallest(_narrowed(index, equal, wanted + b"\n"), limit)
    # A tag may have several entries among them: its name, and aliases.
    yield Match.PREFIX, _most_used(index, index.names, wanted, 2 * limit)
    yield Match.WORD, _most_used(index, index.words, wanted, 2 * limit)
    if 2 <= len(wanted) <= KEY_BYTES and wanted.isalnum():
        yield Match.INITIALS, _most_used(index, index.initials, wanted, limit, is_whole_key=True)


def _bounds(wanted: bytes) -> tuple[int, int]:
    """Return the least and the greatest key of what starts with these bytes."""
    start = wanted[:KEY_BYTES]
    low = int.from_bytes(start.ljust(KEY_BYTES, b"\x00"), "big")
    return low, int.from_bytes(start.ljust(KEY_BYTES, b"\xff"), "big")


def _most_used(index: Index, tiers: Tiers, wanted: bytes, limit: int, *, is_whole_key: bool = False) -> list[int]:
    """Return the first places where it stands; the tier of all is asked only where the head has too few."""
    low, high = _bounds(wanted)
    found = np.zeros(0, dtype=np.int32)
    for starts in (tiers.head, tiers.all):
        found = starts.between(low, high)
        if not is_whole_key:
            found = _narrowed(index, found, wanted)
        if len(found) >= limit or tiers.head is tiers.all:
            break
    return _smallest(found, limit)


def _narrowed(index: Index, places: Places, wanted: bytes) -> Places:
    """Keep the places whose text goes on as wanted behind the bytes of the key."""
    for offset in range(KEY_BYTES, len(wanted)):
        if len(places) == 0:
            break
        places = places[index.letters[places + np.int32(offset)] == wanted[offset]]
    return places


def _smallest(places: Places, limit: int) -> list[int]:
    if len(places) > limit:
        places = np.partition(places, limit)[:limit]
    return sorted(places.tolist())


def _note_inside(index: Index, wanted: bytes, limit: int, hits: dict[int, tuple[Match, int]]) -> None:
    """Note the entries that hold it anywhere, the most used first, until there are enough tags."""
    bounds, text = index.blocks.bounds, index.text
    read = 0
    for number in index.blocks.perhaps(wanted).tolist():
        at, end = int(bounds[number]), int(bounds[number + 1])
        read += end - at
        places = []
        while (at := text.find(wanted, at, end)) >= 0:
            places.append(at)
            at = text.find(b"\n", at)
        _note(index, hits, Match.INSIDE, places)
        if read > MOST_BYTES or len(hits) >= limit:
            return


def _mistyped(index: Index, text: str, limit: int) -> list[int]:
    variants = _variants(index, text)
    found: set[int] = set()
    for starts in (index.names.all, index.words.all):
        found.update(_of_variants(index, starts, variants))
        found.update(_mistyped_later(index, starts, text))
    return sorted(found)[: 2 * limit]


def _variants(index: Index, text: str) -> list[bytes]:
    """Return the texts that lie one typo within the first letters away."""
    alphabet = _ASCII if text.isascii() else _ASCII + index.alphabet
    variants: set[str] = set()
    for at in range(min(len(text), KEY_BYTES)):
        before, after = text[:at], text[at:]
        variants.add(before + after[1:])
        variants.add(before + after[1:2] + after[:1] + after[2:])
        variants.update(before + letter + after[1:] for letter in alphabet)
        variants.update(before + letter + after for letter in alphabet)
    variants.discard(text)
    # What is only shorter at its end would be anything that starts like it.
    variants.discard(text[:-1])
    return sorted(variant.encode("utf-8", "replace") for variant in variants)


def _of_variants(index: Index, starts: Starts, variants: list[bytes]) -> Iterator[int]:
    bounds = np.array([_bounds(variant) for variant in variants], dtype=np.uint64)
    firsts = np.searchsorted(starts.keys, bounds[:, 0], "left")
    lasts = np.searchsorted(starts.keys, bounds[:, 1], "right")
    for number in np.flatnonzero(firsts < lasts).tolist():
        variant = variants[number]
        places = _smallest(starts.places[firsts[number] : lasts[number]], MOST_OF_A_VARIANT)
        if len(variant) > KEY_BYTES:
            places = [place for place in places if index.text.startswith(variant, place)]
        yield from places


def _mistyped_later(index: Index, starts: Starts, text: str) -> Iterator[int]:
    """Yield places where the first eight bytes are right and one typo comes later."""
    wanted = text.encode("utf-8", "replace")
    if len(wanted) <= KEY_BYTES:
        return
    low, high = _bounds(wanted)
    for place in _smallest(starts.between(low, high), MOST_OF_A_VARIANT * 5):
        there = index.text[place : place + len(wanted) + 4].partition(b"\n")[0].decode("utf-8", "ignore")
        if _starts_one_typo_away(there, text):
            yield place


def _starts_one_typo_away(there: str, text: str) -> bool:
    """Whether a start of the first text becomes the second by one typo."""
    same = sum(1 for _ in islice(_common(there, text), len(text)))
    a, b = there[same:], text[same:]
    return (
        a[1:].startswith(b[1:])
        or a[1:].startswith(b)
        or (len(b) > 1 and a.startswith(b[1:]))
        or (len(b) > 1 and a[:2] == b[1::-1] and a[2:].startswith(b[2:]))
    )


def _common(there: str, text: str) -> Iterator[None]:
    for one, other in zip(there, text, strict=False):
        if one != other:
            return
        yield None
