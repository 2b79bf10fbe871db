"""The trash: deleted images keep their row, place, words and files until their time is over."""

from __future__ import annotations

from datasets.models import Image
from datasets.services.datasets import touch_dataset


class ImageGone(Exception):
    """The image was deleted for ever meanwhile."""


def bring_back(image: Image) -> bool:
    """Take an image out of the trash because its picture was imported again; its tags and place are as they were.

    To be called inside the transaction that notes the end of the import's file, where the dataset's row is held.

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
