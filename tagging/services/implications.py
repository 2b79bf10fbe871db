"""What a tag says as well, and what takes the place of one that is not used any more."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tagging.models import Tag, TagImplication
from tagging.services.vocabulary import bump_vocabulary
from tagging.services.vocabulary_history import note_first, sign


class ImplicationCircle(Exception):
    """An implication would lead back to its own tag; the text names the way. `names` is that way."""

    def __init__(self, names: Sequence[str]) -> None:
        way = " → ".join(f"“{name}”" for name in names)
        super().__init__(
            _("This leads in a circle: %(way)s. Take one of these implications away first.") % {"way": way}
        )
        self.names = list(names)


class SuccessorCircle(Exception):
    """A tag would take its own place; the text names the way."""

    def __init__(self, names: Sequence[str]) -> None:
        way = " → ".join(f"“{name}”" for name in names)
        super().__init__(_("This leads in a circle: %(way)s. Choose another tag that takes its place.") % {"way": way})
        self.names = list(names)


@transaction.atomic
def add_implication(tag: Tag, implies: Tag, *, by: User | None = None) -> TagImplication:
    """Let a tag say another one as well; one that is there already is returned.

    Images are left as they are: it holds for what comes in from now on.

    Raises:
        ImplicationCircle: it would lead back to the tag; nothing is changed.
    """
    # Counts first, which holds its row: of two who close a circle at once the second sees what the first did.
    bump_vocabulary()
    check_no_circle(tag, implies)
    row = TagImplication.objects.filter(tag=tag, implies=implies).first()
    if row is None:
        row = TagImplication(tag=tag, implies=implies)
        sign(row, by=by, reason="")
        row.save()
    return row


def check_no_circle(tag: Tag, implies: Tag, *, but_for: int | None = None) -> None:
    """Check that an implication would not lead back to its own tag.

    Args:
        tag: what would imply.
        implies: what would be implied.
        but_for: the number of an implication that this one takes the place of.

    Raises:
        ImplicationCircle: it would; the text names the way.
    """
    way = _way(implies.pk, tag.pk, but_for)
    if way:
        names = dict(Tag.objects.filter(pk__in=[tag.pk, *way]).values_list("pk", "name"))
        raise ImplicationCircle([names[pk] for pk in [tag.pk, *way]])


def _way(start: int, end: int, but_for: int | None) -> list[int]:
    """Return the shortest way along implications from one tag to another, both included; empty where there is none."""
    came_from: dict[int, int | None] = {start: None}
    front = [start]
    while front and end not in came_from:
        rows = TagImplication.objects.filter(tag__in=front).order_by("pk")
        front = []
        for pk, one, other in rows.values_list("pk", "tag", "implies"):
            if other not in came_from and pk != but_for:
                came_from[other] = one
                front.append(other)
    way: list[int] = []
    at = end if end in came_from else None
    while at is not None:
        way.append(at)
        at = came_from[at]
    return way[::-1]


@transaction.atomic
def deprecate_tag(tag: Tag, successor: Tag | None, *, by: User | None = None) -> None:
    """Take a tag out of use from now on; images keep it where they have it.

    Args:
        tag: which.
        successor: what takes its place; it may be out of use itself, then its own successor counts.
        by: who.

    Raises:
        SuccessorCircle: the successor leads back to the tag; nothing is changed.
    """
    bump_vocabulary()
    way, at = [tag.name], successor
    while at is not None:
        way.append(at.name)
        if at.pk == tag.pk:
            raise SuccessorCircle(way)
        if len(set(way)) < len(way):
            break  # a circle of others: that one is theirs
        at = at.successor
    note_first(Tag, [tag.pk])
    sign(tag, by=by, reason="")
    tag.deprecated_at, tag.successor = tag.deprecated_at or timezone.now(), successor
    tag.save(update_fields=["deprecated_at", "successor"])
