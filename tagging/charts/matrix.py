"""A square of cells: how much of each row goes with each column. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagging.charts.marks import Mark, pixels, shorten, width_of

CELL = 28
# What names are cut to; columns stand aslant.
ROW_WIDTH, COLUMN_WIDTH = 21, 20
# How wide a letter is at most, and how high and wide it stands in a slanted name.
_LETTER, _LETTER_UP, _LETTER_ASIDE = 7.5, 5.5, 4.5
_LEAST_BESIDE = 24
# Not darker, so that the number on it is read in one colour, in light and in dark.
_DARKEST = 0.7


@dataclass(frozen=True, slots=True)
class MatrixLabel:
    """The name of a row or a column, and where it stands."""

    text: str
    title: str
    x: str
    y: str
    turn: str = ""


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A cell: `strength` is how dark it is; `is_itself` where row and column are the same."""

    mark: Mark
    x: str
    y: str
    text_x: str
    text_y: str
    strength: str
    is_itself: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """The square with its names."""

    width: str
    height: str
    cell: str
    rows: tuple[MatrixLabel, ...]
    columns: tuple[MatrixLabel, ...]
    cells: tuple[MatrixCell, ...]


def draw_matrix(names: Sequence[Mark], cells: Sequence[Sequence[Mark]]) -> Matrix:
    """Return the square.

    Args:
        names: of rows and columns alike: what each says.
        cells: a row of marks for each name; a value of 1 is the darkest.
    """
    row_names = [shorten(name.label, ROW_WIDTH) for name in names]
    column_names = [shorten(name.label, COLUMN_WIDTH) for name in names]
    # Only as much room as the names need: a phone has little.
    left = _widest(row_names) * _LETTER + _LEAST_BESIDE
    top = _widest(column_names) * _LETTER_UP + _LEAST_BESIDE
    rows = tuple(
        MatrixLabel(text, name.title, pixels(left - 8), pixels(_middle(top, place) + 4))
        for place, (text, name) in enumerate(zip(row_names, names, strict=True))
    )
    columns = tuple(
        _column(text, name, _middle(left, place) + 4, top - 8)
        for place, (text, name) in enumerate(zip(column_names, names, strict=True))
    )
    drawn = tuple(
        _cell(mark, (row, column), left + column * CELL, top + row * CELL)
        for row, marks in enumerate(cells)
        for column, mark in enumerate(marks)
    )
    size = len(names) * CELL
    # The last slanted name leans beyond its column.
    beyond = _widest(column_names) * _LETTER_ASIDE
    return Matrix(pixels(left + size + beyond), pixels(top + size), pixels(CELL - 2), rows, columns, drawn)


def _widest(names: Sequence[str]) -> int:
    return max(map(width_of, names), default=0)


def _column(text: str, name: Mark, x: float, y: float) -> MatrixLabel:
    return MatrixLabel(text, name.title, pixels(x), pixels(y), f"rotate(-52 {pixels(x)} {pixels(y)})")


def _cell(mark: Mark, place: tuple[int, int], x: float, y: float) -> MatrixCell:
    row, column = place
    return MatrixCell(
        mark=mark,
        x=pixels(x + 1),
        y=pixels(y + 1),
        text_x=pixels(_middle(x, 0)),
        text_y=pixels(_middle(y, 0) + 4),
        strength=pixels(_DARKEST * max(0.0, min(1.0, mark.value))),
        is_itself=row == column,
    )


def _middle(start: float, place: int) -> float:
    return start + (place + 0.5) * CELL
