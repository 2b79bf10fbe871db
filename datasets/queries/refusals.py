"""The sentence a person reads for a file that was refused."""

from __future__ import annotations

import json

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.models import ImportItem
from datasets.reasons import Reason
from tagger_project.sizes import decimal_size


def explain(item: ImportItem) -> str:
    """Return why a file was refused and what to do; empty where it was not. The page names the file beside it."""
    if not item.reason:
        return ""
    sentence = str(Reason(item.reason).label)
    if item.reason == Reason.LIST_NOTES:
        return _notes_of_a_list(item.detail)
    if item.reason in {Reason.FILE_TOO_LARGE, Reason.TEXT_TOO_LONG, Reason.ARCHIVE_TOO_LARGE, Reason.LIST_TOO_LARGE}:
        return sentence % {"limit": decimal_size(int(item.detail or 0))}
    if item.reason == Reason.ARCHIVE_TOO_MUCH:
        size, limit = item.detail.split()
        return sentence % {"size": decimal_size(int(size)), "limit": decimal_size(int(limit))}
    if item.reason in {Reason.ARCHIVE_TOO_MANY, Reason.ARCHIVE_RATIO, Reason.LIST_TOO_LONG}:
        return sentence % {"limit": number_format(int(item.detail), force_grouping=True)}
    if item.reason == Reason.ENTRY_METHOD:
        return sentence % {"method": _method_name(int(item.detail))}
    if item.reason == Reason.TOO_MANY_PIXELS:
        return sentence % {"size": item.detail, "limit": number_format(settings.MAX_IMAGE_PIXELS, force_grouping=True)}
    return sentence


def _notes_of_a_list(detail: str) -> str:
    """Say all there is to say of a list that was read; `datasets.services.lists` wrote the detail."""
    facts = json.loads(detail)
    notes = []
    if facts["lonely"]:
        notes.append(
            ngettext(
                "%(lonely)s of %(rows)s rows names a picture that is not here.",
                "%(lonely)s of %(rows)s rows name pictures that are not here.",
                facts["lonely"],
            )
            % {"lonely": _grouped(facts["lonely"]), "rows": _grouped(facts["rows"])}
        )
    if facts["broken"]:
        notes.append(
            ngettext(
                "%(count)s row cannot be read (number %(numbers)s).",
                "%(count)s rows cannot be read (numbers %(numbers)s).",
                facts["broken"],
            )
            % {"count": _grouped(facts["broken"]), "numbers": ", ".join(map(str, facts["numbers"]))}
        )
    if facts["is_guess"]:
        notes.append(_("It does not say its encoding and was read as %(encoding)s.") % {"encoding": facts["encoding"]})
    return " ".join(notes)


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}


def _method_name(number: int) -> str:
    return _METHODS.get(number, str(number))
