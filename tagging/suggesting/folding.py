"""One spelling for comparing: what a person means, not what they typed. Pure."""

from __future__ import annotations

import unicodedata

from tagging.text import one_line

# Between names, and so in none of them.
LINE = "\n"


def fold(text: str) -> str:
    """Return a text without regard to case, in NFC, with blanks for underscores."""
    return fold_lines(one_line(text))


def fold_lines(text: str) -> str:
    """Fold names that are in NFC on lines of their own, all at once."""
    if text.isascii():
        return text.lower().replace("_", " ")
    return unicodedata.normalize("NFC", text.casefold()).replace("_", " ")
