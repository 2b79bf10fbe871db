"""Edits of the words on one image: operations, merged in the order they arrive.

An operation says what a person did, never what the whole list should be; so two people who add different tags to one
image both win. Each carries a key made where it happened: sent twice, it counts once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from datasets.models import Image
from datasets.services.datasets import touch_dataset
from tagging.models import Caption, Change, ImageTag, Source, Tag, TagOperation
from tagging.queries.state import ImageState, get_image_state
from tagging.services.changes import mark_edited, open_change
from tagging.services.vocabulary import checked_name, resolve_aliases, tags_meant
from tagging.services.writing import CLOSEST, STEP, Writing, number_anew, open_numbering
from tagging.text import LONGEST_CAPTION, one_line


class CaptionTooLong(Exception):
    """The caption has more characters than are kept; the text is a sentence."""


class StaleCaption(Exception):
    """Somebody else saved the caption meanwhile; `state` is what is stored."""

    def __init__(self, state: ImageState) -> None:
        super().__init__(
            _("Somebody changed this caption while you were writing. Nothing was overwritten: choose which text stays.")
        )
        self.state = state


class _CaptionMovedOn(Exception):
    """The caption's version is not the one that was edited."""


@dataclass(frozen=True)
class Edit:
    """One operation as it arrives.

    Attributes:
        key: made where it happened, unique for ever.
        kind: add, remove or move a tag; or set the caption.
        tag: the tag's name, for the first three.
        before: the tag it goes in front of; `None` for the end.
        text: the caption's new text.
        version: the caption's version that was edited; 0 where there was none.
        group: the same for all operations of one action: they are one entry of the history and are undone together.
        undoes: the key of the operation, or the group of operations, that this one takes back: the history tells of
            it where this leads back to what was there before. A key of nothing on this image says nothing.
    """

    key: uuid.UUID
    kind: TagOperation.Kind
    tag: str = ""
    before: str | None = None
    text: str = ""
    version: int = 0
    group: uuid.UUID | None = None
    undoes: uuid.UUID | None = None


@dataclass(frozen=True)
class _Call:
    """Who edits, how and why, what they take back with it, the tags that are added, and the entries, by key."""

    by: User | None
    source: Source
    reason: str
    undoes: Change | None
    tags: dict[str, Tag] = field(default_factory=dict)
    changes: dict[tuple[uuid.UUID, int | None], Change] = field(default_factory=dict)

    def change(self, group: uuid.UUID | None, dataset_id: int, undone: Change | None) -> Change:
        """Return the entry of the history of a group, which is looked up once; a new one where there is no group."""
        undoes = undone or self.undoes
        key = group or uuid.uuid4()
        place = (key, undoes.pk if undoes else None)
        if place not in self.changes:
            self.changes[place] = open_change(
                key,
                dataset_id,
                by=self.by,
                source=self.source,
                reason=self.reason,
                undoes=undoes,
                is_new=group is None,
            )
        return self.changes[place]


def apply_edits(
    image: Image,
    edits: Sequence[Edit],
    *,
    by: User | None,
    source: Source = Source.PERSON,
    reason: str = "",
    undoes: Change | None = None,
) -> ImageState:
    """Apply operations in order, all or none, and return the image's words afterwards.

    Raises:
        TagRefused: a name that cannot be a tag.
        StaleCaption: the caption was saved by somebody else since it was read.
        CaptionTooLong: more than 20,000 characters.
        Image.DoesNotExist: the image was deleted for ever meanwhile.
    """
    try:
        return _apply_all(image, edits, _Call(by, source, reason, undoes))
    except _CaptionMovedOn as error:
        # Read again: what this call did before it met the caption is undone by now.
        raise StaleCaption(get_image_state(image)) from error


@transaction.atomic
def _apply_all(image: Image, edits: Sequence[Edit], call: _Call) -> ImageState:
    # Holds the dataset's row: operations on one image come one after the other.
    touch_dataset(image.dataset_id)
    # Raises where it was deleted for ever since it was read; under the lock it stays.
    review_state = Image.everything.values_list("review_state", flat=True).get(pk=image.pk)
    known = set(TagOperation.objects.filter(key__in=[edit.key for edit in edits]).values_list("key", flat=True))
    # New words in one order for everybody: two datasets that make the same ones would wait for each other for ever.
    call.tags.update(
        tags_meant(sorted({checked_name(edit.tag) for edit in edits if edit.kind == TagOperation.Kind.ADD}))
    )
    applied = False
    for edit in edits:
        if edit.key in known:
            continue
        known.add(edit.key)
        applied |= _apply(image, edit, call)
    if applied:
        _count_edit(image, review_state, call.by)
    return get_image_state(image)


