"""Bars one below the other, each under its name. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagging.charts.marks import Mark, percent, pixels, shorten, width_of

ROW, TEXT_AT, BAR_AT, BAR_HEIGHT = 38, 15, 22, 9
# As wide as the narrowest chart leaves beside the number.
LABEL_WIDTH = 36
# So that a bar of one among thousands is still seen.
_SHORTEST = 0.004


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its row, its name and its length; `kind` is empty where it has no room behind the name."""

    mark: Mark
    label: str
    kind: str
    row_at: str
    text_at: str
    bar_at: str
    length: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of bars; `limits` are where a line crosses all of them, each with what it is called."""

    height: str
    row: str
    bar_height: str
    bars: tuple[Bar, ...]
    limits: tuple[tuple[str, str], ...]


def draw_bars(
    marks: Sequence[Mark],
    *,
    most: float = 0.0,
    limits: Sequence[tuple[float, str]] = (),
    label_width: int = LABEL_WIDTH,
) -> Bars:
    """Return the bars in the order given.

    Args:
        marks: what they stand for.
        most: the value that fills the width; the largest of all for 0.
        limits: values at which a line stands, and what it is called.
        label_width: what names are cut to.
    """
    most = most or max((mark.value for mark in marks), default=0.0) or 1.0
    bars = tuple(
        Bar(
            mark=mark,
            label=shorten(mark.label, label_width),
            kind=mark.kind if width_of(mark.label) + width_of(mark.kind) + 1 < label_width else "",
            row_at=pixels(place * ROW),
            text_at=pixels(place * ROW + TEXT_AT),
            bar_at=pixels(place * ROW + BAR_AT),
            length=percent(_length(mark.value / most)),
        )
        for place, mark in enumerate(marks)
    )
    lines = tuple((percent(value / most), name) for value, name in limits)
    return Bars(pixels(len(bars) * ROW), pixels(ROW), pixels(BAR_HEIGHT), bars, lines)


def _length(share: float) -> float:
    return max(_SHORTEST, min(1.0, share)) if share > 0 else 0.0
