"""Tags to offer while a person types."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Count, IntegerField, Q, Value, When

from datasets.models import Dataset
from tagging.models import Tag
from tagging.text import one_line

MOST_SUGGESTIONS = 50


@dataclass(frozen=True)
class Suggestion:
    """A tag and on how many images of the dataset it is."""

    name: str
    count: int


def get_suggestions(dataset: Dataset, text: str, limit: int = 10) -> list[Suggestion]:
    """Return the dataset's tags that match: those that start with the text first, then by use, then by name."""
    typed = one_line(text)
    tags = Tag.objects.filter(image_tags__image__dataset=dataset, image_tags__image__trashed_at=None)
    if typed:
        tags = tags.filter(_in_any_case("icontains", typed))
    rows = (
        tags.annotate(count=Count("image_tags"))
        .annotate(
            rank=Case(
                When(_in_any_case("istartswith", typed), then=Value(0)), default=Value(1), output_field=IntegerField()
            )
        )
        .order_by("rank", "-count", "name")
        .values_list("name", "count")[: max(1, min(limit, MOST_SUGGESTIONS))]
    )
    return [Suggestion(name, count) for name, count in rows]


def _in_any_case(lookup: str, typed: str) -> Q:
    """Match without regard to case, as far as a database can: SQLite folds ASCII only, so the usual cases are tried."""
    condition = Q(**{f"name__{lookup}": typed})
    if not typed.isascii():
        for variant in (typed.lower(), typed.upper(), typed.capitalize()):
            condition |= Q(**{f"name__{lookup}": variant})
    return condition
