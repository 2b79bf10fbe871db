"""From the value of a condition to what it means: numbers, sizes, shapes, days. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

from tagging.buckets import buckets
from tagging.filters.errors import FilterError
from tagging.filters.tokens import Word
from tagging.filters.tree import CUTTERS, Ago, Bucket, Cut, Dimensions, Node, Number, On, Ratio, none_of
from tagging.trainers.options import LARGEST_RESOLUTION, SMALLEST_RESOLUTION

_COMPARED = re.compile(r"\s*(>=|<=|==|!=|=|>|<)?\s*(.*?)\s*$", re.DOTALL)
_RANGE = re.compile(r"\s*(\S*?)\s*\.\.\s*(\S*?)\s*$")
_SIZE = re.compile(r"(\d{1,15})(\.\d{1,6})?\s*([a-z]*)$", re.IGNORECASE)
_SIDES = re.compile(r"(\d{1,9})\s*[x:×]\s*(\d{1,9})$", re.IGNORECASE)
_SHAPE = re.compile(r"(\d{1,6}(?:\.\d{1,20})?)(?:\s*[x:/×]\s*(\d{1,6}(?:\.\d{1,20})?))?$", re.IGNORECASE)
_CUT = re.compile(r"([a-z-]{1,40})(?:@(\d{2,4}))?\s*(>=|<=|>|<)\s*(\d{1,2}(?:\.\d{1,4})?)\s*%?$", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})$")
_AGE = re.compile(r"(\d{1,5})\s*([hdw])$", re.IGNORECASE)
# As the pages write sizes, and with an i as memory is counted.
_UNITS = {"": 0, "b": 0, "k": 3, "kb": 3, "m": 6, "mb": 6, "g": 9, "gb": 9}
_BINARY_UNITS = {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
_HOURS = {"h": 1, "d": 24, "w": 168}
# Two pictures of one shape differ by the pixels that their sides are rounded to.
SAME_SHAPE = 0.01
_FLATTEST, _LONGEST = 0.001, 1_000.0
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_USUAL_RESOLUTION = 1024

_Value = TypeVar("_Value", int, float, date)


def read_number(word: Word) -> Node:
    """Return what `tags:>5`, `w:512..1024` or `size:<2MB` asks for.

    Raises:
        FilterError: it is no number.
    """
    if word.key == "size" and (sides := _SIDES.match(word.value.strip())):
        return Dimensions(int(sides[1]), int(sides[2]))
    read = _read_size if word.key == "size" else _read_whole
    sign, least, most = _compared(word, lambda text: read(text, word))
    if sign == "!=":
        return none_of(Number(word.key, least, most))
    # Whole numbers: more than 5 is 6 or more.
    if sign == ">" and least is not None:
        return Number(word.key, least + 1, None)
    if sign == "<" and most is not None:
        return Number(word.key, None, most - 1)
    return Number(word.key, least, most)


def read_ratio(word: Word) -> Node:
    """Return what `ar:16:9`, `ar:>1.5` or `ar:1..2` asks for.

    Raises:
        FilterError: it is no shape.
    """
    sign, low, high = _compared(word, lambda text: _read_shape(text, word))
    if sign in {"=", "!="} and low is not None:
        same = Ratio(low * (1 - SAME_SHAPE), low * (1 + SAME_SHAPE))
        return none_of(same) if sign == "!=" else same
    return Ratio(low, high, with_low=sign != ">", with_high=sign != "<")


def read_time(word: Word) -> Node:
    """Return what `at:2026-11-01`, `at:>2026-11-01` or `at:<7d` asks for.

    Raises:
        FilterError: it is neither a day nor an age.
    """
    found = _COMPARED.match(word.value)
    sign, text = (found[1] or "", found[2]) if found else ("", "")
    if (age := _AGE.match(text)) and sign != "!=":
        return Ago(int(age[1]) * _HOURS[age[2].lower()], longer=sign in {">", ">="})
    sign, first, last = _compared(word, lambda text: _read_day(text, word))
    if sign == ">" and first is not None:
        first += timedelta(days=1)
    if sign == "<" and last is not None:
        last -= timedelta(days=1)
    return none_of(On(first, last)) if sign == "!=" else On(first, last)


def read_bucket(word: Word) -> Node:
    """Return what `bucket:1024x768` asks for.

    Raises:
        FilterError: it is no bucket.
    """
    sides = _SIDES.match(word.value.strip())
    if not sides:
        raise FilterError("sides", word.value, word.start, word.end)
    size = (int(sides[1]), int(sides[2]))
    if size not in buckets():
        raise FilterError("bucket", word.value.strip(), word.start, word.end)
    return Bucket(*size)


def read_cut(word: Word) -> Node:
    """Return what `cut:kohya@1024>20` asks for; without a resolution it is 1024.

    Raises:
        FilterError: it is no share of what a trainer cuts off.
    """
    found = _CUT.match(word.value.strip())
    trainer = found[1].lower() if found else ""
    resolution = int((found and found[2]) or _USUAL_RESOLUTION)
    if not found or trainer not in CUTTERS or not SMALLEST_RESOLUTION <= resolution <= LARGEST_RESOLUTION:
        raise FilterError("cut", word.value.strip(), word.start, word.end)
    return Cut(trainer, resolution, found[3], float(found[4]))


def _compared(word: Word, read: Callable[[str], _Value]) -> tuple[str, _Value | None, _Value | None]:
    """Return the sign and what lies on its sides; `..` for a range, `=` where none is written."""
    if span := _RANGE.match(word.value):
        low, high = (read(text) if text else None for text in span.groups())
        if low is None and high is None:
            raise FilterError("empty", word.value, word.start, word.end)
        if low is not None and high is not None and low > high:
            raise FilterError("range", word.value.strip(), word.start, word.end)
        return "..", low, high
    found = _COMPARED.match(word.value)
    sign, text = (found[1] or "=", found[2]) if found else ("=", "")
    if not text:
        raise FilterError("empty", f"{word.key}:{word.value}", word.start, word.end)
    value = read(text)
    if sign in {">", ">="}:
        return sign, value, None
    if sign in {"<", "<="}:
        return sign, None, value
    return "=" if sign == "==" else sign, value, value


def _read_whole(text: str, word: Word) -> int:
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise FilterError("number", text, word.start, word.end)
    return int(text)


def _read_size(text: str, word: Word) -> int:
    found = _SIZE.match(text) if text.isascii() else None
    unit = found[3].lower() if found else "?"
    if not found or unit not in {*_UNITS, *_BINARY_UNITS}:
        raise FilterError("size", text, word.start, word.end)
    # In millionths, so that 1.1 MB is 1,100,000 bytes.
    millionths = int(found[1]) * 10**6 + int((found[2] or ".0")[1:].ljust(6, "0"))
    return millionths * (_BINARY_UNITS.get(unit) or 10 ** _UNITS[unit]) // 10**6


def _read_shape(text: str, word: Word) -> float:
    found = _SHAPE.match(text) if text.isascii() or "×" in text else None
    below = float(found[2] or 1) if found else 0.0
    ratio = float(found[1]) / below if found and below else 0.0
    if not _FLATTEST <= ratio <= _LONGEST:
        raise FilterError("ratio", text, word.start, word.end)
    return ratio


def _read_day(text: str, word: Word) -> date:
    found = _DAY.match(text)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise FilterError("date", text, word.start, word.end)
    return day
