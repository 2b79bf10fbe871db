"""Tags to offer while a person types.

Ranked by how they match, then by what goes with the tags already on the picture, then by use in this dataset, then by
the vocabulary's count, then by name. The whole vocabulary answers from memory (`tagging/queries/vocabulary.py`), and so
do the dataset's own tags (`dataset_words.py`); the limits of the search stand in `tagging/suggesting/finding.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from datasets.models import Dataset
from tagging.queries.dataset_words import DatasetWords, get_dataset_words
from tagging.queries.rules import Reader
from tagging.queries.vocabulary import Category, Vocabulary, get_vocabulary
from tagging.suggesting import Found, Match, find, find_mistyped, fold, match_of

MOST_SUGGESTIONS = 50
# Where fewer were found, a typo is thought of.
FEW = 5

MatchName = Literal["exact", "prefix", "word", "initials", "inside", "typo"]
_NAMES: dict[Match, MatchName] = {
    Match.EXACT: "exact",
    Match.PREFIX: "prefix",
    Match.WORD: "word",
    Match.INITIALS: "initials",
    Match.INSIDE: "inside",
    Match.TYPO: "typo",
}


@dataclass(frozen=True)
class Suggestion:
    """A tag to offer.

    Attributes:
        count: on how many images of the dataset it is.
        match: how it matches.
        alias: the alias that matched; empty where the name did.
        together: the share of pictures with the same tags that have it as well, a mean over those tags.
    """

    name: str
    count: int
    match: MatchName
    alias: str = ""
    category: Category | None = None
    vocabulary_count: int = 0
    together: float = 0.0


@dataclass(frozen=True)
class _Sources:
    vocabulary: Vocabulary
    words: DatasetWords
    together: dict[int, float]


def get_suggestions(dataset: Dataset, text: str, limit: int = 10, *, with_tags: Sequence[str] = ()) -> list[Suggestion]:
    """Return the tags that match, best first; without text what goes with the picture, then what is used most here.

    What takes the place of a tag that is not used any more is offered instead of it, what is meant for other datasets
    is not, and names are spelled as the dataset does.

    Args:
        dataset: whose use counts.
        text: as it was typed.
        limit: at most `MOST_SUGGESTIONS`.
        with_tags: the tags on the picture.
    """
    limit = max(1, min(limit, MOST_SUGGESTIONS))
    vocabulary = get_vocabulary()
    words = get_dataset_words(dataset, vocabulary)
    sources = _Sources(vocabulary, words, words.goes_with(with_tags))
    typed = fold(text)
    found = _matching(sources, typed, limit) if typed else _most_used(sources, limit)
    here = _as_used_here(found, Reader.of(dataset.pk))
    ranked = sorted((_ranked(sources, each) for each in here), key=lambda pair: pair[0])
    named: dict[str, Suggestion] = {}
    for _, suggestion in ranked:
        named.setdefault(suggestion.name, suggestion)
    return list(named.values())[:limit]


def _as_used_here(found: Sequence[Found], reader: Reader) -> list[Found]:
    used = reader.in_use(each.pk for each in found)
    here = []
    for each in found:
        tag = used.get(each.pk)
        if tag is None:
            continue
        if tag.pk != each.pk:
            alias = each.alias or each.name
            each = replace(each, pk=tag.pk, alias=alias, count=tag.vocabulary_count, category=tag.category_id or 0)
        here.append(replace(each, name=reader.spelled(tag.name)))
    return here


def _most_used(sources: _Sources, limit: int) -> list[Found]:
    numbers = dict.fromkeys([*list(sources.together)[:limit], *range(min(limit, len(sources.words.index)))])
    return [_own(sources.words, number, Match.EXACT) for number in numbers]


def _matching(sources: _Sources, typed: str, limit: int) -> list[Found]:
    indexes = (sources.words.index, sources.vocabulary.index, sources.vocabulary.newer)
    found = _merged([*(each for index in indexes for each in find(index, typed, limit)), *_together(sources, typed)])
    if len(found) < FEW:
        mistyped = [each for index in indexes for each in find_mistyped(index, typed, limit)]
        found = _merged([*found, *mistyped])
    return found


def _together(sources: _Sources, typed: str) -> Iterable[Found]:
    """What goes with the picture, whether or not it is used often enough to be found otherwise."""
    for number in sources.together:
        match = match_of(sources.words.folded[number], typed)
        if match is not None:
            yield _own(sources.words, number, match)


def _own(words: DatasetWords, number: int, match: Match) -> Found:
    index = words.index
    name = index.spelled(index.name_entry(number))
    return Found(int(index.pks[number]), name, "", match, int(index.counts[number]), int(index.categories[number]))


def _merged(found: Iterable[Found]) -> list[Found]:
    """Return each tag once, by its best match; by its own name rather than by an alias."""
    best: dict[int, Found] = {}
    for each in found:
        there = best.get(each.pk)
        if there is None or (each.match, bool(each.alias)) < (there.match, bool(there.alias)):
            best[each.pk] = each
    return list(best.values())


def _ranked(sources: _Sources, found: Found) -> tuple[tuple[object, ...], Suggestion]:
    vocabulary, words = sources.vocabulary, sources.words
    number = words.numbers.get(found.name, -1)
    use = int(words.index.counts[number]) if number >= 0 else 0
    # An index of the dataset's own counts its use; the vocabulary's count stands beside it.
    total = words.vocabulary_counts.get(found.pk, found.count) if number >= 0 else found.count
    together = sources.together.get(number, 0.0)
    suggestion = Suggestion(
        name=found.name,
        count=use,
        match=_NAMES[found.match],
        alias=found.alias,
        category=vocabulary.categories.get(found.category),
        vocabulary_count=total,
        together=together,
    )
    return (found.match, -together, -use, -total, found.name), suggestion
