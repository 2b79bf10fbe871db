"""Many things, some at a time: statements and answers have a largest size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batches(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield all things in order, at most `size` of them at a time."""
    for start in range(0, len(things), size):
        yield things[start : start + size]
