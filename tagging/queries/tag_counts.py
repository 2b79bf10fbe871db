"""The tags on the images that match a filter, with how many of them have each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.filter_reading import read_filter
from datasets.models import Dataset, Image
from tagging.filters.patterns import literal
from tagging.models import Tag
from tagging.queries.filter_in_memory import find_in_memory
from tagging.queries.image_tags_held import get_image_tags
from tagging.queries.likeness import holds
from tagging.queries.numbers_in import is_one_of

MOST_TAGS = 1_000


@dataclass(frozen=True)
class TagCount:
    """A tag, its category by word and colour, empty where it has none, and on how many images it is."""

    name: str
    category: str
    colour: str
    count: int


@dataclass(frozen=True)
class TagCounts:
    """How many images match, and the tags that are on most of them first."""

    images: int
    tags: list[TagCount]


def get_tag_counts(dataset: Dataset, *, filter: str = "", holding: str = "", limit: int = 200) -> TagCounts:
    """Return the tags on what matches.

    Args:
        dataset: one that the person may see.
        filter: in the filter language; empty for all images.
        holding: only tags whose name has this in it; case and underscores do not count.
        limit: at most `MOST_TAGS`.

    Raises:
        BadFilter: the filter cannot be read.
    """
    matching = Image.objects.filter(read_filter(filter, dataset), dataset=dataset)
    held = get_image_tags(dataset)
    found = find_in_memory(filter, dataset) if filter.strip() else None
    if found is not None:
        images = found.count
        tags, counts = held.count(found.image_ids)
    elif filter.strip():
        ids = np.fromiter(matching.values_list("pk", flat=True).iterator(chunk_size=20_000), dtype=np.int64)
        images = len(ids)
        tags, counts = held.count(ids)
    else:
        images = matching.count()
        tags, counts = held.count()
    return TagCounts(images, _named(tags, counts, holding, max(1, min(limit, MOST_TAGS))))


def _named(tags: np.ndarray, counts: np.ndarray, holding: str, limit: int) -> list[TagCount]:
    # PostgreSQL takes no NUL.
    holding = holding.replace("\x00", "").strip()
    if holding:
        found = Tag.objects.filter(is_one_of("pk", tags.tolist()), holds("name", literal(holding)))
        has_it = np.isin(tags, np.fromiter(found.values_list("pk", flat=True), dtype=np.int64))
        tags, counts = tags[has_it], counts[has_it]
    most = np.lexsort((tags, -counts))[:limit]
    uses = dict(zip(tags[most].tolist(), counts[most].tolist(), strict=True))
    rows = Tag.objects.filter(is_one_of("pk", uses)).select_related("category")
    return sorted(
        (
            TagCount(tag.name, tag.category.name if tag.category else "", _colour(tag), uses[tag.pk])
            for tag in rows
        ),
        key=lambda tag: (-tag.count, tag.name),
    )  # fmt: skip


def _colour(tag: Tag) -> str:
    return tag.category.colour if tag.category else ""
