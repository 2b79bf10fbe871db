"""Sizes of files as people read them: decimal units, as file managers and the pages' scripts show them."""

from __future__ import annotations

from django.utils.formats import number_format

_UNITS = ("B", "kB", "MB", "GB", "TB")


def decimal_size(size: int) -> str:
    """Return `4.2 MB` for a number of bytes."""
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    digits = 1 if value < 10 and unit > 0 and round(value, 1) != int(value) else 0
    return f"{number_format(round(value, digits), digits)} {_UNITS[unit]}"
