"""The trash: deleted images keep their row, place, words and files until their time is over.

What is deleted for ever here is only rows; the files of pictures that no row needs any more are freed by
`datasets.services.blobs`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from datasets.batches import batches
from datasets.models import Dataset, Image, ImageQuerySet
from datasets.services.datasets import get_revision, touch_dataset

logger = logging.getLogger(__name__)

MOST_IMAGES_A_CALL = 1000
# Few enough for every database's limit on parameters, and for a short hold of the dataset's row.
_AT_ONCE = 500


class ImageGone(Exception):
    """The image was deleted for ever meanwhile."""


@transaction.atomic
def move_to_trash(dataset: Dataset, image_ids: Sequence[int], *, by: User | None) -> int:
    """Move images of a dataset to its trash, all or none; returns how many were not there already."""
    touch_dataset(dataset.pk)
    present = Image.objects.filter(dataset=dataset)
    marks = {"trashed_at": timezone.now(), "trashed_by": by, "changed_at_revision": get_revision(dataset.pk)}
    return sum(present.filter(pk__in=ids).update(**marks) for ids in batches(image_ids, _AT_ONCE))


@transaction.atomic
def restore(dataset: Dataset, image_ids: Sequence[int] | None, *, by: User | None) -> int:
    """Take images out of the trash, to their places and with their words.

    Args:
        dataset: whose trash.
        image_ids: which; `None` for all.
        by: who asks.

    Returns:
        How many were in the trash.
    """
    touch_dataset(dataset.pk)
    trashed = _trash_of(dataset)
    parts = [trashed] if image_ids is None else (trashed.filter(pk__in=ids) for ids in batches(image_ids, _AT_ONCE))
    marks = {"trashed_at": None, "trashed_by": None, "changed_at_revision": get_revision(dataset.pk)}
    restored = sum(part.update(**marks) for part in parts)
    logger.info("%d images of dataset %s were restored by %s.", restored, dataset.pk, by)
    return restored


def empty_trash(
    dataset: Dataset, image_ids: Sequence[int] | None, *, by: User | None, until: datetime | None = None
) -> int:
    """Delete images in the trash for ever, with their words and history.

    Args:
        dataset: whose trash.
        image_ids: which; `None` for all.
        by: who asks.
        until: spare what came to the trash after this moment: nobody agreed to lose it.

    Returns:
        How many were deleted.
    """
    trashed = _trash_of(dataset)
    if until is not None:
        trashed = trashed.filter(trashed_at__lte=until)
    ids = trashed.values_list("pk", flat=True)
    if image_ids is not None:
        ids = ids.filter(pk__in=image_ids)
    deleted = _delete_for_ever(dataset.pk, trashed, list(ids))
    logger.info("%d images in the trash of dataset %s were deleted for ever by %s.", deleted, dataset.pk, by)
    return deleted


def purge_expired(*, most: int | None = None) -> int:
    """Delete for ever what has been in the trash for `TRASH_DAYS`; returns how many images.

    Args:
        most: stop after about so many; there may be more then.
    """
    expired = Image.everything.in_trash().filter(trashed_at__lte=timezone.now() - timedelta(days=settings.TRASH_DAYS))
    found = list(expired.order_by("dataset_id", "pk").values_list("dataset_id", "pk")[:most])
    by_dataset: dict[int, list[int]] = {}
    for dataset_id, image_id in found:
        by_dataset.setdefault(dataset_id, []).append(image_id)
    deleted = sum(_delete_for_ever(dataset_id, expired, ids) for dataset_id, ids in by_dataset.items())
    if deleted:
        logger.info("%d images left the trash for ever after %d days.", deleted, settings.TRASH_DAYS)
    return deleted


def bring_back(image: Image) -> bool:
    """Take an image out of the trash because its picture was imported again; its tags and place are as they were.

    To be called inside the transaction that notes the end of the import's file.

    Returns:
        Whether it was in the trash.

    Raises:
        ImageGone: the row was deleted for ever since it was read; the picture has to be stored anew.
    """
    touch_dataset(image.dataset_id)
    row = Image.everything.filter(pk=image.pk).first()
    if row is None:
        raise ImageGone(image.pk)
    if row.trashed_at is None:
        return False
    Image.everything.filter(pk=image.pk).update(trashed_at=None, trashed_by=None)
    image.trashed_at, image.trashed_by = None, None
    return True


def _trash_of(dataset: Dataset) -> ImageQuerySet:
    return Image.everything.in_trash().filter(dataset=dataset)


def _delete_for_ever(dataset_id: int, trashed: ImageQuerySet, image_ids: list[int]) -> int:
    """Delete what of these is still in the trash, some at a time so that others can work in between."""
    deleted = 0
    for ids in batches(image_ids, _AT_ONCE):
        with transaction.atomic():
            touch_dataset(dataset_id)
            _all_rows, by_model = trashed.filter(pk__in=ids).delete()
            deleted += by_model.get(Image._meta.label, 0)
    return deleted
