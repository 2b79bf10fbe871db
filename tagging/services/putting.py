"""Give many images the words that they should have: in few statements, as the same operations that an edit leaves."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from django.contrib.auth.models import User
from django.db import transaction

from datasets.batches import batches
from datasets.models import Image
from tagging.models import Caption, Change, ImageTag, Source, Tag
from tagging.services.changes import open_change
from tagging.services.implying import find_kept_away
from tagging.services.rules import Settled, settle
from tagging.services.vocabulary import bump_vocabulary, get_tags
from tagging.services.vocabulary_history import bring_back
from tagging.services.writing import STEP, Kind, Writing
from tagging.text import spell_tag

_AT_ONCE = 500
_WORDS_AT_ONCE = 2000


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
        read_at_revision: the image's revision when `rows` and `has` were read, where that was outside of this
            transaction. If somebody edited the image since, only what differs from what was read is put.
        ruled: those of the tags that nobody named: they follow from others.
    """

    image: Image
    tags: Sequence[str]
    caption: str
    rows: Sequence[ImageTag] = ()
    has: Caption | None = None
    key: uuid.UUID | None = None
    read_at_revision: int | None = None
    ruled: Collection[str] = ()


@dataclass
class _Work:
    """One call: who, how and why, the tags by name, and what is to be written."""

    by: User | None
    source: Source
    reason: str
    group: uuid.UUID | None
    words: dict[int, Settled]
    changes: dict[int, Change] = field(default_factory=dict)
    writing: Writing = field(default_factory=Writing)

    def tag(self, image: Image, name: str) -> Tag:
        """Return the tag of a name that is added to an image."""
        return self.words[image.dataset_id].by_name[name]

    def note(self, image: Image, kind: Kind, before: object, after: object, name: str = "") -> None:
        self.writing.note(self.change(image.dataset_id), image.pk, kind, before, after, name)

    def change(self, dataset_id: int) -> Change:
        """Return the entry of the history that all operations in one dataset share."""
        if dataset_id not in self.changes:
            self.changes[dataset_id] = open_change(
                self.group or uuid.uuid4(),
                dataset_id,
                by=self.by,
                source=self.source,
                reason=self.reason,
                is_new=self.group is None,
            )
        return self.changes[dataset_id]


@transaction.atomic
def put_words(
    wanted: Sequence[WordsOfImage],
    *,
    by: User | None,
    source: Source,
    reason: str = "",
    group: uuid.UUID | None = None,
    as_they_were: bool = False,
) -> dict[int, Settled]:
    """Give images exactly these words; what is right already is left alone, and an image without a change untouched.

    For tags that are new on an image the rules of the vocabulary hold: an alias means its tag, what follows stands
    behind it, and what is not used any more gives way to its successor, or is left out.

    To be called inside a transaction that holds the datasets' rows. What was read before that transaction began says so
    by `read_at_revision`: edits of people in between are merged with, never undone, and an image that was deleted for
    ever is passed over.

    Args:
        wanted: images of which each is there once.
        by: who, or `None`.
        source: how.
        reason: why, as the history tells it.
        group: the same for all calls of one action: they are one entry of the history and are undone together.
        as_they_were: the names are those of tags that were on these images before: the rules do not hold for them.

    Returns:
        What the new names meant, by dataset: `replaced` and `refused` are to be told.
    """
    words = _bring_back(wanted) if as_they_were else _settle(wanted)
    # What is meant first: merged by another spelling, a tag that a person removed would come back.
    wanted = _with_what_follows(_as_of_now([_as_meant(each, words) for each in wanted]), words)
    work = _Work(by, source, reason, group, words)
    operations = work.writing.operations
    for each in wanted:
        before = len(operations)
        _plan_tags(work, each)
        _plan_caption(work, each)
        if len(operations) > before:
            operations[before].key = each.key or operations[before].key
            work.writing.edited[each.image.pk] = bool(each.tags or each.caption)
    work.writing.write({each.image.pk: each.image.dataset_id for each in wanted}, by=by)
    return words


def _settle(wanted: Sequence[WordsOfImage]) -> dict[int, Settled]:
    """Find out what names that are new on their images mean, by dataset."""
    names: defaultdict[int, set[str]] = defaultdict(set)
    for each in wanted:
        names[each.image.dataset_id].update(_new_names(each))
    # New words in one order for everybody: two datasets that make the same ones would wait for each other for ever.
    return {pk: settle(sorted(of), pk, replace_deprecated=True) for pk, of in sorted(names.items())}


def _bring_back(wanted: Sequence[WordsOfImage]) -> dict[int, Settled]:
    """Take names for exactly those tags, making them again where they left the vocabulary."""
    names = sorted({name for each in wanted for name in _new_names(each)})
    if bring_back(names):
        bump_vocabulary()
    tags = {tag.name: tag for part in batches(names, _WORDS_AT_ONCE) for tag in get_tags(part)}
    settled = Settled(tags, {name: [] for name in names})
    return {each.image.dataset_id: settled for each in wanted}


def _new_names(wanted: WordsOfImage) -> list[str]:
    there = {row.tag.name for row in wanted.rows}
    return [name for name in wanted.tags if name not in there]


def _as_meant(wanted: WordsOfImage, words: dict[int, Settled]) -> WordsOfImage:
    """Return the same with tags in the place of their aliases, each once; what is there is no name, but a tag.

    A word that is there in another spelling, and stays, is not new.
    """
    settled, new = words[wanted.image.dataset_id], set(_new_names(wanted))
    there = {spell_tag(name, settled.spelling): name for name in wanted.tags if name not in new}
    word = {name: settled.tags[name].name for name in new if name in settled.tags}
    kept = [name for name in wanted.tags if name not in new or name in word]
    meant = list(dict.fromkeys(there.get(word[name], word[name]) if name in new else name for name in kept))
    return wanted if meant == list(wanted.tags) else replace(wanted, tags=meant)


