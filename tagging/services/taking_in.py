"""One tag of the vocabulary takes in another: its aliases, implications and examples, and its name if wished."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from tagging.models import Tag, TagAlias, TagExample, TagImplication
from tagging.queries.rewording import plan_implications
from tagging.services.vocabulary_history import note_changes


@transaction.atomic
def take_in(other: Tag, tag: Tag, *, by: User | None, reason: str, keep_alias: bool) -> None:
    """Give `other` what `tag` has, and delete `tag`.

    Where the dataset keeps `other` for some datasets alone and `tag` for more, it stays as `other` is.

    Args:
        other: the tag that stays.
        tag: the tag that goes; it is on no image any more.
        by: who.
        reason: why, as the history of the vocabulary tells it.
        keep_alias: whether the old name becomes an alias.

    Raises:
        ProtectedError: it is on an image; the transaction is to be rolled back.
    """
    _take_implications(other, tag, by, reason)
    aliases = list(TagAlias.objects.filter(tag=tag))
    for alias in aliases:
        alias.tag = other
    note_changes(TagAlias, aliases, ["tag"], by=by, reason=reason)
    Tag.objects.filter(successor=tag).exclude(pk=other.pk).update(successor=other)
    shown = TagExample.objects.filter(tag=other).values("image")
    TagExample.objects.filter(tag=tag).exclude(image__in=shown).update(tag=other)
    tag._history_user, tag._change_reason = by, reason  # type: ignore[attr-defined]  # how the history is told
    name = tag.name
    tag.delete()
    if keep_alias:
        alias = TagAlias(name=name, tag=other)
        alias._history_user, alias._change_reason = by, reason  # type: ignore[attr-defined]
        alias.save()


def _take_implications(other: Tag, tag: Tag, by: User | None, reason: str) -> None:
    """Move what says something new; the rest goes with the tag."""
    moved = plan_implications(tag, other)
    outgoing = list(TagImplication.objects.filter(tag=tag, implies__in=moved.outgoing))
    for row in outgoing:
        row.tag = other
    incoming = list(TagImplication.objects.filter(implies=tag, tag__in=moved.incoming))
    for row in incoming:
        row.implies = other
    note_changes(TagImplication, outgoing, ["tag"], by=by, reason=reason)
    note_changes(TagImplication, incoming, ["implies"], by=by, reason=reason)
