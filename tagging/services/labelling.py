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
from django.db.models import Q
from django.utils.translation import gettext as _

from datasets.models import Image
from datasets.services.datasets import touch_dataset
from tagging.models import Caption, Change, ImageTag, Source, Spelling, Tag, TagKeptAway, TagOperation
from tagging.queries.doubts import find_doubts
from tagging.queries.rules import Reader
from tagging.queries.state import ImageState, get_image_state
from tagging.replaying import Came
from tagging.services.changes import mark_edited, open_change
from tagging.services.coming import COLUMNS, as_noted, as_row, came_just_now, how_it_came, read_came
from tagging.services.doubting import TagDoubted
from tagging.services.implying import TagImplied, came_along, find_impliers, implied_key, to_follow
from tagging.services.placing import place, place_behind
from tagging.services.rules import settle, words_meant
from tagging.services.vocabulary import TagRefused, checked_name, get_tags
from tagging.services.writing import Kind
from tagging.text import LONGEST_CAPTION, one_line


class CaptionTooLong(Exception):
    """The caption has more characters than are kept; the text is a sentence."""


class KeyTaken(TagRefused):
    """An edit's key is that of an edit of another image; the text is a sentence."""


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
        is_meant: false for what was typed just now: a new tag that looks like a slip is asked about.
        with_impliers: with a tag that follows from others, remove those.
        keep_impliers: remove just this tag, though it follows from others; no rule adds it to this image again.
        undoes: the key of the operation, or the group of operations, that this one takes back: the history tells of
            it where this leads back to what was there before. A key of nothing on this image says nothing. Where it is
            an operation's, a word comes back as it was, without the rules of today, and what came along with it goes
            and comes with it.
    """

    key: uuid.UUID
    kind: TagOperation.Kind
    tag: str = ""
    before: str | None = None
    text: str = ""
    version: int = 0
    group: uuid.UUID | None = None
    is_meant: bool | None = None
    with_impliers: bool = False
    keep_impliers: bool = False
    undoes: uuid.UUID | None = None


@dataclass(frozen=True)
class _Call:
    """Who edits, how and why, what they take back with it, what the names mean, and the entries, by key.

    Attributes:
        tags: of the names that are added.
        implied: what follows from them.
        originals: the operations that edits of this call take back, by the key of that edit.
        leaving: the names that this call removes.
    """

    by: User | None
    source: Source
    reason: str
    undoes: Change | None
    tags: dict[str, Tag] = field(default_factory=dict)
    implied: dict[str, list[Tag]] = field(default_factory=dict)
    originals: dict[uuid.UUID, TagOperation | None] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)
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


@dataclass
class _Step:
    """One edit while it is applied to an image; the entry of the history is known with its own operation."""

    image: Image
    edit: Edit
    call: _Call
    change: Change | None = None

    def note(
        self, name: str, before: object, after: object, kind: Kind | None = None, came: Came | None = None
    ) -> TagOperation:
        """Write the operation of the edit, then those of tags that come along with it: they say their `kind`.

        `came` is how the tag had come that goes or comes back.
        """
        if self.change is None:
            undone = _find_undone(self.image, self.edit, name, before, after)
            self.change = self.call.change(self.edit.group, self.image.dataset_id, undone)
        return TagOperation.objects.create(
            key=self.edit.key if kind is None else implied_key(self.edit.key, name),
            change=self.change,
            image=self.image,
            kind=kind or self.edit.kind,
            tag_name=name,
            before=before,
            after=after,
            **as_noted(came),
        )

    def put(self, tag: Tag, position: float, source: Source, came: Came | None) -> None:
        """Put a tag onto the image; one that comes back is again what it was, in which way it came back."""
        facts = as_row(came or came_just_now(source, self.call.by))
        ImageTag.objects.create(image=self.image, tag=tag, position=position, **facts)

    def row(self, name: str) -> ImageTag | None:
        """Return the tag on the image, if it is there."""
        return ImageTag.objects.filter(image=self.image, tag__name=name).first()

    @property
    def original(self) -> TagOperation | None:
        """The operation that this edit takes back; it may be one of an earlier edit of the same call."""
        originals, key = self.call.originals, self.edit.key
        if key not in originals:
            originals[key] = _find_originals(self.image, [self.edit]).get(key)
        return originals[key]


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
        TagRefused: a name that cannot be a tag; `TagDeprecated` where it is one that is not used any more.
        TagDoubted: a new name that is one letter away from a tag that is used much, and `is_meant` is false.
        TagImplied: a tag that follows from others, which stay, is to be removed, and the edit does not say how.
        StaleCaption: the caption was saved by somebody else since it was read.
        CaptionTooLong: more than 20,000 characters.
        Image.DoesNotExist: the image was deleted for ever meanwhile.
    """
    _check_doubts(image, edits)
    try:
        return _apply_all(image, edits, _Call(by, source, reason, undoes))
    except _CaptionMovedOn as error:
        # Read again: what this call did before it met the caption is undone by now.
        raise StaleCaption(get_image_state(image)) from error