def _apply(image: Image, edit: Edit, call: _Call) -> bool:
    """Apply one operation and note it; returns whether it changed something: what did not is no edit."""
    kind = TagOperation.Kind
    before: object
    after: object
    name = ""
    if edit.kind == kind.CAPTION:
        before, after = _set_caption(image, edit, call.by)
    else:
        name = _stored_name(image, edit, call)
        actions = {kind.ADD: _add, kind.REMOVE: _remove, kind.MOVE: _move}
        before, after = actions[edit.kind](image, name, edit.before, call)
    undone = _find_undone(image, edit, name, before, after)
    change = call.change(edit.group, image.dataset_id, undone)
    TagOperation.objects.create(
        key=edit.key, change=change, image=image, kind=edit.kind, tag_name=name, before=before, after=after
    )
    # A saved caption has a new version, also with the same text: every page must hear of it.
    return before != after or edit.kind == kind.CAPTION


def _find_undone(image: Image, edit: Edit, name: str, before: object, after: object) -> Change | None:
    """Return the entry that an operation takes back; none where it leads elsewhere than to what was there before."""
    if edit.undoes is None or before == after:
        return None
    is_meant = Q(key=edit.undoes) | Q(change__key=edit.undoes)
    steps = TagOperation.objects.filter(is_meant, image=image, tag_name=name).select_related("change")
    step = steps.order_by("pk").first()
    if step is None:
        return None
    if edit.kind == TagOperation.Kind.CAPTION:
        return step.change if (step.before or "") == after else None
    return step.change if (step.before is None) == (after is None) else None


def _stored_name(image: Image, edit: Edit, call: _Call) -> str:
    """Return the name of the tag that is meant: an alias is never on an image."""
    name = checked_name(edit.tag)
    if name in call.tags:
        return call.tags[name].name
    if ImageTag.objects.filter(image=image, tag__name=name).exists():
        return name
    return resolve_aliases([name]).get(name, name)


def _add(image: Image, name: str, before: str | None, call: _Call) -> tuple[float | None, float | None]:
    there = ImageTag.objects.filter(image=image, tag__name=name).first()
    if there is not None:
        return there.position, there.position
    position = _place(image, before)
    ImageTag.objects.create(image=image, tag=call.tags[name], position=position, source=call.source, added_by=call.by)
    return None, position


def _remove(image: Image, name: str, before: str | None, call: _Call) -> tuple[float | None, float | None]:
    there = ImageTag.objects.filter(image=image, tag__name=name).first()
    if there is None:
        return None, None
    there.delete()
    return there.position, None


def _move(image: Image, name: str, before: str | None, call: _Call) -> tuple[float | None, float | None]:
    there = ImageTag.objects.filter(image=image, tag__name=name).first()
    if there is None:
        return None, None  # somebody removed it meanwhile: there is nothing to move
    if before == name:
        return there.position, there.position
    position = _place(image, before, moving=there.pk)
    # Read again: its own place has another number where the others left none for it.
    there.refresh_from_db(fields=["position"])
    old, there.position = there.position, position
    there.save(update_fields=["position"])
    return old, position


def _place(image: Image, before: str | None, moving: int | None = None) -> float:
    """Return a position in front of a tag, or at the end where that tag is not there (any more)."""
    others = ImageTag.objects.filter(image=image)
    if moving is not None:
        others = others.exclude(pk=moving)
    target = others.filter(tag__name=one_line(before)).first() if before else None
    if target is None:
        last = others.aggregate(last=Max("position"))["last"]
        return STEP if last is None else float(last) + STEP
    previous = others.filter(position__lt=target.position).aggregate(last=Max("position"))["last"]
    if previous is None:
        return target.position - STEP
    if target.position - previous < CLOSEST * max(1.0, abs(target.position)):
        _number_anew(image)
        return _place(image, before, moving)
    return float((previous + target.position) / 2)


def _number_anew(image: Image) -> None:
    rows = list(ImageTag.objects.filter(image=image).select_related("tag").order_by("position", "pk"))
    writing = Writing(moved_rows=rows)
    number_anew(rows, open_numbering(image.dataset_id), writing)
    writing.write({}, by=None)


def _set_caption(image: Image, edit: Edit, by: User | None) -> tuple[str | None, str]:
    # NUL and half an emoji (a lone surrogate) can be typed into JSON, but no database stores them.
    text = edit.text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()
    if not one_line(text):
        text = ""  # invisible signs alone say nothing: the image is not tagged by them
    if len(text) > LONGEST_CAPTION:
        raise CaptionTooLong(
            _("The caption has %(count)d characters; %(limit)d are kept. Shorten it.")
            % {"count": len(text), "limit": LONGEST_CAPTION}
        )
    caption = Caption.objects.filter(image=image).first()
    if caption is None:
        if edit.version != 0:
            raise _CaptionMovedOn
        Caption.objects.create(image=image, text=text, updated_by=by)
        return None, text
    old = caption.text
    if caption.version != edit.version:
        raise _CaptionMovedOn
    caption.text, caption.updated_by = text, by
    caption.version += 1
    caption.save(update_fields=["text", "version", "updated_by", "updated_at"])
    return old, text


def _count_edit(image: Image, review_state: str, by: User | None) -> None:
    tagged = (
        ImageTag.objects.filter(image=image).exists() or Caption.objects.filter(image=image).exclude(text="").exists()
    )
    mark_edited([image.pk], image.dataset_id, is_tagged=tagged, by=by, states={image.pk: review_state})
