"""What is said of a filter that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tagging.buckets import bucket_of
from tagging.filters import FilterError
from tagging.filters.grammar import MOST_CHARACTERS, MOST_CONDITIONS, MOST_DEPTH
from tagging.filters.tree import FORMATS, KINDS, PARTS, SOURCES, STATES

_KNOWN = {"is": KINDS, "state": STATES, "has": PARTS, "format": FORMATS, "source": SOURCES}
_LONGEST_GIVEN = 40

_SENTENCES = {
    "unclosed": gettext_noop('The quote at %(place)d is not closed: put another " behind the last word.'),
    "empty": gettext_noop("Nothing stands behind “%(given)s” at %(place)d: write what is looked for, or leave it out."),
    "operand": gettext_noop(
        "“%(given)s” at %(place)d joins two conditions, and one is missing. To find the tag of that name, put it in "
        "quotes."
    ),
    "open": gettext_noop(
        "The parenthesis at %(place)d is not closed. A tag that begins with one is written in quotes."
    ),
    "unopened": gettext_noop(
        "The parenthesis at %(place)d closes none that was opened. A tag that has one so is written in quotes."
    ),
    "after_group": gettext_noop(
        "Leave a blank behind the parenthesis that opens at %(place)d. A tag that begins with one is written in quotes."
    ),
    "deep": gettext_noop("The parenthesis at %(place)d is one too many: at most %(depth)d may stand in each other."),
    "long": gettext_noop("This filter is too long: at most %(characters)d characters can be read."),
    "many": gettext_noop("This filter is too long: at most %(conditions)d conditions can be asked for at once."),
    "foreign": gettext_noop("Nothing here has %(given)s: leave it out. The tag is found by tag:“%(given)s:…”."),
    "known": gettext_noop("%(key)s: knows %(known)s; “%(given)s” is none of them."),
    "number": gettext_noop("“%(given)s” is no whole number. Write one like 5, >5, <=5 or 5..9."),
    "range": gettext_noop("“%(given)s” ends before it begins: write the smaller one first."),
    "size": gettext_noop("“%(given)s” is no size. Write bytes, or 200KB, >2MB, 1MB..3MB; or 512x512 for pixels."),
    "ratio": gettext_noop("“%(given)s” is no shape. Write 16:9, 1.5, >1 or 0.5..2: the width by the height."),
    "date": gettext_noop("“%(given)s” is no day. Write one like 2026-11-01, or <7d for the last seven days."),
    "sides": gettext_noop("“%(given)s” is no bucket. Write its width and height, like 1024x768."),
    "bucket": gettext_noop("“%(given)s” is none of the buckets at 1024. The nearest is %(nearest)s."),
    "tokens": gettext_noop(
        "tokens: and t5: need what counts tokens, and it is not installed here: “make tokens” fetches it. Until then, "
        "chars: counts the characters of the text."
    ),
    "counting": gettext_noop("The tokens of %(given)s pictures are being counted just now. Try again in a moment."),
    "one_dataset": gettext_noop("tokens: and t5: are told within one dataset only: the trigger word counts as well."),
    "duplicate": gettext_noop("is:duplicate is told within one dataset only."),
    "words_here": gettext_noop("%(given)s is told within one dataset only."),
    "cut": gettext_noop(
        "“%(given)s” says nothing of what is cut off. Write a trainer, a resolution and a share: kohya@1024>20."
    ),
}


def sentence_of(error: FilterError) -> str:
    """Return what is wrong and what to do about it."""
    given = error.given if len(error.given) <= _LONGEST_GIVEN else f"{error.given[:_LONGEST_GIVEN]}…"
    values = {
        "given": given,
        "place": error.start + 1,
        "key": error.args[0],
        "known": ", ".join(_KNOWN.get(error.args[0], ())),
        "depth": MOST_DEPTH,
        "characters": MOST_CHARACTERS,
        "conditions": MOST_CONDITIONS,
        "nearest": _nearest_bucket(error),
    }
    translated: Callable[[str], str] = _
    return translated(_SENTENCES["known" if error.code in _KNOWN else error.code]) % values


def _nearest_bucket(error: FilterError) -> str:
    sides = [int(digits) for digits in re.findall(r"\d+", error.given)] if error.code == "bucket" else []
    return "x".join(map(str, bucket_of(*sides))) if len(sides) == 2 and all(sides) else "1024x1024"
