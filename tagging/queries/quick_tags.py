"""Tags within one press: those on the keys, and those a person added last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User

from datasets.models import Dataset
from tagging.models import QuickTag, Source, Tag, TagOperation

MOST_RECENT = 12
# So far back the newest operations are read: many of them add the same few tags.
_OPERATIONS_READ = 400


@dataclass(frozen=True)
class TagAtHand:
    """A tag, and its category by word and colour; empty where it has none."""

    name: str
    category: str
    colour: str


def get_quick_tags(dataset: Dataset) -> dict[int, TagAtHand]:
    """Return what is on the keys 1 to 9."""
    rows = QuickTag.objects.filter(dataset=dataset).select_related("tag__category").order_by("slot")
    return {row.slot: _at_hand(row.tag) for row in rows}


def get_recent_tags(dataset: Dataset, user: User | None) -> list[TagAtHand]:
    """Return the last different tags that this person added by hand in this dataset, the newest first."""
    names = (
        TagOperation.objects.filter(
            change__dataset=dataset,
            change__done_by=user,
            change__source=Source.PERSON,
            change__undoes=None,
            kind=TagOperation.Kind.ADD,
        )
        .order_by("-id")
        .values_list("tag_name", flat=True)[:_OPERATIONS_READ]
    )
    return _in_order(list(dict.fromkeys(names))[:MOST_RECENT])


def _in_order(names: Iterable[str]) -> list[TagAtHand]:
    wanted = list(names)
    found = {tag.name: tag for tag in Tag.objects.filter(name__in=wanted).select_related("category")}
    return [_at_hand(found[name]) for name in wanted if name in found]


def _at_hand(tag: Tag) -> TagAtHand:
    category = tag.category
    return TagAtHand(tag.name, category.name if category else "", category.colour if category else "")