def _with_what_follows(wanted: Sequence[WordsOfImage], words: dict[int, Settled]) -> Sequence[WordsOfImage]:
    """Return the same with what follows from new tags behind them, unless a person took it away."""
    following = {pk: settled.following for pk, settled in words.items()}
    spellings = {pk: settled.spelling for pk, settled in words.items()}
    names = {name for of in following.values() for names in of.values() for name in names}
    if not names:
        return wanted
    away: defaultdict[int, set[str]] = defaultdict(set)
    for part in batches([each.image.pk for each in wanted], _AT_ONCE):
        for image_id, name in find_kept_away(part, names):
            away[image_id].add(name)
    datasets = {each.image.pk: each.image.dataset_id for each in wanted}
    return [
        _spread(each, following[datasets[pk]], away[pk] | _named(each, spellings[datasets[pk]]))
        for pk, each in ((each.image.pk, each) for each in wanted)
    ]


def _named(wanted: WordsOfImage, spelling: str) -> set[str]:
    """Return the tags that are wanted, and how the dataset spells them."""
    return {*wanted.tags, *(spell_tag(name, spelling) for name in wanted.tags)}


def _spread(wanted: WordsOfImage, following: dict[str, list[str]], away: set[str]) -> WordsOfImage:
    """Return the same with what follows from new tags, except what stays `away`."""
    new = set(_new_names(wanted))
    spread: dict[str, None] = {}
    ruled = set(wanted.ruled)
    for name in wanted.tags:
        spread[name] = None
        more = [other for other in following.get(name, ()) if name in new and other not in away]
        ruled.update(more)
        spread |= dict.fromkeys(more)
    return wanted if len(spread) == len(wanted.tags) else replace(wanted, tags=list(spread), ruled=ruled)


def _as_of_now(wanted: Sequence[WordsOfImage]) -> Sequence[WordsOfImage]:
    """Return the same with what the images have now, where they were edited since they were read."""
    read = {each.image.pk: each.read_at_revision for each in wanted if each.read_at_revision is not None}
    if not read:
        return wanted
    now: dict[int, int] = {}
    for part in batches(list(read), _AT_ONCE):
        now.update(Image.everything.filter(pk__in=part).values_list("pk", "revision"))
    edited = [pk for pk, revision in read.items() if now.get(pk, revision) != revision]
    rows: dict[int, list[ImageTag]] = defaultdict(list)
    captions: dict[int, Caption] = {}
    for part in batches(edited, _AT_ONCE):
        for row in ImageTag.objects.filter(image__in=part).select_related("tag").order_by("position", "pk"):
            rows[row.image_id].append(row)
        captions |= {caption.image_id: caption for caption in Caption.objects.filter(image__in=part)}
    stale = set(edited)
    return [
        _merged(each, rows[each.image.pk], captions.get(each.image.pk)) if each.image.pk in stale else each
        for each in wanted
        if each.image.pk not in read or each.image.pk in now
    ]


def _merged(wanted: WordsOfImage, rows: Sequence[ImageTag], has: Caption | None) -> WordsOfImage:
    """Return what was meant to be added and removed, on top of what is there now."""
    was = {row.tag.name for row in wanted.rows}
    removed = was.difference(wanted.tags)
    kept = [row.tag.name for row in rows if row.tag.name not in removed]
    added = [name for name in wanted.tags if name not in was and name not in kept]
    text, read = (has.text if has else ""), (wanted.has.text if wanted.has else "")
    caption = wanted.caption if text == read else text
    return replace(wanted, tags=[*kept, *added], caption=caption, rows=rows, has=has)


def _plan_tags(work: _Work, wanted: WordsOfImage) -> None:
    image, there = wanted.image, {row.tag.name: row for row in wanted.rows}
    writing = work.writing
    for name, row in there.items():
        if name not in wanted.tags:
            writing.removed_rows.append(row.pk)
            writing.note_removal(work.change(image.dataset_id), row)
    kept = [name for name in there if name in wanted.tags]
    # Where the tags that stay come first and in their order, the others follow; else all are placed anew.
    last = there[kept[-1]].position if kept else 0.0
    stay = list(wanted.tags[: len(kept)]) == kept
    for number, name in enumerate(wanted.tags, start=1):
        if name not in there:
            position = last + STEP * (number - len(kept)) if stay else STEP * number
            # By number: a related object costs more than the rest of a row, and a list brings a hundred thousand rows.
            place = {"image_id": image.pk, "tag_id": work.tag(image, name).pk, "position": position}
            source = Source.RULE if name in wanted.ruled else work.source
            writing.new_rows.append(ImageTag(source=source, added_by=work.by, **place))
            work.note(image, Kind.ADD, None, position, name)
        elif not stay and (row := there[name]).position != STEP * number:
            work.note(image, Kind.MOVE, row.position, STEP * number, name)
            row.position = STEP * number
            writing.moved_rows.append(row)


def _plan_caption(work: _Work, wanted: WordsOfImage) -> None:
    has = wanted.has
    if wanted.caption == (has.text if has else ""):
        return
    work.note(wanted.image, Kind.CAPTION, has.text if has else None, wanted.caption)
    work.writing.set_caption(wanted.image.pk, has, wanted.caption, work.by)
