"""Which tags a dataset has, how often, of which category, and which of them go together.

All of it is counted from the tags held in memory: a database takes seconds for what these arrays give in a hundredth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from datasets.models import Dataset
from tagging.linting.rules.tags import MOST_SHARE, is_everywhere, is_the_trigger
from tagging.models import Tag, TagCategory
from tagging.queries.image_tags_held import get_image_tags
from tagging.queries.numbers_in import is_one_of
from tagging.text import one_line

# A tag on more pictures than this share is learned instead of the trigger word; one on fewer is hardly learned at all.
# The first means the same as it does to lint.
COMMON_ABOVE, RARE_BELOW = MOST_SHARE, 0.02
MOST_TOP, MOST_COMMON, MOST_RARE, MOST_TOGETHER = 100, 50, 60, 20

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class TagUse:
    """A tag, its category by word and colour, empty where it has none, and on how many pictures it is.

    Attributes:
        share: of the pictures that have tags.
    """

    name: str
    category: str
    colour: str
    images: int
    share: float


@dataclass(frozen=True)
class CategoryUse:
    """A category, empty for the tags without one: on how many pictures, by how many tags, how often in all."""

    name: str
    colour: str
    images: int
    share: float
    tags: int
    uses: int


@dataclass(frozen=True)
class Pair:
    """Two tags: on how many pictures both are, and which share that is of the pictures with either."""

    first: str
    second: str
    images: int
    share: float


@dataclass(frozen=True)
class Together:
    """The most used tags, and of each two of them on how many pictures both are; on the diagonal the tag alone."""

    tags: list[TagUse]
    images: list[list[int]]

    def pairs(self) -> list[Pair]:
        """Return each two that are on a picture together, those first that are most rarely apart."""
        found = []
        for (y, first), (x, second) in combinations(enumerate(self.tags), 2):
            both = self.images[y][x]
            if both:
                share = both / (first.images + second.images - both)
                found.append(Pair(first.name, second.name, both, share))
        return sorted(found, key=lambda pair: (-pair.share, -pair.images, pair.first, pair.second))


@dataclass(frozen=True)
class Words:
    """The tags of a dataset.

    Attributes:
        images: how many pictures have tags: what every share is a share of.
        tags: how many different tags there are; `uses` how many on pictures in all.
        top: the most used, at most 100.
        categories: the one with most pictures first.
        common: those on too many pictures, the most used first; the trigger word is meant to be everywhere.
        rare: those on too few, the rarest first, at most 60 of `rare_tags`; `single_tags` are on one picture.
    """

    images: int
    tags: int
    uses: int
    top: list[TagUse]
    categories: list[CategoryUse]
    common: list[TagUse]
    rare: list[TagUse]
    rare_tags: int
    single_tags: int
    together: Together

    @property
    def tags_an_image(self) -> float:
        """How many tags a picture has that has any."""
        return self.uses / self.images if self.images else 0.0


def get_words(dataset: Dataset) -> Words:
    """Return the tags of a dataset; after a large change they may be those of some seconds ago."""
    held = get_image_tags(dataset)
    tags, counts = held.count()
    places, of_row = np.unique(held.images, return_inverse=True)
    images = len(places)
    order = np.lexsort((tags, -counts))
    tags, counts = tags[order], counts[order]
    is_rare = counts < RARE_BELOW * images
    rarest = tags[is_rare][::-1][:MOST_RARE]
    top = tags[:MOST_TOP]
    uses = dict(zip(tags.tolist(), counts.tolist(), strict=True))
    named = _name([*top.tolist(), *rarest.tolist()], uses, images)
    common = [named[pk] for pk in top.tolist() if pk in named and is_everywhere(named[pk].images, images)]
    return Words(
        images=images,
        tags=len(tags),
        uses=int(counts.sum()),
        top=[named[pk] for pk in top.tolist() if pk in named],
        categories=_categories(tags, counts, held.tags, of_row, images),
        common=_without_trigger(common, dataset)[:MOST_COMMON],
        rare=sorted((named[pk] for pk in rarest.tolist() if pk in named), key=lambda tag: (tag.images, tag.name)),
        rare_tags=int(is_rare.sum()),
        single_tags=int((counts[is_rare] == 1).sum()),
        together=_together([pk for pk in top[:MOST_TOGETHER].tolist() if pk in named], named, held.tags, of_row),
    )


def _name(pks: Iterable[int], uses: dict[int, int], images: int) -> dict[int, TagUse]:
    rows = Tag.objects.filter(is_one_of("pk", set(pks)))
    return {
        pk: TagUse(name, category or "", colour or "", uses[pk], uses[pk] / images)
        for pk, name, category, colour in rows.values_list("pk", "name", "category__name", "category__colour")
    }


def _without_trigger(tags: list[TagUse], dataset: Dataset) -> list[TagUse]:
    trigger = one_line(dataset.trigger_word)
    return [tag for tag in tags if not is_the_trigger(tag.name, trigger)]


def _categories(tags: Numbers, counts: Numbers, rows: Numbers, of_row: Numbers, images: int) -> list[CategoryUse]:
    """Count each category once on a picture, however many tags of it are there."""
    if not len(tags):
        return []
    sorted_rows = Tag.objects.filter(is_one_of("pk", tags.tolist()), category__isnull=False)
    category_of = dict(sorted_rows.values_list("pk", "category_id"))
    by_tag = np.zeros(int(tags.max()) + 1, dtype=np.int64)
    for pk, category in category_of.items():
        by_tag[pk] = category or 0
    kinds, of_kind = np.unique(by_tag[rows], return_inverse=True)
    pairs = np.unique(of_row * len(kinds) + of_kind)
    on_images = np.bincount(pairs % len(kinds), minlength=len(kinds))
    uses = np.bincount(of_kind, minlength=len(kinds))
    in_use = dict(zip(*(part.tolist() for part in np.unique(by_tag[tags], return_counts=True)), strict=True))
    known = {row.pk: row for row in TagCategory.objects.filter(pk__in=kinds.tolist())}
    found = [
        CategoryUse(
            name=known[pk].name if pk in known else "",
            colour=known[pk].colour if pk in known else "",
            images=int(on_images[place]),
            share=float(on_images[place]) / images,
            tags=in_use.get(pk, 0),
            uses=int(uses[place]),
        )
        for place, pk in enumerate(kinds.tolist())
    ]
    # What has no category stands last: it is the rest.
    return sorted(found, key=lambda category: (category.name == "", -category.images, category.name))


def _together(pks: list[int], named: dict[int, TagUse], rows: Numbers, of_row: Numbers) -> Together:
    count = int(of_row.max()) + 1 if len(of_row) else 0
    # Whole numbers: fractions are multiplied by several threads, which on a busy machine wait for each other.
    has = np.zeros((len(pks), count), dtype=np.int32)
    for column, pk in enumerate(pks):
        has[column, of_row[rows == pk]] = 1
    return Together([named[pk] for pk in pks], (has @ has.T).tolist())
