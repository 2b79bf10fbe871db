"""Of pictures that look alike keep one, give it the words of the others, and take that back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from datasets.models import Dataset, Image
from datasets.services.datasets import touch_dataset
from datasets.services.trash import move_to_trash, restore
from tagging.models import Change, Source, TagOperation
from tagging.queries.duplicates import Words, get_words, words_to_gain
from tagging.services.labelling import Edit, apply_edits
from tagging.services.undoing import NothingToUndo, undo_change

# Of one picture kept: as many as the tags of a group can be, and more.
_MOST_WORDS = 2000

Kind = TagOperation.Kind


class GroupChanged(Exception):
    """The picture to keep is not there any more; the text is a sentence."""


@dataclass(frozen=True)
class Kept:
    """What was done to one group, and all it takes to undo it.

    Attributes:
        keep: the image that stays.
        trash: the images that went to the trash just now, not those that were there before.
        batch: the key of the change that gave the kept one its new words.
        tags: which tags it was given, in order.
    """

    keep: int
    trash: list[int]
    batch: uuid.UUID
    tags: list[str] = field(default_factory=list)


@transaction.atomic
def keep_one(dataset: Dataset, keep_id: int, trash_ids: Sequence[int], *, merge_tags: bool, by: User | None) -> Kept:
    """Keep one image and move others to the trash.

    Args:
        dataset: whose images; those of others are left alone.
        keep_id: the one that stays.
        trash_ids: those that go; their order is that in which their tags follow the kept one's.
        merge_tags: give the kept one the tags that it lacks and, if it has no caption, the longest of the others.
        by: who.

    Raises:
        GroupChanged: the image to keep was deleted meanwhile; nothing is done.
    """
    touch_dataset(dataset.pk)
    present = Image.objects.filter(dataset=dataset).in_bulk([keep_id, *trash_ids])
    if keep_id not in present:
        raise GroupChanged(
            _("The picture to keep was deleted meanwhile. Nothing was changed: look at the group again.")
        )
    going = [pk for pk in dict.fromkeys(trash_ids) if pk in present and pk != keep_id]
    batch = uuid.uuid4()
    gained = Words([], "")
    if merge_tags:
        words = get_words([keep_id, *going])
        gained = words_to_gain(words[keep_id], [words[pk] for pk in going])
        _give(present[keep_id], gained, batch, version=words[keep_id].caption_version, by=by)
    move_to_trash(dataset, going, by=by)
    return Kept(keep_id, going, batch, gained.tags)


@transaction.atomic
def undo_keep(dataset: Dataset, kept: Kept, *, by: User | None) -> int:
    """Bring back what went to the trash, and take away the words that the kept one was given for it.

    A word that somebody touched since (moved, removed, added again; a caption written over) stays as it is now.

    Returns:
        How many images came back.
    """
    touch_dataset(dataset.pk)
    restored = restore(dataset, kept.trash, by=by)
    _take_back(dataset, kept.batch, by)
    return restored


def _give(image: Image, gained: Words, batch: uuid.UUID, *, version: int, by: User | None) -> None:
    edits = [Edit(uuid.uuid4(), Kind.ADD, tag, group=batch) for tag in gained.tags[: _MOST_WORDS - 1]]
    if gained.caption:
        edits.append(Edit(uuid.uuid4(), Kind.CAPTION, text=gained.caption, version=version, group=batch))
    if edits:
        apply_edits(image, edits, by=by, source=Source.BULK, reason=_("Words of pictures that look alike"))


def _take_back(dataset: Dataset, batch: uuid.UUID, by: User | None) -> None:
    """Take away the words of a batch that nobody has touched since."""
    change = Change.objects.filter(dataset=dataset, key=batch).first()
    if change is None:
        return
    with suppress(NothingToUndo):
        undo_change(change, by=by, key=uuid.uuid5(batch, "undo"))
