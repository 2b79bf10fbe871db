"""What people say of one tag: what it is for, its other names, where it is meant for, and pictures that show it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.models import Dataset, Image
from tagging.models import Tag, TagAlias, TagCategory, TagExample, TagImplication, TagScope
from tagging.services.vocabulary import bump_vocabulary, checked_name
from tagging.services.vocabulary_history import note_changes, note_first, note_now, sign

MOST_EXAMPLES = 6
_MOST_TOLD = 6


class TooManyExamples(Exception):
    """A few pictures show a tag; the text is a sentence."""


class AliasTaken(Exception):
    """A name that means something else already; the text names what."""


@transaction.atomic
def describe_tag(tag: Tag, description: str, *, by: User | None) -> None:
    """Say what a tag is for; the history of the words tells who did."""
    if tag.description == description:
        return
    tag.description = description
    note_changes(Tag, [tag], ["description"], by=by, reason="")


@transaction.atomic
def categorise_tag(tag: Tag, category: TagCategory | None, *, by: User | None) -> None:
    """Sort one tag into a category, or out of all."""
    if tag.category_id == (category.pk if category else None):
        return
    tag.category = category
    note_changes(Tag, [tag], ["category"], by=by, reason="")
    bump_vocabulary()


@transaction.atomic
def add_alias(tag: Tag, text: str, *, by: User | None) -> None:
    """Give a tag another name; one that it has already stays.

    Raises:
        TagRefused: it cannot be a name.
        AliasTaken: it is a tag itself, or another one's alias.
    """
    # Counts first, which holds its row: two who give one name to two tags come one after the other.
    bump_vocabulary()
    name = checked_name(text)
    if Tag.objects.filter(name=name).exists():
        raise AliasTaken(_("“%(name)s” is a tag itself. Merge the two instead.") % {"name": name})
    there = TagAlias.objects.filter(name=name).select_related("tag").first()
    if there is not None and there.tag_id != tag.pk:
        facts = {"name": name, "tag": there.tag.name}
        raise AliasTaken(_("“%(name)s” is an alias of “%(tag)s” already. Take it away there first.") % facts)
    if there is None:
        alias = TagAlias(name=name, tag=tag)
        sign(alias, by=by, reason="")
        alias.save()


@transaction.atomic
def remove_rule(row: TagAlias | TagImplication, *, by: User | None) -> None:
    """Take an alias or an implication away; images are left as they are."""
    note_first(type(row), [row.pk])
    sign(row, by=by, reason="")
    row.delete()
    bump_vocabulary()


@transaction.atomic
def use_again(tag: Tag, *, by: User | None) -> None:
    """Take a tag back into use; nothing takes its place any more."""
    tag.deprecated_at, tag.successor = None, None
    note_changes(Tag, [tag], ["deprecated_at", "successor"], by=by, reason="")
    bump_vocabulary()


@transaction.atomic
def set_scope(tag: Tag, datasets: Sequence[Dataset], *, by: User | None) -> None:
    """Let a tag be meant for these datasets alone; without any it is shared by all. The tag's history tells it."""
    bump_vocabulary()
    note_first(Tag, [tag.pk])
    gone, _per_model = TagScope.objects.filter(tag=tag).exclude(dataset__in=datasets).delete()
    there = set(TagScope.objects.filter(tag=tag).values_list("dataset", flat=True))
    new = [TagScope(tag=tag, dataset=dataset) for dataset in datasets if dataset.pk not in there]
    TagScope.objects.bulk_create(new, ignore_conflicts=True)
    if gone or new:
        note_scope(tag, by=by)


def note_scope(tag: Tag, *, by: User | None) -> None:
    """Tell in a tag's history which datasets it is meant for now; to be called after that was changed."""
    rows = TagScope.objects.filter(tag=tag).order_by("dataset__name", "dataset")
    names = _told(list(rows.values_list("dataset__name", flat=True)))
    reason = _("meant for these datasets: %(names)s") % {"names": names} if names else _("shared by all datasets")
    note_now(Tag, [tag.pk], by=by, reason=reason)


@transaction.atomic
def set_examples(tag: Tag, images: Sequence[Image], *, by: User | None = None) -> None:
    """Let these images show what a tag means, and no others. The tag's history tells it.

    Raises:
        TooManyExamples: more than `MOST_EXAMPLES`.
    """
    check_few_examples(len(images))
    _hold(tag)
    note_first(Tag, [tag.pk])
    gone, _per_model = TagExample.objects.filter(tag=tag).exclude(image__in=images).delete()
    _add(tag, images, was_changed=bool(gone), by=by)


@transaction.atomic
def add_examples(tag: Tag, images: Sequence[Image], *, by: User | None) -> None:
    """Let these images show what a tag means, beside those that do already.

    Raises:
        TooManyExamples: it would be more than `MOST_EXAMPLES`, those in the trash left out; none is added.
    """
    _hold(tag)
    note_first(Tag, [tag.pk])
    shown = set(TagExample.objects.filter(tag=tag, image__trashed_at=None).values_list("image", flat=True))
    check_few_examples(len(shown | {image.pk for image in images}))
    _add(tag, images, was_changed=False, by=by)


@transaction.atomic
def remove_example(tag: Tag, image_id: int, *, by: User | None) -> None:
    """Let an image show a tag no more."""
    note_first(Tag, [tag.pk])
    gone, _per_model = TagExample.objects.filter(tag=tag, image=image_id).delete()
    if gone:
        note_examples(tag, by=by)


def check_few_examples(count: int) -> None:
    """Raise `TooManyExamples` where these are more than a tag may have."""
    if count > MOST_EXAMPLES:
        text = _("At most %(count)d pictures show a tag. Take one away first.")
        raise TooManyExamples(text % {"count": MOST_EXAMPLES})


def note_examples(tag: Tag, *, by: User | None) -> None:
    """Tell in a tag's history which pictures show it now; to be called after they were changed."""
    rows = TagExample.objects.filter(tag=tag).order_by("pk")
    names = _told(list(rows.values_list("image__original_name", flat=True)))
    reason = _("shown by these pictures: %(names)s") % {"names": names} if names else _("shown by no picture")
    note_now(Tag, [tag.pk], by=by, reason=reason)


def _add(tag: Tag, images: Sequence[Image], *, was_changed: bool, by: User | None) -> None:
    there = set(TagExample.objects.filter(tag=tag).values_list("image", flat=True))
    new = [TagExample(tag=tag, image=image) for image in images if image.pk not in there]
    TagExample.objects.bulk_create(new, ignore_conflicts=True)
    if new or was_changed:
        note_examples(tag, by=by)


def _hold(tag: Tag) -> None:
    """Let two who add pictures at once come one after the other, so that they are counted."""
    Tag.objects.select_for_update().get(pk=tag.pk)


def _told(names: Sequence[str]) -> str:
    first, more = list(names[:_MOST_TOLD]), len(names) - _MOST_TOLD
    if more > 0:
        first.append(ngettext("%(n)d more", "%(n)d more", more) % {"n": more})
    return ", ".join(first)
