"""The filters that the marks of the board lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from tagging.filters import tree
from tagging.filters.patterns import literal
from tagging.filters.writing import write_filter
from tagging.queries.board.sizes import SizeCount

# Well within what a filter may hold: 100 conditions and 4,000 characters.
_MOST_SIZES = 80


def with_tag(name: str) -> str:
    """Return what finds the pictures with a tag."""
    return write_filter(tree.Tag(literal(name)))


def without_tag(name: str) -> str:
    """Return what finds the tagged pictures that lack a tag."""
    return write_filter(tree.And((tree.Has("tags"), tree.Not(tree.Tag(literal(name))))))


def with_both(first: str, second: str) -> str:
    """Return what finds the pictures with both of two tags."""
    return write_filter(tree.And((tree.Tag(literal(first)), tree.Tag(literal(second)))))


def with_category(name: str) -> str:
    """Return what finds the pictures with a tag of a category."""
    return write_filter(tree.Category(literal(name)))


def of_size(width: int, height: int) -> str:
    """Return what finds the pictures of a size."""
    return write_filter(tree.Dimensions(width, height))


def within(widths: tuple[int, int], heights: tuple[int, int]) -> str:
    """Return what finds the pictures whose sides lie between these, both included."""
    return write_filter(tree.And((tree.Number("w", *widths), tree.Number("h", *heights))))


def cut_by(trainer: str, base: int, share: float) -> str:
    """Return what finds the pictures of which a trainer cuts off more than a share; empty where no filter says it."""
    if trainer not in tree.CUTTERS:
        return ""
    return write_filter(tree.Cut(trainer, base, ">", 100 * share))


def with_tokens(which: str, low: int, high: int | None) -> str:
    """Return what finds the pictures whose text has so many tokens; empty where no filter says it."""
    key = {"clip": "tokens"}.get(which, which)
    return write_filter(tree.Number(key, low or None, high)) if key in tree.NUMBERS else ""


def worded_on(day: date) -> str:
    """Return what finds the pictures that got words on a day."""
    return write_filter(tree.On(day, day))


def worded_by(name: str) -> str:
    """Return what finds the pictures with words from a person."""
    return write_filter(tree.By(literal(name)))


def of_sizes(wanted: Sequence[SizeCount], all_sizes: Iterable[SizeCount]) -> str:
    """Return what finds the pictures of some sizes out of all that there are; empty where no filter says it.

    Few sizes are named; of many it is tried whether a shape, a width and a height between bounds mean just them.
    """
    if not wanted:
        return ""
    if len(wanted) <= _MOST_SIZES:
        nodes = tuple(tree.Dimensions(size.width, size.height) for size in wanted)
        return write_filter(tree.any_of(nodes))
    shapes = [size.width / size.height for size in wanted]
    widths, heights = [size.width for size in wanted], [size.height for size in wanted]
    low, high = min(shapes), max(shapes)
    narrowest, widest, lowest, highest = min(widths), max(widths), min(heights), max(heights)
    inside = {(size.width, size.height) for size in wanted}
    # Of the same shapes, without being wanted.
    others = [
        size
        for size in all_sizes
        if low <= size.width / size.height <= high and (size.width, size.height) not in inside
    ]
    ratio = tree.Ratio(low, high)
    if not others:
        return write_filter(ratio)
    if any(narrowest <= size.width <= widest and lowest <= size.height <= highest for size in others):
        return ""
    return write_filter(tree.And((ratio, tree.Number("w", narrowest, widest), tree.Number("h", lowest, highest))))
