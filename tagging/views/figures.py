"""Figures of a page: a chart with its caption and its table, and how their numbers are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _

from tagging.charts import Bars, Columns, Matrix, Scatter


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `address` is where it leads, `colour` the name of a category's colour."""

    text: str
    address: str = ""
    colour: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """The numbers of a chart; the first cell of a row is what the row is about."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Figure:
    """A chart with what it needs to be read: its name, what it says in a sentence, and its table.

    Attributes:
        id: what an address calls it.
        kind: which template draws it: bars, columns, matrix or scatter.
        notes: further sentences, such as what a number leaves out.
        empty: what is said instead where there is nothing to draw.
    """

    id: str
    title: str
    caption: str
    kind: str
    drawing: Bars | Columns | Matrix | Scatter | None
    table: Table
    notes: Sequence[str] = field(default_factory=tuple)
    empty: str = ""


def count_text(number: int) -> str:
    """Return a whole number as it is written in the person's language."""
    return str(floatformat(number, "0g"))


def share_text(share: float, digits: int = 0) -> str:
    """Return a share in per cent; one that is not quite nothing, or not quite all, is not rounded to that."""
    smallest = 10.0**-digits
    hundredths = 100 * share
    if 0 < hundredths < smallest:
        return _("< %(number)s %%") % {"number": floatformat(smallest, digits)}
    if 100 - smallest < hundredths < 100:
        return _("> %(number)s %%") % {"number": floatformat(100 - smallest, digits)}
    return _("%(number)s %%") % {"number": floatformat(hundredths, digits)}


def number_cell(number: int, address: str = "") -> Cell:
    """Return a cell that holds a whole number."""
    return Cell(count_text(number), address, is_number=True)


def share_cell(share: float, digits: int = 0) -> Cell:
    """Return a cell that holds a share."""
    return Cell(share_text(share, digits), is_number=True)