def _check_doubts(image: Image, edits: Sequence[Edit]) -> None:
    """Ask about new tags that look like slips, all at once; outside of the transaction, as nothing is stored yet."""
    typed = {checked_name(edit.tag): edit for edit in edits if edit.kind == Kind.ADD and edit.is_meant is False}
    if not typed:
        return
    doubts = find_doubts(list(typed), image.dataset_id)
    asked = [TagDoubted(typed[name].key, name, meant) for name, meant in doubts.items()]
    if asked:
        raise TagDoubted(asked[0].key, asked[0].tag, asked[0].meant, also=asked[1:])


@transaction.atomic
def _apply_all(image: Image, edits: Sequence[Edit], call: _Call) -> ImageState:
    # Holds the dataset's row: operations on one image come one after the other.
    touch_dataset(image.dataset_id)
    # Raises where it was deleted for ever since it was read; under the lock it stays.
    facts = ("review_state", "dataset__vocabulary__spelling")
    review_state, spelling = Image.everything.values_list(*facts).get(pk=image.pk)
    known = _find_known(image, edits)
    reader = Reader(image.dataset_id, spelling or "")
    _settle_names(image, [edit for edit in edits if edit.key not in known], call, reader)
    applied = False
    for edit in edits:
        if edit.key in known:
            continue
        known.add(edit.key)
        applied |= _apply(image, edit, call)
    if applied:
        _count_edit(image, review_state, call.by)
    return get_image_state(image)


def _find_known(image: Image, edits: Sequence[Edit]) -> set[uuid.UUID]:
    """Return the keys of edits that were made before.

    Raises:
        KeyTaken: one of them was made on another image.
    """
    rows = TagOperation.objects.filter(key__in=[edit.key for edit in edits]).values_list("key", "image_id")
    there = dict(rows)
    if set(there.values()) - {image.pk}:
        raise KeyTaken(_("Something else was done with this key. Ask again with a new one."))
    return set(there)


def _settle_names(image: Image, edits: Sequence[Edit], call: _Call, reader: Reader) -> None:
    """Find out what the names of edits mean, making the tags that are new."""
    call.originals.update(_find_originals(image, edits))
    names: set[str] = set()
    as_they_were: set[str] = set()
    removals = {edit.key: checked_name(edit.tag) for edit in edits if edit.kind == Kind.REMOVE}
    for edit in edits:
        if edit.kind == Kind.REMOVE:
            call.leaving.add(checked_name(edit.tag))
        elif edit.kind == Kind.ADD:
            name = checked_name(edit.tag)
            takes_back = edit.key in call.originals or (edit.undoes is not None and removals.get(edit.undoes) == name)
            (as_they_were if takes_back else names).add(name)
    # New words in one order for everybody: two datasets that make the same ones would wait for each other for ever.
    if names:
        replaces = call.source != Source.PERSON
        settled = settle(sorted(names), image.dataset_id, replace_deprecated=replaces, reader=reader)
        there = _other_spellings(image, call, reader)
        call.tags.update({name: there.get(tag.name, tag) for name, tag in settled.tags.items()})
        for name, tags in settled.implied.items():
            call.implied[name] = [tag for tag in tags if tag.name not in there]
        # Words of other images, which nobody chose just now, are not lost for that.
        as_they_were.update(settled.refused)
    call.tags.update({tag.name: tag for tag in get_tags(sorted(as_they_were.difference(call.tags)))})


def _other_spellings(image: Image, call: _Call, reader: Reader) -> dict[str, Tag]:
    """Return, by the dataset's spelling, tags that are on the image in another one and stay: nothing stands twice."""
    if reader.spelling not in {Spelling.SPACES, Spelling.UNDERSCORES}:
        return {}
    rows = ImageTag.objects.filter(image=image).select_related("tag")
    words = {row.tag: reader.spelled(row.tag.name) for row in rows if row.tag.name not in call.leaving}
    return {word: tag for tag, word in words.items() if tag.name != word}


