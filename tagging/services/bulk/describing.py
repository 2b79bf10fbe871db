"""Say an action in one line, as the history tells why."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from tagging.services.bulk.actions import Action

_LONGEST = 500
_MOST_NAMED = 8


def describe(action: Action) -> str:
    """Return what an action does to many images."""
    if action.why:
        return action.why[:_LONGEST]
    sentences = {
        "add": _("Added to many: %(tags)s"),
        "copy": _("Copied to many: %(tags)s"),
        "remove": _("Removed from many: %(tags)s"),
        "replace": _("Replaced on many: %(tags)s → %(into)s"),
        "caption": _("Replaced in captions: %(pattern)s → %(replacement)s"),
        "sort": _("Sorted by category: %(categories)s"),
        "deduplicate": _("Tags that are there twice left out"),
        "mend": _("Words mended"),
    }
    facts = {
        "tags": _named(action.tags),
        "into": _named(action.into),
        "pattern": _short(action.pattern),
        "replacement": _short(action.replacement),
        "categories": _named(action.categories),
    }
    return (sentences[action.kind] % facts)[:_LONGEST]


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    told = ", ".join(names[:_MOST_NAMED])
    return told if more <= 0 else _("%(names)s and %(count)d more") % {"names": told, "count": more}


def _short(text: str) -> str:
    line = " ".join(text.replace("\x00", "").split())
    return line if len(line) <= 100 else f"{line[:99]}…"
