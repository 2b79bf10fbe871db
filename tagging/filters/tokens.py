"""From text to tokens: what is written between blanks, with its sign, its key and its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

KEYS = ("tag", "is", "state", "caption", "name")
_KEY = re.compile(rf"({'|'.join(KEYS)}):", re.IGNORECASE)
_PLAIN = re.compile(r'[^\s"]+')


class FilterError(ValueError):
    """A filter that cannot be read; the text is a code: `unclosed`, `empty`, `is`, `state`.

    Attributes:
        given: what stands there.
        start: where it begins in the filter, from 0.
        end: where it ends.
    """

    def __init__(self, code: str, given: str, start: int, end: int) -> None:
        super().__init__(code)
        self.code, self.given, self.start, self.end = code, given, start, end


@dataclass(frozen=True)
class Token:
    """One condition as it is written.

    Attributes:
        is_negated: whether a `-` stands before it.
        key: one of `KEYS` in lower case; empty where none is written. Another word before a colon is part of the
            value: there are tags like `re:zero` and `:d`.
        value: what is asked for, without quotes.
        start: where the token begins in the filter.
        end: where it ends.
    """

    is_negated: bool
    key: str
    value: str
    start: int
    end: int


def read_tokens(text: str) -> list[Token]:
    """Return the conditions of a filter in order.

    Raises:
        FilterError: a quote is not closed, or nothing stands behind a `-` or a key.
    """
    tokens = []
    at = 0
    while (at := _skip_blanks(text, at)) < len(text):
        token = _read_one(text, at)
        tokens.append(token)
        at = token.end
    return tokens


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _read_one(text: str, start: int) -> Token:
    at = start
    is_negated = text[at] == "-"
    at += is_negated
    found = _KEY.match(text, at)
    key = found.group(1).lower() if found else ""
    at = found.end() if found else at
    value, end = _read_value(text, at)
    if not value.strip():
        raise FilterError("empty", text[start:end], start, max(end, start + 1))
    return Token(is_negated, key, value, start, end)


def _read_value(text: str, at: int) -> tuple[str, int]:
    """Read a quoted value, or what stands there up to the next blank; two quotes side by side are one in the value."""
    if at >= len(text) or text[at] != '"':
        found = _PLAIN.match(text, at)
        return (found.group(), found.end()) if found else ("", at)
    parts = []
    begin = at
    while True:
        close = text.find('"', at + 1)
        if close < 0:
            raise FilterError("unclosed", text[begin:], begin, len(text))
        parts.append(text[at + 1 : close])
        at = close
        if text[close + 1 : close + 2] != '"':
            return '"'.join(parts), close + 1
        at = close + 1
