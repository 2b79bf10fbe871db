"""A square of cells: how much of each row goes with each column. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagging.charts.marks import Mark, pixels, shorten

CELL, LEFT, TOP = 28, 168, 118
# What names are cut to; columns stand aslant.
ROW_WIDTH, COLUMN_WIDTH = 24, 20
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
    rows = tuple(
        MatrixLabel(shorten(name.label, ROW_WIDTH), name.title, pixels(LEFT - 8), pixels(_middle(TOP, place) + 4))
        for place, name in enumerate(names)
    )
    columns = tuple(_column(name, place) for place, name in enumerate(names))
    drawn = tuple(_cell(mark, row, column) for row, marks in enumerate(cells) for column, mark in enumerate(marks))
    size = len(names) * CELL
    # The last slanted name leans beyond its column.
    return Matrix(pixels(LEFT + size + 88), pixels(TOP + size), pixels(CELL - 2), rows, columns, drawn)


def _column(name: Mark, place: int) -> MatrixLabel:
    x, y = _middle(LEFT, place) + 4, TOP - 8
    turn = f"rotate(-52 {pixels(x)} {pixels(y)})"
    return MatrixLabel(shorten(name.label, COLUMN_WIDTH), name.title, pixels(x), pixels(y), turn)


def _cell(mark: Mark, row: int, column: int) -> MatrixCell:
    return MatrixCell(
        mark=mark,
        x=pixels(LEFT + column * CELL + 1),
        y=pixels(TOP + row * CELL + 1),
        text_x=pixels(_middle(LEFT, column)),
        text_y=pixels(_middle(TOP, row) + 4),
        strength=pixels(_DARKEST * max(0.0, min(1.0, mark.value))),
        is_itself=row == column,
    )


def _middle(start: int, place: int) -> float:
    return start + (place + 0.5) * CELL
