"""Configurations that a trainer checks key by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.readers.reading import LoaderStops

Kinds = Mapping[str, type | tuple[type, ...]]


def check(table: Mapping[str, Any], allowed: Kinds, where: str) -> None:
    """Stop at a key that is not known or whose value is of another kind; a number is not a string of digits."""
    for key, value in table.items():
        if key not in allowed:
            raise LoaderStops(f"extra keys not allowed: {where}.{key}")
        kinds = allowed[key]
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        if isinstance(value, bool) and bool not in kinds:
            raise LoaderStops(f"{where}.{key} is not {kinds}")
        if not isinstance(value, kinds):
            raise LoaderStops(f"{where}.{key} = {value!r} is not {kinds}")
