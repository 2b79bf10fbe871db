"""Charts as geometry: from numbers to the attributes of SVG, as texts that a template prints as they are. Pure.

Horizontal places are shares of the width, so that a chart fills whatever it is given and its letters keep their size;
vertical ones are pixels. What a mark says and leads to comes along untouched.
"""

from tagging.charts.bars import Bar, Bars, draw_bars
from tagging.charts.columns import Column, Columns, draw_columns
from tagging.charts.marks import Mark
from tagging.charts.matrix import Matrix, MatrixCell, MatrixLabel, draw_matrix
from tagging.charts.scatter import Dot, Scatter, Square, draw_scatter

__all__ = [
    "Bar",
    "Bars",
    "Column",
    "Columns",
    "Dot",
    "Mark",
    "Matrix",
    "MatrixCell",
    "MatrixLabel",
    "Scatter",
    "Square",
    "draw_bars",
    "draw_columns",
    "draw_matrix",
    "draw_scatter",
]
