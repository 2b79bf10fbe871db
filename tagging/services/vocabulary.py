"""The words themselves."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from tagging.models import Tag
from tagging.text import LONGEST_TAG, BadTagName, normalise_tag_name


class TagRefused(Exception):
    """What was given is no tag; the text is a sentence."""


def get_tag(text: str) -> Tag:
    """Return the tag of this spelling, making it if it is new.

    Raises:
        TagRefused: it cannot be a tag.
    """
    return get_tags([checked_name(text)])[0]


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


def get_tags(names: Sequence[str]) -> list[Tag]:
    """Return the tags of these normalised names in the same order, making those that are new."""
    found = {tag.name: tag for tag in Tag.objects.filter(name__in=names)}
    missing = [name for name in dict.fromkeys(names) if name not in found]
    if missing:
        # Two people may make the same word at the same moment; the database keeps one. In alphabetical order, because
        # two who make the same words in opposite orders would wait for each other.
        Tag.objects.bulk_create([Tag(name=name) for name in sorted(missing)], ignore_conflicts=True)
        found |= {tag.name: tag for tag in Tag.objects.filter(name__in=missing)}
    return [found[name] for name in names]
