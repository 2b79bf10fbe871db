"""Text files of unknown encoding: read as what they are, or refused, and always told. Pure.

UTF-8 proves itself: bytes of another encoding are hardly ever valid in it. So does UTF-16, by its mark or by its many
NULs. Windows-1252 takes nearly all bytes for letters; it is believed where the letters are those of a Western text,
and told even then.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["UTF-8", "UTF-16", "Windows-1252"]

# Half of the bytes of Latin text in UTF-16 are NUL; a few signs of other scripts between change little.
_NULS_OF_UTF16 = 0.3
_FEW = 0.02
# In Western texts accents stand alone between plain letters; in others, misread so, one odd letter follows another.
_MANY_ODD = 1 / 3
_SIDE_BY_SIDE = 0.5
_LETTERS_LOOKED_AT = 200_000
_FEWEST_ODD = 2
_PUNCTUATION = frozenset(
    "\u201c\u201d\u2018\u2019\u2013\u2014\u2026\u20ac\u00ab\u00bb\u00b0\u00b4\u00b7"
    "\u2022\u00a0\u2122\u00a9\u00ae\u00d7\u00a7"
)
# What Windows-1252 has and texts about pictures have not: the first bytes of Shift-JIS are read as these.
_UNUSUAL = frozenset("\u0192\u2020\u2021\u02c6\u2030\u2039\u203a\u02dc\u201a\u201e\u00a4\u00a6\u00a8\u00ac\u00af\u00b8")


class NotText(Exception):
    """The bytes are no text, or one in an encoding that cannot be told from others."""


@dataclass(frozen=True)
class Decoded:
    """A text and what it was read as.

    Attributes:
        text: without a byte order mark.
        encoding: for people.
        is_guess: nothing in the bytes says so; they only look like it.
    """

    text: str
    encoding: Encoding
    is_guess: bool = False


def decode(content: bytes) -> Decoded:
    """Return the text of a file: UTF-8, UTF-16, or Windows-1252 where it looks like a Western text.

    Raises:
        NotText: it is none of them for sure.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Decoded(_checked(content, "utf-16"), "UTF-16")
    if b"\x00" in content:
        text = _checked(content, _order_of_bytes(content))
        if any(letter < " " and letter not in "\t\n\r" for letter in text):
            raise NotText("There are control characters in it.")
        return Decoded(text, "UTF-16", is_guess=True)
    try:
        return Decoded(content.decode("utf-8-sig"), "UTF-8")
    except UnicodeDecodeError:
        return Decoded(_western(content), "Windows-1252", is_guess=True)


def _checked(content: bytes, codec: str) -> str:
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        raise NotText("It looks like UTF-16 and is not.") from error
    if "\x00" in text:
        raise NotText("There is a NUL in it.")
    return text


def _order_of_bytes(content: bytes) -> str:
    half = len(content) // 2
    first, second = content[0::2].count(0) / max(half, 1), content[1::2].count(0) / max(half, 1)
    if len(content) % 2 == 0:
        if second >= _NULS_OF_UTF16 and first <= _FEW:
            return "utf-16-le"
        if first >= _NULS_OF_UTF16 and second <= _FEW:
            return "utf-16-be"
    raise NotText("There is a NUL in it.")


def _western(content: bytes) -> str:
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise NotText("These bytes are no text.") from error
    # The beginning tells as well as the whole, of which a list may have millions of letters.
    seen = text[:_LETTERS_LOOKED_AT]
    odd = {place for place, letter in enumerate(seen) if not letter.isascii() and letter not in _PUNCTUATION}
    plain = sum(letter.isascii() and letter.isalpha() for letter in seen)
    if len(odd) >= _FEWEST_ODD and len(odd) > _MANY_ODD * (len(odd) + plain):
        beside = sum(place + 1 in odd or place - 1 in odd for place in odd)
        unusual = sum(seen[place] in _UNUSUAL for place in odd)
        if beside >= _SIDE_BY_SIDE * len(odd) or unusual >= _MANY_ODD * len(odd):
            raise NotText("It is in an encoding that does not say which.")
    return text
