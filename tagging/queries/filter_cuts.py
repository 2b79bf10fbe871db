"""What a trainer cuts off a picture, as a condition."""

from __future__ import annotations

from functools import lru_cache

from django.db.models import Q

from datasets.models import Dataset, Image
from tagging.filters.tree import Cut
from tagging.linting.judging import CUT_SIGNS
from tagging.queries.numbers_in import is_one_of
from tagging.trainers.bucketing import BUCKETERS

_HUNDREDTHS = 100


def is_cut(node: Cut, dataset: Dataset) -> Q:
    """Return that a trainer cuts off such a share, by the sums that the trainer itself does."""
    holds = CUT_SIGNS[node.sign]
    sizes = Image.objects.filter(dataset=dataset).order_by().values_list("pk", "width", "height")
    found = [
        pk
        for pk, width, height in sizes.iterator(chunk_size=20_000)
        if holds(get_cut(node.trainer, node.resolution, width, height) * _HUNDREDTHS, node.percent)
    ]
    return is_one_of("pk", found)


@lru_cache(maxsize=50_000)
def get_cut(trainer: str, resolution: int, width: int, height: int) -> float:
    """Return the share of a picture that a trainer cuts off, from 0 to 1, with its usual options."""
    return BUCKETERS[trainer].fit(width, height, resolution).cut
