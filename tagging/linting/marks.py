"""Signs in words that trainers read otherwise than people do, as patterns that Python and both databases read alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

LINES = "[\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029]"
"""What ends a line for one loader or another."""

INVISIBLE = "[\x01-\x08\x0e-\x1b\x7f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
"""Signs without a shape, which `tagging.text.one_line` leaves out; the mark at the beginning of a file is one."""

BEYOND_ASCII = "[^\x01-\x7f]"
CAPITALS = "[A-Z]"

COMMA_LIKE = "，、､﹐،‚"
"""What looks like a comma and joins two tags to one: trainers split at the comma alone."""


def trigger_in_prose(trigger: str) -> str:
    """Return the pattern of a trigger word, as a word of its own, anywhere but at the beginning of a text."""
    return rf"\W{re.escape(trigger)}(?!\w)"


def prose_begins_otherwise(trigger: str) -> str:
    """Return the pattern of a text that begins with the trigger word, however it is spelled."""
    return rf"^{re.escape(trigger)}(?!\w)"


def prose_begins(trigger: str) -> str:
    """Return the pattern of a text that begins with the trigger word as an export knows it, and leaves it out."""
    return rf"^{re.escape(trigger)}( |,|$)"


PLACEHOLDER = r"\[(?:trigger|name)\]"
"""What ai-toolkit replaces by its trigger word, and everybody else trains as it stands."""

IN_CAPTIONS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "lines": re.compile(LINES),
        "invisible": re.compile(INVISIBLE),
        "beyond-ascii": re.compile(BEYOND_ASCII),
        "kept-separator": re.compile(r"\|\|\|"),
        "group-separator": re.compile(";;;"),
        "choice": re.compile(r"(?s:\{.*\|.*\})"),
        "placeholder": re.compile(f"(?i:{PLACEHOLDER})"),
        "escaped": re.compile(r"\\[()]"),
        "empty-parts": re.compile(r",[ _]?,"),
    }
)
"""What rules ask of captions, told while they are read once; the filter of a rule then says in which."""


_ANY = re.compile("|".join(pattern.pattern for pattern in IN_CAPTIONS.values()))


def marks_in(text: str, known: frozenset[str]) -> frozenset[str]:
    """Return the marks of a text besides those that are known already; most texts have none."""
    if not _ANY.search(text):
        return frozenset()
    return frozenset(name for name, pattern in IN_CAPTIONS.items() if name not in known and pattern.search(text))
