"""Dots by width and height, both on scales that double. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log2, sqrt

from tagging.charts.marks import Mark, percent, pixels

HEIGHT, TOP, FLOOR = 400, 10, 372
LEFT, RIGHT = 0.085, 0.985
_SMALLEST_DOT, _LARGEST_DOT = 4.0, 15.0


@dataclass(frozen=True, slots=True)
class Dot:
    """Pictures of a size: its place, and how large it is drawn; its area grows with the number."""

    mark: Mark
    x: str
    y: str
    radius: str


@dataclass(frozen=True, slots=True)
class Square:
    """A size that is marked, such as a trainer's bucket."""

    title: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale."""

    label: str
    at: str
    text_at: str


@dataclass(frozen=True, slots=True)
class Scatter:
    """Dots, squares and the lines behind them; `even` is the line where width is height."""

    height: str
    left: str
    right: str
    top: str
    floor: str
    label_at: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    even: tuple[str, str, str, str]
    squares: tuple[Square, ...]
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def x(self, value: float) -> float:
        return LEFT + (RIGHT - LEFT) * self._share(value)

    def y(self, value: float) -> float:
        return FLOOR - (FLOOR - TOP) * self._share(value)

    def _share(self, value: float) -> float:
        return (log2(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[int]:
        return [2**power for power in range(ceil(self.low), floor(self.high) + 1)]


def draw_scatter(
    dots: Sequence[tuple[float, float, Mark]], squares: Sequence[tuple[int, int, str]] = ()
) -> Scatter:  # fmt: skip
    """Return the chart, with room for all that is in it.

    Args:
        dots: width, height, and what is there; its value is how many.
        squares: width, height, and what it is called.
    """
    sides = [side for width, height, _ in (*dots, *squares) for side in (width, height)] or [512.0, 1024.0]
    scale = _scale(log2(max(1.0, min(sides))), log2(max(1.0, *sides)))
    most = max((mark.value for _, _, mark in dots), default=1.0)
    # Many dots are drawn smaller, so that they do not cover each other.
    largest = max(_SMALLEST_DOT + 3, min(_LARGEST_DOT, 60 / sqrt(max(1, len(dots)))))
    across = tuple(Tick(str(tick), percent(scale.x(tick)), percent(scale.x(tick))) for tick in scale.ticks())
    up = tuple(Tick(str(tick), pixels(scale.y(tick)), pixels(scale.y(tick) + 4)) for tick in scale.ticks())
    return Scatter(
        height=pixels(HEIGHT),
        left=percent(LEFT),
        right=percent(RIGHT),
        top=pixels(TOP),
        floor=pixels(FLOOR),
        label_at=pixels(FLOOR + 18),
        across=across,
        up=up,
        even=(percent(LEFT), pixels(FLOOR), percent(RIGHT), pixels(TOP)),
        squares=tuple(
            Square(title, percent(scale.x(width)), pixels(scale.y(height))) for width, height, title in squares
        ),
        # The large ones first: the small ones lie on them.
        dots=tuple(
            Dot(mark, percent(scale.x(width)), pixels(scale.y(height)), pixels(_radius(mark.value / most, largest)))
            for width, height, mark in sorted(dots, key=lambda dot: -dot[2].value)
        ),
    )


def _scale(low: float, high: float) -> _Scale:
    """Leave a fifth of an octave at the edges, which keeps the outermost dots whole, and show two octaves at least."""
    missing = max(0.0, 1.6 - (high - low)) / 2
    return _Scale(low - missing - 0.2, high + missing + 0.2)


def _radius(share: float, largest: float) -> float:
    return max(_SMALLEST_DOT, largest * sqrt(share))
