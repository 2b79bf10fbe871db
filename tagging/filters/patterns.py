r"""Patterns: `*` stands for anything, `?` for one character; `\*`, `\?` and `\\` are these signs themselves. Pure."""

from __future__ import annotations

from enum import Enum


class Wild(Enum):
    """A sign that stands for others."""

    ANYTHING = "*"
    ONE = "?"


_SIGNS = {wild.value: wild for wild in Wild}
_ESCAPABLE = {*_SIGNS, "\\"}


def read_pattern(pattern: str) -> list[str | Wild]:
    """Return the parts of a pattern: what is written, and what stands for other signs."""
    parts: list[str | Wild] = []
    written = ""
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\" and pattern[at + 1 : at + 2] in _ESCAPABLE:
            written += pattern[at + 1]
            at += 1
        elif sign in _SIGNS:
            parts += [written, _SIGNS[sign]] if written else [_SIGNS[sign]]
            written = ""
        else:
            written += sign
        at += 1
    return [*parts, written] if written else parts


def is_wild(pattern: str) -> bool:
    """Whether anything in it stands for other signs."""
    return any(isinstance(part, Wild) for part in read_pattern(pattern))


def canonical(pattern: str) -> str:
    """Return the one spelling of a pattern: each sign that means itself has its backslash."""
    return "".join(part.value if isinstance(part, Wild) else literal(part) for part in read_pattern(pattern))


def literal(text: str) -> str:
    """Return the pattern of a text that means itself."""
    return "".join(f"\\{sign}" if sign in _SIGNS else sign for sign in text.replace("\\", "\\\\"))
