"""Sort tags into categories, many at a time, with a way back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from tagging.models import Tag, TagCategory
from tagging.services.vocabulary import bump_vocabulary
from tagging.services.vocabulary_history import note_changes


@transaction.atomic
def sort_tags(keys: Sequence[int], category: TagCategory | None, *, by: User | None) -> dict[int | None, list[int]]:
    """Move tags into a category, or out of all.

    Returns:
        The keys of the tags that moved, by the category that they came from; `unsort_tags` takes this back.
    """
    # In one order for everybody who changes several.
    rows = list(Tag.objects.select_for_update().filter(pk__in=keys).exclude(category=category).order_by("name"))
    came_from: dict[int | None, list[int]] = defaultdict(list)
    for row in rows:
        came_from[row.category_id].append(row.pk)
        row.category = category
    note_changes(Tag, rows, ["category"], by=by, reason=_("sorted by hand"))
    if rows:
        bump_vocabulary()
    return dict(came_from)


@transaction.atomic
def unsort_tags(came_from: Mapping[int | None, Sequence[int]], *, by: User | None) -> int:
    """Move tags back to the categories that they came from, as far as these are there; returns how many."""
    categories = {
        category.pk: category for category in TagCategory.objects.filter(pk__in=[pk for pk in came_from if pk])
    }
    back = 0
    for pk, keys in came_from.items():
        moved = sort_tags(keys, categories.get(pk) if pk else None, by=by)
        back += sum(map(len, moved.values()))
    return back
