"""The sentence a person reads for a file that was refused."""

from __future__ import annotations

from django.conf import settings
from django.utils.formats import number_format

from datasets.models import ImportItem
from datasets.reasons import Reason
from tagger_project.sizes import decimal_size


def explain(item: ImportItem) -> str:
    """Return why a file was refused and what to do; empty where it was not. The page names the file beside it."""
    if not item.reason:
        return ""
    sentence = str(Reason(item.reason).label)
    if item.reason in {Reason.FILE_TOO_LARGE, Reason.TEXT_TOO_LONG}:
        return sentence % {"limit": decimal_size(int(item.detail or 0))}
    if item.reason == Reason.TOO_MANY_PIXELS:
        return sentence % {"size": item.detail, "limit": number_format(settings.MAX_IMAGE_PIXELS, force_grouping=True)}
    return sentence
