"""Tags within one press: those on the keys, and those a person added last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User

from datasets.models import Dataset
from tagging.models import Change, QuickTag, Source, Tag, TagOperation

MOST_RECENT = 12
# So far back changes and their operations are read, the newest first: many of them add the same few tags.
_CHANGES_READ = 400
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
    changes = Change.objects.filter(dataset=dataset, done_by=user, source=Source.PERSON, undoes=None)
    # First the changes, of which there is an index: else a database looks through the log of everybody.
    newest = list(changes.order_by("-id").values_list("pk", flat=True)[:_CHANGES_READ])
    added = TagOperation.objects.filter(change__in=newest, kind=TagOperation.Kind.ADD)
    names = added.order_by("-id").values_list("tag_name", flat=True)[:_OPERATIONS_READ]
    return _in_order(list(dict.fromkeys(names))[:MOST_RECENT])


def _in_order(names: Iterable[str]) -> list[TagAtHand]:
    wanted = list(names)
    found = {tag.name: tag for tag in Tag.objects.filter(name__in=wanted).select_related("category")}
    return [_at_hand(found[name]) for name in wanted if name in found]


def _at_hand(tag: Tag) -> TagAtHand:
    category = tag.category
    return TagAtHand(tag.name, category.name if category else "", category.colour if category else "")
