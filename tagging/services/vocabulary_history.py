"""The history of the words themselves: who changed which tag, alias, category or implication, when and why.

What is saved or deleted one by one is noted by the models. Here is what is changed many at a time. New words that come
in on images or from lists get no entry of their own: there are a hundred thousand of them, and `created_at` says when.
Their first entry is written with their first change, and says what they were before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from simple_history.utils import get_history_manager_for_model

from datasets.batches import batches
from tagging.models import Tag, TagAlias, TagCategory

ModelT = TypeVar("ModelT", bound=Model)

_AT_ONCE = 500


def sign(row: Model, *, by: User | None, reason: str) -> None:
    """Say of a row that is saved or deleted next, who does it and why."""
    vars(row).update(_history_user=by, _change_reason=reason)


def note_first(model: type[Model], keys: Collection[int]) -> None:
    """Note what rows are now, where nothing is noted of them yet: to be called before they are changed."""
    for part in batches(sorted(keys), _AT_ONCE):
        noted = set(get_history_manager_for_model(model).filter(id__in=part).values_list("id", flat=True))
        rows = list(model._default_manager.filter(pk__in=[pk for pk in part if pk not in noted]))
        for row in rows:
            # Nobody knows any more who made it.
            vars(row).update(_history_user=None, _history_date=getattr(row, "created_at", None) or timezone.now())
        get_history_manager_for_model(model).bulk_history_create(rows, batch_size=_AT_ONCE)


def note_now(model: type[Model], keys: Collection[int], *, by: User | None, reason: str) -> None:
    """Note what rows are now, after they were changed."""
    for part in batches(sorted(keys), _AT_ONCE):
        rows = list(model._default_manager.filter(pk__in=part))
        get_history_manager_for_model(model).bulk_history_create(
            rows, batch_size=_AT_ONCE, update=True, default_user=by, default_change_reason=reason
        )


@transaction.atomic
def note_changes(
    model: type[ModelT], rows: Sequence[ModelT], fields: Sequence[str], *, by: User | None, reason: str
) -> None:
    """Store fields of many rows, and note who changed them and why."""
    if not rows:
        return
    note_first(model, [row.pk for row in rows])
    model._default_manager.bulk_update(rows, fields, batch_size=_AT_ONCE)
    get_history_manager_for_model(model).bulk_history_create(
        rows, batch_size=_AT_ONCE, update=True, default_user=by, default_change_reason=reason
    )


def bring_back(names: Sequence[str]) -> bool:
    """Make those of these names tags again that were tags and left the vocabulary, as they were when they left.

    Returns:
        Whether the vocabulary is another one now. A name that became an alias meanwhile is none any more.
    """
    missing = set(names).difference(Tag.objects.filter(name__in=names).values_list("name", flat=True))
    if not missing:
        return False
    aliases = TagAlias.objects.filter(name__in=missing)
    had_alias = aliases.exists()
    for alias in aliases:
        sign(alias, by=None, reason="")
        alias.delete()
    left = Tag.history.filter(name__in=missing, history_type="-").order_by("history_date", "history_id")
    facts = {row["name"]: row for row in left.values("name", "category_id", "description", "deprecated_at")}
    known = set(TagCategory.objects.values_list("pk", flat=True))
    back = [
        Tag(
            name=name,
            category_id=row["category_id"] if row["category_id"] in known else None,
            description=row["description"],
            deprecated_at=row["deprecated_at"],
        )
        for name, row in sorted(facts.items())
    ]
    Tag.objects.bulk_create(back, ignore_conflicts=True)
    return had_alias or bool(back)
