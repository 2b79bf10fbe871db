"""The tags under the keys 1 to 9 of a dataset, the same for everybody who works in it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from datasets.models import Dataset
from datasets.services.datasets import touch_dataset
from tagging.models import QuickTag
from tagging.services.rules import settle
from tagging.services.vocabulary import checked_name

SLOTS = range(1, 10)


class NoSlotLeft(Exception):
    """All nine keys have a tag; the text is a sentence."""


class NoSuchSlot(Exception):
    """Quick tags lie on the keys 1 to 9; the text is a sentence."""


@transaction.atomic
def pin_tag(dataset: Dataset, text: str, *, slot: int | None = None) -> None:
    """Put a tag on a key; without a key on the first that is free.

    A tag that has another key already changes places with what is on this one, so that nothing is lost by moving; a
    tag that has none takes the place of what was there.

    Raises:
        TagRefused: what was given is no tag, or one that is not used any more.
        NoSuchSlot: the key is not 1 to 9.
        NoSlotLeft: no key was named and none is free.
    """
    _check(slot)
    name = checked_name(text)
    touch_dataset(dataset.pk)  # holds the dataset's row: two who pin come one after the other
    tag = settle([name], dataset.pk).tags[name]
    pinned = {row.slot: row for row in QuickTag.objects.filter(dataset=dataset)}
    here = next((row for row in pinned.values() if row.tag_id == tag.pk), None)
    if here is not None and slot in {None, here.slot}:
        return
    wanted = slot if slot is not None else _first_free(pinned)
    there = pinned.get(wanted)
    # Two rows never hold one key, not even for a moment: both leave before either comes back.
    QuickTag.objects.filter(pk__in=[row.pk for row in (here, there) if row is not None]).delete()
    QuickTag.objects.create(dataset=dataset, slot=wanted, tag=tag)
    if here is not None and there is not None:
        QuickTag.objects.create(dataset=dataset, slot=here.slot, tag_id=there.tag_id)


@transaction.atomic
def unpin_tag(dataset: Dataset, slot: int) -> None:
    """Free a key; one that is free stays so.

    Raises:
        NoSuchSlot: the key is not 1 to 9.
    """
    _check(slot)
    touch_dataset(dataset.pk)
    QuickTag.objects.filter(dataset=dataset, slot=slot).delete()


def _check(slot: int | None) -> None:
    if slot is not None and slot not in SLOTS:
        raise NoSuchSlot(_("Quick tags lie on the keys 1 to 9; there is no key %(slot)d.") % {"slot": slot})


def _first_free(pinned: dict[int, QuickTag]) -> int:
    free = next((slot for slot in SLOTS if slot not in pinned), None)
    if free is None:
        raise NoSlotLeft(_("All nine keys have a tag. Choose the one that this tag takes the place of."))
    return free
