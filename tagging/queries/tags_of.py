"""The tags on a choice of images: on all of them, on some, and on how many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db.models import Count

from datasets.models import Dataset
from tagging.models import ImageTag, Tag
from tagging.queries.image_tags_held import get_image_tags
from tagging.queries.numbers_in import is_one_of
from tagging.queries.tag_counts import TagCount

MOST_TOLD = 1_000
# The database counts so many images as fast as it is asked; for more, what is held in memory is counted.
_COUNTED_BY_DATABASE = 2_000


def get_tags_of(dataset: Dataset, image_ids: Sequence[int]) -> list[TagCount]:
    """Return the tags on images and on how many of them each is, the most frequent first, at most `MOST_TOLD`."""
    if len(image_ids) <= _COUNTED_BY_DATABASE:
        rows = ImageTag.objects.filter(is_one_of("image_id", image_ids)).values_list("tag")
        counts = dict(rows.annotate(count=Count("pk")).order_by())
    else:
        tags, numbers = get_image_tags(dataset).count(np.array(image_ids, dtype=np.int64))
        counts = dict(zip(tags.tolist(), numbers.tolist(), strict=True))
    most = sorted(counts, key=lambda tag: (-counts[tag], tag))[:MOST_TOLD]
    facts = Tag.objects.filter(is_one_of("pk", most)).values_list("pk", "name", "category__name", "category__colour")
    told = [TagCount(name, category or "", colour or "", counts[pk]) for pk, name, category, colour in facts]
    return sorted(told, key=lambda tag: (-tag.count, tag.name))
