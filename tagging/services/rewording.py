"""Rename a tag, merge it into another, or split it: in one dataset or everywhere, with a look at the numbers first.

On the images the old tag is removed and the new one added at its place, as one entry a dataset in the histories: what
was written down before stays written, and each entry can be taken back. Everywhere, the words themselves follow: the
aliases and implications of the old tag become the new one's, and the old tag leaves the vocabulary.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError, Q
from django.utils.translation import gettext as _

from datasets.models import Dataset
from datasets.services.datasets import touch_dataset
from tagging.models import ImageTag, QuickTag, Tag, TagAlias
from tagging.queries.filtering import BadFilter, read_filter
from tagging.queries.rewording import Forecast, count_aliases, count_images, count_quick_tags, plan_implications
from tagging.services.rewriting import Rewriting, rewrite_images
from tagging.services.taking_in import take_in
from tagging.services.vocabulary import bump_vocabulary, checked_name, get_tags

# Somebody may put the tag on another image while the last ones are done: so often it is looked for again.
_ATTEMPTS = 5
_MOST_PARTS = 9


class RewordingRefused(Exception):
    """A tag cannot be renamed, merged or split as asked; the text is a sentence."""


class Kind(StrEnum):
    """What is done to a tag."""

    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"


@dataclass(frozen=True)
class Rewording:
    """What is asked for.

    Attributes:
        kind: rename, merge or split.
        tag: the tag that goes, by name.
        into: what comes into its place, by name: one name, or for a split several in order.
        dataset: in this dataset alone; `None` for everywhere.
        filter: for a split: on the images that this asks for alone.
        keep_alias: everywhere the old name becomes an alias of the new one.
        is_begun: it goes on; a new name may be there by now, and the old one gone.
    """

    kind: Kind
    tag: str
    into: tuple[str, ...]
    dataset: Dataset | None = None
    filter: str = ""
    keep_alias: bool = True
    is_begun: bool = False

    @property
    def changes_vocabulary(self) -> bool:
        """Whether the words themselves change, not only what is on images."""
        return self.dataset is None and self.kind != Kind.SPLIT


@dataclass(frozen=True)
class Reworded:
    """What became of it: on how many images it was done by this call, how many are left, and whether all is done."""

    images: int
    left: int
    is_done: bool


@dataclass(frozen=True)
class _Meant:
    """What is asked for, looked up: the tags that come by name, `None` where they are new words."""

    tag: Tag | None
    into: dict[str, Tag | None]
    condition: Q | None


def forecast_all(rewordings: Sequence[Rewording]) -> list[Forecast]:
    """Say exactly what would be touched by one after the other; nothing is changed.

    Raises:
        RewordingRefused: one cannot be done as asked.
        TagRefused: a name is none.
    """
    return [forecast(each, after=[other.tag for other in rewordings[:turn]]) for turn, each in enumerate(rewordings)]


def forecast(rewording: Rewording, *, after: Sequence[str] = ()) -> Forecast:
    """Say exactly what would be touched; nothing is changed.

    Args:
        rewording: what is asked for.
        after: tags that will have become the same other tag by then.

    Raises:
        RewordingRefused: it cannot be done as asked.
        TagRefused: a name is none.
    """
    meant = _look_up(rewording)
    names = tuple(meant.into)
    new = tuple(name for name, tag in meant.into.items() if tag is None)
    if meant.tag is None:
        return Forecast(rewording.tag, names, new)
    there = [tag.pk for tag in meant.into.values() if tag is not None]
    there += Tag.objects.filter(name__in=after).values_list("pk", flat=True)
    told = Forecast(
        meant.tag.name,
        names,
        new,
        count_images(meant.tag, there, dataset=rewording.dataset, condition=meant.condition),
    )
    if rewording.kind == Kind.SPLIT:
        return told
    told = replace(told, quick_tags=count_quick_tags(meant.tag, dataset=rewording.dataset))
    if not rewording.changes_vocabulary:
        return told
    implications = plan_implications(meant.tag, meant.into[names[0]])
    return replace(
        told,
        aliases=count_aliases(meant.tag, names[0]),
        implications=len(implications.outgoing) + len(implications.incoming),
        lost_implications=implications.lost,
        goes=True,
        becomes_alias=rewording.keep_alias,
    )


def carry_out_all(
    rewordings: Sequence[Rewording], *, by: User | None, key: uuid.UUID, reason: str = "", seconds: float | None = None
) -> Reworded:
    """Do one after the other as `carry_out` does; each has a key of its own, made from this one."""
    until = None if seconds is None else time.monotonic() + seconds
    images = 0
    for turn, rewording in enumerate(rewordings):
        left = None if until is None else max(0.0, until - time.monotonic())
        own_key = uuid.uuid5(key, rewording.tag)
        done = carry_out(rewording, by=by, key=own_key, reason=reason, seconds=left)
        images += done.images
        others = rewordings[turn + 1 :]
        is_late = images and until is not None and time.monotonic() > until
        if not done.is_done or (others and is_late):
            return Reworded(images, done.left + sum(map(_count_left, others)), is_done=False)
    return Reworded(images, 0, is_done=True)


def carry_out(
    rewording: Rewording, *, by: User | None, key: uuid.UUID, reason: str = "", seconds: float | None = None
) -> Reworded:
    """Do it, a thousand images at a time; called again with the same key and `is_begun`, it goes on where it stopped.

    Args:
        rewording: what.
        by: who asks.
        key: made where it was asked for, unique for ever: what is done under it is one entry in each history.
        reason: why, as the histories tell it; what was done, where nothing is given.
        seconds: stop at about this time.

    Raises:
        RewordingRefused: it cannot be done as asked.
        TagRefused: a name is none.
    """
    until = None if seconds is None else time.monotonic() + seconds
    meant = _look_up(rewording)
    if meant.tag is None:
        return Reworded(0, 0, is_done=True)  # an earlier call came to the end
    into = _make_words(meant.tag, meant.into, rewording.kind)
    why = reason or describe(rewording.kind, meant.tag.name, tuple(meant.into))
    rewriting = Rewriting(meant.tag, into, by, why, key, meant.condition)
    images = 0
    for _attempt in range(_ATTEMPTS):
        done, is_done = _rewrite_everywhere(rewriting, rewording, until)
        images += done
        if not is_done:
            return Reworded(images, _count_left(rewording), is_done=False)
        if not rewording.changes_vocabulary or _leave(meant.tag, into[0], rewording, by, why):
            return Reworded(images, 0, is_done=True)
    raise RewordingRefused(
        _("Somebody puts “%(tag)s” on images all the time. Try again in a moment.") % {"tag": meant.tag.name}
    )


def describe(kind: Kind, tag: str, into: tuple[str, ...]) -> str:
    """Return what is done, as the histories tell it."""
    texts = {
        Kind.RENAME: _("“%(tag)s” renamed to %(into)s"),
        Kind.MERGE: _("“%(tag)s” merged into %(into)s"),
        Kind.SPLIT: _("“%(tag)s” split into %(into)s"),
    }
    return (texts[kind] % {"tag": tag, "into": ", ".join(f"“{name}”" for name in into)})[:500]


def _rewrite_everywhere(rewriting: Rewriting, rewording: Rewording, until: float | None) -> tuple[int, bool]:
    if rewording.dataset is not None:
        ids = [rewording.dataset.pk]
    else:
        rows = ImageTag.objects.filter(tag=rewriting.tag).order_by("image__dataset_id")
        ids = list(rows.values_list("image__dataset_id", flat=True).distinct())
    done = 0
    for dataset_id in ids:
        images, is_done = rewrite_images(rewriting, dataset_id, until=until)
        done += images
        if not is_done:
            return done, False
        if until is not None and time.monotonic() > until and dataset_id != ids[-1]:
            return done, False
    if rewording.kind != Kind.SPLIT:
        _move_quick_tags(rewriting.tag, rewriting.into[0], rewording.dataset)
    return done, True


def _count_left(rewording: Rewording) -> int:
    told = forecast(replace(rewording, is_begun=True))
    return told.images + told.in_trash


def _look_up(rewording: Rewording) -> _Meant:
    name, names = checked_name(rewording.tag), tuple(dict.fromkeys(checked_name(each) for each in rewording.into))
    tag = Tag.objects.filter(name=name).first()
    if tag is None and rewording.is_begun:
        return _Meant(None, dict.fromkeys(names), None)
    if tag is None:
        raise _no_such_tag(name)
    checks: dict[Kind, Callable[[Rewording, str, tuple[str, ...]], dict[str, Tag | None]]]
    checks = {Kind.RENAME: _check_rename, Kind.MERGE: _check_merge, Kind.SPLIT: _check_split}
    into = checks[rewording.kind](rewording, name, names)
    for each in into.values():
        if each is not None and each.deprecated_at is not None:
            raise RewordingRefused(
                _("“%(name)s” is not used any more. Choose what took its place.") % {"name": each.name}
            )
    if not rewording.filter.strip():
        return _Meant(tag, into, None)
    if rewording.kind != Kind.SPLIT:
        raise RewordingRefused(_("Only a split can be for the images of a filter. Leave the filter out."))
    try:
        return _Meant(tag, into, read_filter(rewording.filter, rewording.dataset))
    except BadFilter as error:
        raise RewordingRefused(str(error)) from error


def _no_such_tag(name: str) -> RewordingRefused:
    alias = TagAlias.objects.filter(name=name).select_related("tag").first()
    if alias is None:
        return RewordingRefused(_("There is no tag “%(tag)s”.") % {"tag": name})
    facts = {"name": name, "tag": alias.tag.name}
    return RewordingRefused(_("“%(name)s” is an alias of “%(tag)s”, and on no image. Name the tag.") % facts)


def _check_rename(rewording: Rewording, name: str, names: tuple[str, ...]) -> dict[str, Tag | None]:
    new = _the_one(names)
    if new == name:
        raise RewordingRefused(_("This is its name already. Give it another one."))
    there = Tag.objects.filter(name=new).first()
    if there is not None and not rewording.is_begun:
        raise RewordingRefused(
            _("There is a tag “%(name)s” already. Merge “%(tag)s” into it instead.") % {"name": new, "tag": name}
        )
    alias = TagAlias.objects.filter(name=new).select_related("tag").first()
    if alias is not None and (alias.tag.name != name or not rewording.changes_vocabulary):
        raise RewordingRefused(
            _("“%(name)s” is an alias of “%(other)s”. Merge into that tag, or take the alias away first.")
            % {"name": new, "other": alias.tag.name}
        )
    return {new: there}


def _check_merge(rewording: Rewording, name: str, names: tuple[str, ...]) -> dict[str, Tag | None]:
    other = _find(_the_one(names))
    if other is None:
        raise RewordingRefused(
            _("There is no tag “%(name)s” to merge into. Rename “%(tag)s” instead.") % {"name": names[0], "tag": name}
        )
    if other.name == name:
        raise RewordingRefused(_("A tag cannot be merged into itself. Choose another one."))
    return {other.name: other}


def _check_split(rewording: Rewording, name: str, names: tuple[str, ...]) -> dict[str, Tag | None]:
    found = {tag.name if tag else each: tag for each in names for tag in [_find(each)]}
    if not 2 <= len(found) <= _MOST_PARTS:
        raise RewordingRefused(
            _("A tag is split into two to %(count)d others. Name them, each once.") % {"count": _MOST_PARTS}
        )
    if name in found:
        raise RewordingRefused(
            _("“%(tag)s” cannot be one of its own parts. To add tags beside it, use a bulk edit.") % {"tag": name}
        )
    return found


def _the_one(names: tuple[str, ...]) -> str:
    if len(names) != 1:
        raise RewordingRefused(_("Name one tag that comes into its place."))
    return names[0]


def _find(name: str) -> Tag | None:
    """Return the tag of this name, or the one it is an alias of."""
    tag = Tag.objects.filter(name=name).first()
    if tag is not None:
        return tag
    alias = TagAlias.objects.filter(name=name).select_related("tag").first()
    return alias.tag if alias else None


@transaction.atomic
def _make_words(tag: Tag, into: dict[str, Tag | None], kind: Kind) -> tuple[Tag, ...]:
    """Return the tags that come, making those that are new words: they are what the old one was."""
    new = [name for name, there in into.items() if there is None]
    if new:
        words = [Tag(name=name, category_id=tag.category_id) for name in sorted(new)]
        if kind == Kind.RENAME:
            words[0].vocabulary_count, words[0].description = tag.vocabulary_count, tag.description
        TagAlias.objects.filter(tag=tag, name__in=new).delete()
        Tag.objects.bulk_create(words, ignore_conflicts=True)
        bump_vocabulary()
    return tuple(get_tags(list(into)))


@transaction.atomic
def _leave(tag: Tag, other: Tag, rewording: Rewording, by: User | None, reason: str) -> bool:
    """Give the other tag what the old one had, and take the old one out of the vocabulary; returns whether it is.

    It is not where somebody put it on an image meanwhile.
    """
    try:
        with transaction.atomic():
            take_in(other, tag, by=by, reason=reason, keep_alias=rewording.keep_alias)
    except ProtectedError:
        return False
    bump_vocabulary()
    return True


def _move_quick_tags(tag: Tag, other: Tag, dataset: Dataset | None) -> None:
    """Put the other tag on the number keys of the old one; where it has a key already, the old one's is free."""
    rows = QuickTag.objects.filter(tag=tag)
    for row in rows if dataset is None else rows.filter(dataset=dataset):
        with transaction.atomic():
            touch_dataset(row.dataset_id)
            if QuickTag.objects.filter(dataset_id=row.dataset_id, tag=other).exists():
                QuickTag.objects.filter(pk=row.pk).delete()
            else:
                QuickTag.objects.filter(pk=row.pk).update(tag=other)