def _find_originals(image: Image, edits: Sequence[Edit]) -> dict[uuid.UUID, TagOperation]:
    """Return of edits that take back an earlier one of the same tag on this image that operation, by the edit's key."""
    opposite = {Kind.ADD: Kind.REMOVE, Kind.REMOVE: Kind.ADD}
    wanted = {edit: edit.undoes for edit in edits if edit.undoes is not None and edit.kind in opposite}
    if not wanted:
        return {}
    there = {row.key: row for row in TagOperation.objects.filter(key__in=wanted.values(), image=image)}
    return {
        edit.key: row
        for edit, key in wanted.items()
        if (row := there.get(key)) is not None
        and (row.kind, row.tag_name) == (opposite[edit.kind], checked_name(edit.tag))
    }


def _apply(image: Image, edit: Edit, call: _Call) -> bool:
    """Apply one operation and note it; returns whether it changed something: what did not is no edit."""
    step = _Step(image, edit, call)
    if edit.kind == Kind.CAPTION:
        step.note("", *_set_caption(image, edit, call.by))
        # A saved caption has a new version, also with the same text: every page must hear of it.
        return True
    return {Kind.ADD: _add, Kind.REMOVE: _remove, Kind.MOVE: _move}[edit.kind](step, _stored_name(step))


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


def _stored_name(step: _Step) -> str:
    """Return the name of the tag that is meant: an alias is never on an image."""
    name = checked_name(step.edit.tag)
    if step.edit.kind == Kind.ADD:
        return step.call.tags[name].name
    if step.row(name) is not None:
        return name
    return words_meant([name], step.image.dataset_id)[name]


def _add(step: _Step, name: str) -> bool:
    there = step.row(name)
    if there is not None:
        step.note(name, there.position, there.position)
        return False
    position = place(step.image, step.edit.before)
    typed = checked_name(step.edit.tag)
    original = step.original
    came = read_came(*(getattr(original, column) for column in COLUMNS)) if original is not None else None
    step.put(step.call.tags[typed], position, step.call.source, came)
    step.note(name, None, position, came=came)
    along = came_along(original) if original is not None else {}
    implied = get_tags(list(along)) if original is not None else step.call.implied.get(typed, [])
    for tag in to_follow(step.image, implied):
        position = place_behind(step.image, name)
        step.put(tag, position, Source.RULE, along.get(tag.name))
        step.note(tag.name, None, position, Kind.ADD, along.get(tag.name))
        name = tag.name
    return True


def _remove(step: _Step, name: str) -> bool:
    there = step.row(name)
    if there is None:
        step.note(name, None, None)
        return False
    edit = step.edit
    impliers = find_impliers(step.image, name) if step.original is None else []
    stay = [other for other in impliers if other not in step.call.leaving]
    if stay and not edit.with_impliers and not edit.keep_impliers:
        raise TagImplied(edit.key, name, stay)
    there.delete()
    operation = step.note(name, there.position, None, came=how_it_came(there))
    if stay and edit.keep_impliers:
        TagKeptAway.objects.create(operation=operation)
    along = stay if edit.with_impliers else _came_along(step, name)
    rows = ImageTag.objects.filter(image=step.image, tag__name__in=along).select_related("tag")
    # In their order, so that they come back in it.
    for row in rows.order_by("position", "pk"):
        row.delete()
        step.note(row.tag.name, row.position, None, Kind.REMOVE, how_it_came(row))
    return True


def _came_along(step: _Step, name: str) -> list[str]:
    """Return the tags that came with one that is taken back, and that follow from nothing else."""
    along = came_along(step.original) if step.original is not None else {}
    return [other for other in along if not set(find_impliers(step.image, other)).difference([name, *along])]


def _move(step: _Step, name: str) -> bool:
    there = step.row(name)
    if there is None:
        step.note(name, None, None)  # somebody removed it meanwhile: there is nothing to move
        return False
    if step.edit.before == name:
        step.note(name, there.position, there.position)
        return False
    position = place(step.image, step.edit.before, moving=there.pk)
    # Read again: its own place has another number where the others left none for it.
    there.refresh_from_db(fields=["position"])
    old, there.position = there.position, position
    there.save(update_fields=["position"])
    step.note(name, old, position)
    return old != position


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
