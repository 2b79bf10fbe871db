"""What the pages of tagging sessions show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from datasets.models import Dataset, Image
from datasets.permissions import visible_datasets
from sessions_app.models import ImageVisit, TaggingSession
from sessions_app.permissions import own_walks
from tagging.queries.filtering import read_filter

# On the first page; the page of sessions has all of them.
MOST_ON_FIRST_PAGE = 6
_SECONDS_OF_HOUR = 3600
# Of less, a pace would be a guess.
_SHORTEST = 10


@dataclass(frozen=True)
class WalkCard:
    """A walk with its numbers.

    Attributes:
        visited: how many images it has been at.
        tagged: how many of them were edited.
        seconds: time of activity.
        cover_id: the image it is at, else the first one of its dataset; `None` where there is none.
        cover_sha256: names the cover's content in its address.
    """

    walk: TaggingSession
    visited: int
    tagged: int
    seconds: float
    cover_id: int | None
    cover_sha256: str

    @property
    def skipped(self) -> int:
        """How many images were looked at and left as they were."""
        return self.visited - self.tagged

    @property
    def pace(self) -> int:
        """Images an hour; 0 where there is no time to tell it from."""
        return round(self.visited * _SECONDS_OF_HOUR / self.seconds) if self.seconds >= _SHORTEST else 0


def get_walk_cards(user: User | None, *, finished: bool) -> list[WalkCard]:
    """Return this person's walks, the one that was worked on last first, in one query."""
    walks = own_walks(user).filter(finished_at__isnull=not finished)
    return _cards(walks.order_by("-finished_at" if finished else "-last_active_at", "-pk"))


def get_walk_card(walk: TaggingSession) -> WalkCard:
    """Return one walk with its numbers."""
    return _cards(TaggingSession.objects.filter(pk=walk.pk).select_related("dataset"))[0]


def get_open_cards(user: User | None) -> list[WalkCard]:
    """Return where this person can go on: their open walks and their places in datasets, the newest first."""
    begun = TaggingSession.objects.filter(person=user, dataset__in=visible_datasets(user), finished_at=None)
    begun = begun.filter(Q(is_default=False) | Q(current_image__trashed_at=None, current_image__isnull=False))
    return _cards(begun.select_related("dataset").order_by("-last_active_at", "-pk")[:MOST_ON_FIRST_PAGE])


def count_matching(dataset: Dataset, filter_text: str) -> int:
    """Return how many images of a dataset match a filter.

    Raises:
        BadFilter: it cannot be read.
    """
    return Image.objects.filter(read_filter(filter_text, dataset), dataset=dataset).count()


def _cards(walks: QuerySet[TaggingSession]) -> list[WalkCard]:
    first = Image.objects.filter(dataset=OuterRef("dataset")).order_by("position")
    current = Image.objects.filter(pk=OuterRef("current_image"))
    rows: Iterable[TaggingSession] = walks.annotate(
        visited=Count("visits"),
        tagged=Count("visits", filter=Q(visits__outcome=ImageVisit.Outcome.TAGGED)),
        seconds=Sum("visits__seconds", default=0.0),
        current_id=Subquery(current.values("pk")[:1]),
        current_sha256=Subquery(current.values("sha256")[:1]),
        first_id=Subquery(first.values("pk")[:1]),
        first_sha256=Subquery(first.values("sha256")[:1]),
    )
    return [_card(row) for row in rows]


def _card(row: TaggingSession) -> WalkCard:
    found = vars(row)
    has_current = found["current_id"] is not None
    return WalkCard(
        walk=row,
        visited=found["visited"],
        tagged=found["tagged"],
        seconds=found["seconds"],
        cover_id=found["current_id"] if has_current else found["first_id"],
        cover_sha256=(found["current_sha256"] if has_current else found["first_sha256"]) or "",
    )
