"""Columns side by side along a scale: how many lie in each step of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagging.charts.marks import Mark, compact, percent, pixels

HEIGHT, TOP, FLOOR = 208, 20, 180
_SHORTEST = 2.0
_MOST_LABELS = 8
# Of the width of a step, so much is column and the rest the gap.
_FILL = 0.84


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the step it stands in, where it begins and how high it is; `label` is empty where none is shown."""

    mark: Mark
    label: str
    number: str
    step_at: str
    step_width: str
    middle: str
    at: str
    width: str
    top: str
    height: str
    number_at: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A line between two steps, and what it is called: behind it, or before it where it stands far to the right."""

    at: str
    label: str
    anchor: str
    shift: str
    text_at: str
    line_at: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of columns."""

    height: str
    top: str
    floor: str
    label_at: str
    columns: tuple[Column, ...]
    limits: tuple[Limit, ...]


def draw_columns(marks: Sequence[Mark], *, limits: Sequence[tuple[int, str]] = ()) -> Columns:
    """Return the columns in the order given.

    Args:
        marks: what they stand for; an empty label is not shown.
        limits: lines, each behind so many columns, and what it is called.
    """
    count = max(1, len(marks))
    most = max((mark.value for mark in marks), default=0.0) or 1.0
    every = -(-count // _MOST_LABELS)
    # Names of lines stand above each other, each in a row of its own.
    top = TOP + 14 * len(limits)
    columns = tuple(_column(mark, place, count, most, every, top) for place, mark in enumerate(marks))
    lines = tuple(_limit(behind / count, name, row) for row, (behind, name) in enumerate(limits))
    return Columns(pixels(HEIGHT), pixels(0), pixels(FLOOR), pixels(FLOOR + 18), columns, lines)


def _column(mark: Mark, place: int, count: int, most: float, every: int, top: int) -> Column:
    height = max(_SHORTEST, (FLOOR - top) * mark.value / most) if mark.value > 0 else 0.0
    gap = (1 - _FILL) / 2
    return Column(
        mark=mark,
        label=mark.label if place % every == 0 else "",
        number=compact(mark.value),
        step_at=percent(place / count),
        step_width=percent(1 / count),
        middle=percent((place + 0.5) / count),
        at=percent((place + gap) / count),
        width=percent(_FILL / count),
        top=pixels(FLOOR - height),
        height=pixels(height),
        number_at=pixels(FLOOR - height - 5),
    )


def _limit(at: float, label: str, row: int) -> Limit:
    is_late = at > 0.6
    anchor, shift = ("end", "-5") if is_late else ("start", "5")
    return Limit(percent(at), label, anchor, shift, pixels(11 + 14 * row), pixels(14 * row))
