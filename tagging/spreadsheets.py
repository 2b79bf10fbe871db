"""Cells that a spreadsheet would take for formulas, kept from it; pure, and without loss: `unguarded` takes it back.

Only for lists that people open in a spreadsheet. What trainers read is written as it is.
"""

from __future__ import annotations

import re

# What spreadsheets begin a formula with, the wide forms too; a blank before it does not stop all of them, and a cell
# that is torn apart at its line ends has a beginning in each line. Apostrophes that were there count as ours would.
_BEGINS_A_FORMULA = re.compile(r"(^|[\r\n])(?='*(?:[\t\r]|[^\S\r\n]*[=+\-@＝＋－＠]))")
_GUARDED = re.compile(r"(^|[\r\n])'(?='*(?:[\t\r]|[^\S\r\n]*[=+\-@＝＋－＠]))")


def guarded(cell: str) -> str:
    """Return a cell with an apostrophe before each beginning that a spreadsheet would reckon with."""
    return _BEGINS_A_FORMULA.sub(r"\1'", cell)


def unguarded(cell: str) -> str:
    """Return what `guarded` was given."""
    return _GUARDED.sub(r"\1", cell)
