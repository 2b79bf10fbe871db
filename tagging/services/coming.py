"""How a tag had come onto its image: noted with the operation that takes it away, and given back with the tag."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.contrib.auth.models import User
from django.utils import timezone

from tagging.models import ImageTag, Source
from tagging.replaying import Came

# What an operation holds of it, in the order of `read_came`.
COLUMNS = ("was_source", "was_added_by_id", "was_added_at")


class _OfRow(TypedDict):
    source: str
    added_by_id: int | None
    added_at: datetime


class _OfOperation(TypedDict):
    was_source: str | None
    was_added_by_id: int | None
    was_added_at: datetime | None


def came_just_now(source: Source, by: User | None) -> Came:
    """Return what is true of a tag that comes now."""
    return Came(source.value, by.pk if by else None, timezone.now())


def how_it_came(row: ImageTag) -> Came:
    """Return how a tag that is on an image came there."""
    return Came(row.source, row.added_by_id, row.added_at)


def read_came(source: str | None, added_by: int | None, added_at: datetime | None) -> Came | None:
    """Return what an operation noted; `None` where it noted nothing, as those of before do."""
    return None if source is None or added_at is None else Came(source, added_by, added_at)


def as_row(came: Came) -> _OfRow:
    """Return it as a tag on an image has it."""
    return {"source": came.source, "added_by_id": came.added_by, "added_at": came.added_at}


def as_noted(came: Came | None) -> _OfOperation:
    """Return it as an operation has it."""
    if came is None:
        return {"was_source": None, "was_added_by_id": None, "was_added_at": None}
    return {"was_source": came.source, "was_added_by_id": came.added_by, "was_added_at": came.added_at}


def give_back(row: ImageTag, came: Came) -> None:
    """Let a tag that is there have come as another one did."""
    row.source, row.added_by_id, row.added_at = came.source, came.added_by, came.added_at
