"""What is in the trash of a dataset, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from datasets.models import Dataset, Image

MOST_IMAGES_A_PAGE = 500


@dataclass(frozen=True)
class TrashedImage:
    """An image in the trash, since when, and the days until it is deleted for ever."""

    image: Image
    trashed_at: datetime
    days_left: int

    @property
    def trashed_by(self) -> str:
        """The person's name; empty without logins and for who is no longer known."""
        return self.image.trashed_by.get_username() if self.image.trashed_by else ""


@dataclass(frozen=True)
class TrashPage:
    """Images in the trash, the newest there first.

    Attributes:
        next: where to go on, empty at the end.
        total: how many are in the trash in all.
        read_at: when this was read; an emptying names it to spare what comes later.
    """

    images: list[TrashedImage]
    next: str
    total: int
    read_at: datetime


def get_trash_page(dataset: Dataset, *, after: str = "", limit: int = 100) -> TrashPage:
    """Return the images in the trash after a place; nonsense for a place starts at the beginning."""
    limit = max(1, min(limit, MOST_IMAGES_A_PAGE))
    now = timezone.now()
    trashed = Image.everything.in_trash().filter(dataset=dataset)
    rows = list(trashed.filter(_behind(after)).select_related("trashed_by").order_by("-trashed_at", "-pk")[: limit + 1])
    shown = [_trashed(image, now) for image in rows[:limit]]
    return TrashPage(
        images=shown,
        next=_place(rows[limit - 1]) if len(rows) > limit else "",
        total=trashed.count(),
        read_at=now,
    )


def count_trash(dataset: Dataset) -> int:
    """Return how many images are in the trash of a dataset."""
    return Image.everything.in_trash().filter(dataset=dataset).count()


def _place(image: Image) -> str:
    return f"{image.trashed_at:%Y-%m-%dT%H:%M:%S.%fZ}_{image.pk}"


def _behind(place: str) -> Q:
    moment, _, number = place.partition("_")
    try:
        trashed_at = parse_datetime(moment)
        pk = int(number)
    except (ValueError, OverflowError):
        return Q()
    if trashed_at is None or timezone.is_naive(trashed_at) or pk.bit_length() > 63:
        return Q()
    return Q(trashed_at__lt=trashed_at) | Q(trashed_at=trashed_at, pk__lt=pk)


def _trashed(image: Image, now: datetime) -> TrashedImage:
    trashed_at = image.trashed_at or now
    end = trashed_at + timedelta(days=settings.TRASH_DAYS)
    return TrashedImage(image, trashed_at, days_left=max(0, ceil((end - now) / timedelta(days=1))))
