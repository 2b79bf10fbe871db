"""Filters of tags alone, answered by what is held in memory: which images match, in a few milliseconds.

A database looks at each of 100,000 images to count those that have a tag; the arrays of `image_tags_held` tell it at
once. Where they are not held, or the filter asks for anything but tags, the database is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from datasets.filter_reading import Known
from datasets.models import Dataset, Image
from datasets.queries.moments import held_for_a_moment
from tagging.filters import FilterError, parse_filter, tree
from tagging.queries.image_tags_held import ImageTagsHeld, Numbers, get_image_tags_if_held
from tagging.queries.tags_named import get_tags_named

_Mask = NDArray[np.bool_]
# Of more, those of a page are quickly found in the order of the list; and a statement that names thousands of images
# takes longer to write than to answer.
_FEW_IMAGES = 500


@dataclass(frozen=True)
class Matching:
    """What matches a filter of tags.

    Attributes:
        image_ids: the images with tags that match, ascending.
        untagged: how many images without a tag match too: all that there are, or none.
    """

    image_ids: Numbers
    untagged: int

    @property
    def count(self) -> int:
        """How many images match."""
        return len(self.image_ids) + self.untagged


def find_in_memory(text: str, dataset: Dataset) -> Matching | None:
    """Return what matches a filter; `None` where only the database can tell, or where it cannot be read."""
    try:
        node = parse_filter(text)
    except FilterError:
        return None
    if not _is_of_tags(node):
        return None
    held = get_image_tags_if_held(dataset)
    if held is None or not len(held.images):
        return None
    found = _find(node, held)
    if found is None:
        return None
    mask, matches_untagged = found
    there = held.is_there
    untagged = _count_images(dataset) - int(there.sum()) if matches_untagged else 0
    return Matching(np.flatnonzero(mask & there) + held.first_image, untagged)


def know_in_memory(text: str, dataset: Dataset) -> Known | None:
    """Return how many images match a filter, and which where they are few; `None` where only the database can tell."""
    found = find_in_memory(text, dataset)
    if found is None:
        return None
    is_few = not found.untagged and found.count <= _FEW_IMAGES
    return Known(found.count, found.image_ids.tolist() if is_few else None)


def _is_of_tags(node: tree.Node) -> bool:
    if isinstance(node, tree.And | tree.Or):
        return bool(node.nodes) and all(_is_of_tags(each) for each in node.nodes)
    return _is_of_tags(node.node) if isinstance(node, tree.Not) else isinstance(node, tree.Tag)


def _find(node: tree.Node, held: ImageTagsHeld) -> tuple[_Mask, bool] | None:
    """Return which images match, by their place in the table of `held`, and whether one without tags does."""
    if isinstance(node, tree.Tag):
        words = get_tags_named(node.pattern)
        return None if words is None else (held.having(words), False)
    if isinstance(node, tree.Not):
        found = _find(node.node, held)
        return None if found is None else (~found[0], not found[1])
    if not isinstance(node, tree.And | tree.Or):
        raise TypeError(node)
    parts = [_find(each, held) for each in node.nodes]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    join, all_or_any = (np.logical_and, all) if isinstance(node, tree.And) else (np.logical_or, any)
    return reduce(join, [mask for mask, _ in known]), all_or_any(matches for _, matches in known)


def _count_images(dataset: Dataset) -> int:
    return held_for_a_moment(dataset, Image.objects.filter(dataset=dataset).count, "images")
