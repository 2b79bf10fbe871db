"""Pictures that look alike and are both wanted: said once, they are never shown as near-duplicates again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from django.db import transaction

from datasets.models import Dataset, DistinctPair, Image
from datasets.services.datasets import touch_dataset


@transaction.atomic
def keep_apart(dataset: Dataset, image_ids: Sequence[int]) -> int:
    """Note for each two of these images of a dataset that both are wanted; returns how many images they were.

    The pairs grow with the square of the images: ask for a group at a time.
    """
    touch_dataset(dataset.pk)
    present = sorted(Image.objects.filter(dataset=dataset, pk__in=image_ids).values_list("pk", flat=True))
    pairs = [DistinctPair(first_id=first, second_id=second) for first, second in combinations(present, 2)]
    DistinctPair.objects.bulk_create(pairs, batch_size=500, ignore_conflicts=True)
    return len(present)


@transaction.atomic
def forget_apart(dataset: Dataset, image_ids: Sequence[int]) -> None:
    """Take back that each two of these images are wanted."""
    touch_dataset(dataset.pk)
    DistinctPair.objects.filter(first__dataset=dataset, first__in=image_ids, second__in=image_ids).delete()
