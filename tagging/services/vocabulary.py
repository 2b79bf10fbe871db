"""The words themselves."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F
from django.utils.translation import gettext as _

from tagging.models import Tag, TagAlias, VocabularyRevision
from tagging.text import LONGEST_TAG, BadTagName, normalise_tag_name


class TagRefused(Exception):
    """What was given is no tag; the text is a sentence."""


def checked_name(text: str) -> str:
    """Return the one spelling of a tag.

    Raises:
        TagRefused: it cannot be a tag; the text says why.
    """
    try:
        return normalise_tag_name(text)
    except BadTagName as error:
        sentences = {
            "empty": _("A tag needs at least one visible character."),
            "comma": _("“%(text)s” holds a comma, which trainers read as two tags. Add them one by one."),
            "long": _("“%(text)s…” is longer than %(limit)d characters. Write it as a caption instead."),
        }
        raise TagRefused(sentences[str(error)] % {"text": text[:40], "limit": LONGEST_TAG}) from error


def resolve_aliases(names: Sequence[str]) -> dict[str, str]:
    """Return the tag's name of each of these that is an alias."""
    return dict(TagAlias.objects.filter(name__in=names).values_list("name", "tag__name"))


def get_tags(names: Sequence[str]) -> list[Tag]:
    """Return the tags of exactly these normalised names in the same order, making those that are new.

    For words that were on images before, and come back as they were. `settle` in `rules.py` is for what comes in.
    """
    found = {tag.name: tag for tag in Tag.objects.filter(name__in=names)}
    found |= make_tags([name for name in dict.fromkeys(names) if name not in found])
    return [found[name] for name in names]


def bump_vocabulary() -> None:
    """Tell every server that the vocabulary changed: to be called after tags, aliases or categories were."""
    if not VocabularyRevision.objects.filter(pk=1).update(number=F("number") + 1):
        VocabularyRevision.objects.bulk_create([VocabularyRevision(pk=1)], ignore_conflicts=True)
        VocabularyRevision.objects.filter(pk=1).update(number=F("number") + 1)


def make_tags(names: Sequence[str]) -> dict[str, Tag]:
    """Return the tags of exactly these normalised names, making those that are new."""
    if not names:
        return {}
    # Two people may make the same word at the same moment; the database keeps one. In alphabetical order, because
    # two who make the same words in opposite orders would wait for each other.
    Tag.objects.bulk_create([Tag(name=name) for name in sorted(names)], ignore_conflicts=True)
    return {tag.name: tag for tag in Tag.objects.filter(name__in=names)}
