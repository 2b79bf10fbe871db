"""From text to words: what stands at a place of a filter, with its key and its quotes taken off. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tagging.filters.errors import FilterError

# Other spellings, some of them TagGUI's.
SAME_KEYS = {"width": "w", "height": "h", "target": "bucket"}
NUMBER_KEYS = ("tags", "chars", "tokens", "t5", "w", "h", "ar", "size", "at")
WORD_KEYS = (
    "tag", "caption", "name", "path", "category", "by", "is", "has", "state", "format", "source", "bucket", "cut"
)  # fmt: skip
# TagGUI has them, this program has nothing that they could ask for.
FOREIGN_KEYS = ("stars", "marking", "crops", "visible")
_KEYS = (*WORD_KEYS, *NUMBER_KEYS, *SAME_KEYS, *FOREIGN_KEYS)
_KEY = re.compile(rf"({'|'.join(sorted(_KEYS, key=len, reverse=True))}):", re.IGNORECASE)
_KEYWORD = re.compile(r"(AND|OR|NOT)(?=[\s()\"']|$)", re.IGNORECASE)
# Where numbers are compared, blanks around the sign change nothing.
_COMPARED = re.compile(r"\s*(?:[<>]=?|!=|==?)\s*[^\s()\"]+")
# A parenthesis in a face is none.
_FACE = re.compile(r"[:;=][-'^o]?[()](?=[\s()\"',]|$)")
_SINGLE_QUOTED = re.compile(r"'((?:\\.|[^'\\])*)'(?=[\s)]|$)", re.DOTALL)
_NEGATABLE = re.compile(r"[\w(\"'*]")


@dataclass(frozen=True)
class Word:
    """One condition as it is written.

    Attributes:
        key: in lower case and one spelling; empty where none is written. Another word before a colon is part of the
            value: there are tags like `re:zero` and `:d`.
        value: what is asked for, as a pattern, without quotes.
        start: where it begins in the filter.
        end: where it ends.
    """

    key: str
    value: str
    start: int
    end: int


def skip_blanks(text: str, at: int) -> int:
    """Return the next place that is not blank."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def read_keyword(text: str, at: int) -> tuple[str, int]:
    """Return `AND`, `OR`, `NOT` or nothing, and the place behind it."""
    found = _KEYWORD.match(text, at)
    return (found.group(1).upper(), found.end()) if found else ("", at)


def is_sign(text: str, at: int) -> bool:
    """Whether what stands here says "not": a minus, or a `!` before a word; `!?` and `!!` are tags."""
    sign = text[at : at + 1]
    return sign == "-" or (sign == "!" and _NEGATABLE.match(text, at + 1) is not None)


def read_word(text: str, start: int) -> Word:
    """Return the condition that begins here.

    Raises:
        FilterError: a quote is not closed.
    """
    found = _KEY.match(text, start)
    key = found.group(1).lower() if found else ""
    key = SAME_KEYS.get(key, key)
    value, end = _read_value(text, found.end() if found else start, key)
    return Word(key, value, start, end)


def _read_value(text: str, at: int, key: str) -> tuple[str, int]:
    if key in NUMBER_KEYS and (compared := _COMPARED.match(text, at)):
        return compared.group(), compared.end()
    if text[at : at + 1] == '"':
        return _read_quoted(text, at)
    if quoted := _SINGLE_QUOTED.match(text, at):
        return re.sub(r"\\(['\"])", r"\1", quoted.group(1)), quoted.end()
    value, end = _read_bare(text, at)
    # A list of tags may be pasted: no tag has a comma.
    return value.rstrip(",") if key in {"", "tag"} else value, end


def _read_bare(text: str, at: int) -> tuple[str, int]:
    """Read up to the next blank, quote, or parenthesis that the word itself did not open."""
    face = _FACE.match(text, at)
    value = face.group() if face else ""
    at += len(value)
    opened = 0
    while at < len(text) and not text[at].isspace() and text[at] != '"':
        sign = text[at]
        if sign == "\\" and text[at + 1 : at + 2] in {"(", ")", '"', "'"}:
            sign = text[at + 1]
            at += 1
        elif sign == "\\" and text[at + 1 : at + 2] == "\\":
            sign = "\\\\"
            at += 1
        elif sign == "(":
            opened += 1
        elif sign == ")":
            if not opened:
                break
            opened -= 1
        value += sign
        at += 1
    return value, at


def _read_quoted(text: str, begin: int) -> tuple[str, int]:
    r"""Read up to the quote that closes; `""` and `\"` are one in the value."""
    value = ""
    at = begin + 1
    while at < len(text):
        sign, following = text[at], text[at + 1 : at + 2]
        if sign == "\\" and following in {'"', "'", "\\"}:
            value += "\\\\" if following == "\\" else following
            at += 2
        elif sign != '"':
            value += sign
            at += 1
        elif following == '"':
            value += sign
            at += 2
        else:
            return value, at + 1
    raise FilterError("unclosed", text[begin:], begin, len(text))
