"""A made-up vocabulary that is shaped like the field's: few words in most names, and few tags with most of the use."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwyz", "aeiou"
_ENDINGS = ["sh", "ing", "er", "th", "on"]
_SYLLABLES = [first + second for first in _CONSONANTS for second in _VOWELS] + _ENDINGS


def make_tags(count: int, seed: int = 1) -> list[tuple[str, int, int]]:
    """Return tags, the most used first: name, category as lists number it, count."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3)))) for _ in range(max(3_000, count // 12))]
    weights = list(itertools.accumulate(1 / (rank + 5) for rank in range(len(words))))
    names: dict[str, None] = {}
    while len(names) < count:
        parts = chance.choices(words, cum_weights=weights, k=chance.choice((1, 2, 2, 2, 3, 3, 4)))
        name = "_".join(parts)
        if chance.random() < 0.2:
            name += f"_({chance.choices(words, cum_weights=weights)[0]})"
        names[name] = None
    return [(name, chance.choice((0, 0, 0, 1, 3, 4, 5)), 6_000_000 // rank) for rank, name in enumerate(names, start=1)]


def make_aliases(tags: list[tuple[str, int, int]], count: int, seed: int = 2) -> list[tuple[str, str]]:
    """Return aliases with their tags' names."""
    chance = random.Random(seed)
    return [(f"{chance.choice(tags)[0][:14]}_{number}", chance.choice(tags)[0]) for number in range(count)]


def write_list(path: Path, tags: list[tuple[str, int, int]], aliases: list[tuple[str, str]]) -> None:
    """Write them as the field's lists are written."""
    of: dict[str, list[str]] = {}
    for alias, tag in aliases:
        of.setdefault(tag, []).append(alias)
    with path.open("w", encoding="utf-8") as file:
        for name, category, count in tags:
            file.write(f'{name},{category},{count},"{",".join(of.get(name, []))}"\n')
