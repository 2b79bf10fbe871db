"""Give many images the words that they should have: in few statements, as the same operations that an edit leaves."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction

from datasets.models import Image
from tagging.models import Caption, Change, ImageTag, Source, Tag, TagOperation
from tagging.services.changes import mark_edited, open_change
from tagging.services.vocabulary import get_tags

STEP = 1024.0
_AT_ONCE = 500
_WORDS_AT_ONCE = 2000

Kind = TagOperation.Kind


@dataclass(frozen=True)
class WordsOfImage:
    """The words that an image should have, and what it has.

    Attributes:
        image: the image, once in a call.
        tags: normalised names in order, each once.
        caption: empty for none.
        rows: the tags it has, in order; none for a new image.
        has: its caption, if it has one.
        key: the key of the first operation, where who puts the words wants to know them again.
    """

    image: Image
    tags: Sequence[str]
    caption: str
    rows: Sequence[ImageTag] = ()
    has: Caption | None = None
    key: uuid.UUID | None = None


@dataclass
class _Work:
    """What is to be written, gathered over many images."""

    by: User | None
    source: Source
    reason: str
    tags: dict[str, Tag]
    changes: dict[int, Change] = field(default_factory=dict)
    operations: list[TagOperation] = field(default_factory=list)
    new_rows: list[ImageTag] = field(default_factory=list)
    moved_rows: list[ImageTag] = field(default_factory=list)
    removed_rows: list[int] = field(default_factory=list)
    new_captions: list[Caption] = field(default_factory=list)
    changed_captions: list[Caption] = field(default_factory=list)

    def note(self, image: Image, kind: TagOperation.Kind, before: object, after: object, name: str = "") -> None:
        facts = {"image_id": image.pk, "kind": kind, "tag_name": name, "before": before, "after": after}
        self.operations.append(TagOperation(key=uuid.uuid4(), change=self._change(image.dataset_id), **facts))

    def _change(self, dataset_id: int) -> Change:
        """Return the entry of the history that all operations in one dataset share."""
        if dataset_id not in self.changes:
            self.changes[dataset_id] = open_change(
                uuid.uuid4(), dataset_id, by=self.by, source=self.source, reason=self.reason
            )
        return self.changes[dataset_id]


@transaction.atomic
def put_words(wanted: Sequence[WordsOfImage], *, by: User | None, source: Source, reason: str = "") -> None:
    """Give images exactly these words; what is right already is left alone, and an image without a change untouched.

    To be called inside a transaction that holds the datasets' rows.

    Args:
        wanted: images of which each is there once.
        by: who, or `None`.
        source: how.
        reason: why, as the history tells it.
    """
    names = sorted({name for each in wanted for name in each.tags})
    some = (names[start : start + _WORDS_AT_ONCE] for start in range(0, len(names), _WORDS_AT_ONCE))
    work = _Work(by, source, reason, {tag.name: tag for part in some for tag in get_tags(part)})
    edited: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for each in wanted:
        before = len(work.operations)
        _plan_tags(work, each)
        _plan_caption(work, each)
        if len(work.operations) > before:
            work.operations[before].key = each.key or work.operations[before].key
            edited[each.image.dataset_id, bool(each.tags or each.caption)].append(each.image.pk)
    _write(work)
    for (dataset_id, is_tagged), ids in edited.items():
        for part in _parts(ids):
            mark_edited(list(part), dataset_id, is_tagged=is_tagged)


def _plan_tags(work: _Work, wanted: WordsOfImage) -> None:
    image, there = wanted.image, {row.tag.name: row for row in wanted.rows}
    for name, row in there.items():
        if name not in wanted.tags:
            work.removed_rows.append(row.pk)
            work.note(image, Kind.REMOVE, row.position, None, name)
    kept = [name for name in there if name in wanted.tags]
    # Where the tags that stay come first and in their order, the others follow; else all are placed anew.
    last = there[kept[-1]].position if kept else 0.0
    stay = list(wanted.tags[: len(kept)]) == kept
    for number, name in enumerate(wanted.tags, start=1):
        if name not in there:
            position = last + STEP * (number - len(kept)) if stay else STEP * number
            # By number: a related object costs more than the rest of a row, and a list brings a hundred thousand rows.
            place = {"image_id": image.pk, "tag_id": work.tags[name].pk, "position": position}
            work.new_rows.append(ImageTag(source=work.source, added_by=work.by, **place))
            work.note(image, Kind.ADD, None, position, name)
        elif not stay and (row := there[name]).position != STEP * number:
            work.note(image, Kind.MOVE, row.position, STEP * number, name)
            row.position = STEP * number
            work.moved_rows.append(row)


def _plan_caption(work: _Work, wanted: WordsOfImage) -> None:
    has = wanted.has
    if wanted.caption == (has.text if has else ""):
        return
    work.note(wanted.image, Kind.CAPTION, has.text if has else None, wanted.caption)
    if has is None:
        work.new_captions.append(Caption(image=wanted.image, text=wanted.caption, updated_by=work.by))
    else:
        has.text, has.version, has.updated_by = wanted.caption, has.version + 1, work.by
        work.changed_captions.append(has)


def _write(work: _Work) -> None:
    for part in _parts(work.removed_rows):
        ImageTag.objects.filter(pk__in=part).delete()
    ImageTag.objects.bulk_create(work.new_rows, batch_size=_AT_ONCE)
    ImageTag.objects.bulk_update(work.moved_rows, ["position"], batch_size=_AT_ONCE)
    Caption.objects.bulk_create(work.new_captions, batch_size=_AT_ONCE)
    for caption in work.changed_captions:
        caption.save(update_fields=["text", "version", "updated_by", "updated_at"])
    TagOperation.objects.bulk_create(work.operations, batch_size=_AT_ONCE)


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
