"""What every mark of a chart says, and how numbers and names become attributes and labels. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """What one bar, column, cell or dot stands for.

    Attributes:
        label: what it is called beside it.
        value: how large it is.
        number: its value as a person reads it.
        title: the whole of it in words: what a pointer and a screen reader are told.
        address: where it leads, empty for nowhere.
        colour: the name of a category's colour, empty for the chart's own.
        is_over: whether it lies beyond a limit; it is drawn hatched as well.
        kind: a word behind its name, such as its category; left out where there is no room.
    """

    label: str
    value: float
    number: str
    title: str
    address: str = ""
    colour: str = ""
    is_over: bool = False
    kind: str = ""


def percent(share: float) -> str:
    """Return a share as an attribute: `0.5` is `50%`."""
    return f"{_short(100 * share)}%"


def pixels(number: float) -> str:
    """Return a length as an attribute."""
    return _short(number)


def shorten(text: str, width: int) -> str:
    """Return a text that is at most as wide as so many small letters; what was left out of its middle shows as `…`.

    Long names mostly begin alike: by their ends they are told apart.
    """
    if width_of(text) <= width:
        return text
    end = _fitting(text[::-1], (width - 1) // 3)[::-1].lstrip()
    while end and unicodedata.combining(end[0]):
        end = end[1:]
    return f"{_fitting(text, width - 1 - width_of(end)).rstrip()}…{end}"


def compact(number: float) -> str:
    """Return a number in at most four signs: `950`, `1.2k`, `35k`, `1.1M`."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            scaled = number / size
            return f"{scaled:.0f}{unit}" if scaled >= 10 else f"{_short(round(scaled, 1))}{unit}"
    return _short(number)


def width_of(text: str) -> int:
    """Return how wide a text is in small letters: signs of Chinese, Japanese and Korean take two."""
    return sum(map(_width, text))


def _fitting(text: str, width: int) -> str:
    while text and width_of(text) > width:
        text = text[:-1]
    return text


def _width(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in {"Cf", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1


def _short(number: float) -> str:
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text
