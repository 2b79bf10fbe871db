"""The tags that are on images of a dataset, with what lint and filters ask of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from datasets.models import Dataset
from tagging.linting.facts import TagUse
from tagging.models import Tag
from tagging.queries.image_tags_held import get_image_tags
from tagging.queries.numbers_in import is_one_of

_AT_ONCE = 20_000


def get_tags_in_use(dataset: Dataset, images: Iterable[int] | None = None) -> list[TagUse]:
    """Return the tags on a dataset's images, or on some of them, the most frequent first.

    Args:
        dataset: which.
        images: numbers of images; `None` for all.
    """
    held = get_image_tags(dataset)
    ids = None
    if images is not None:
        ids = np.fromiter(images, dtype=np.int64)
    tags, counts = held.count(ids)
    uses = dict(zip(tags.tolist(), counts.tolist(), strict=True))
    rows = Tag.objects.filter(is_one_of("pk", uses)).values_list(
        "pk", "name", "category__name", "deprecated_at", "successor__name"
    )
    found = [
        TagUse(name, category or "", uses[pk], deprecated is not None, successor or "", pk)
        for pk, name, category, deprecated, successor in rows.iterator(chunk_size=_AT_ONCE)
    ]
    return sorted(found, key=lambda tag: (-tag.count, tag.name))
