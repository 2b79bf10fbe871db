"""Whose gathered bytes something still needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from datasets.models import ImportItem
from datasets.reasons import PASSING

# A person who makes room, or looks why a worker died, does so the same day.
_KEPT_FOR_ANOTHER_TRY = timedelta(days=1)


def may_be_read() -> Q:
    """Return what holds of a file that a worker reads or may read again: it has no end, or may be tried again."""
    lately = timezone.now() - _KEPT_FOR_ANOTHER_TRY
    refused_lately = Q(state=ImportItem.State.FAILED, reason__in=PASSING, finished_at__gt=lately)
    return Q(state__in=ImportItem.UNFINISHED) | refused_lately


def items_in_need(item_ids: Iterable[int]) -> set[int]:
    """Return those whose part files are needed: their own bytes may be read, or those of a file inside them."""
    inside = ImportItem.objects.filter(may_be_read(), archive=OuterRef("pk"))
    needed = ImportItem.objects.filter(may_be_read() | Exists(inside), pk__in=item_ids)
    return set(needed.values_list("pk", flat=True))
