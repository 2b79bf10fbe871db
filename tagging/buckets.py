"""The bucket that a trainer sorts a picture into: kohya's rule at 1024, the one most others follow closely. Pure.

A bucket is a size whose area is at most 1024 × 1024 and whose sides are whole steps of 64, from 256 to 2048. A picture
goes into the one whose shape is nearest to its own, the first of those equally near. No two have the same shape, so a
picture of a bucket's size goes into that.

Source: design notes on the trainers' own loaders, §2; checked there against the trainer's own function.
"""

from __future__ import annotations

from dataclasses import dataclass

from tagging.trainers.bucketing import Size, kohya_buckets
from tagging.trainers.bucketing.base import nearest_shape

BASE = 1024
AREA = BASE * BASE
SHORTEST, LONGEST = 256, 2 * BASE


def buckets() -> tuple[Size, ...]:
    """Return all buckets, in the order in which they are tried."""
    return kohya_buckets(BASE, LONGEST)


def bucket_of(width: int, height: int) -> Size:
    """Return the bucket of a picture."""
    return nearest_shape(buckets(), width, height)


@dataclass(frozen=True)
class Borders:
    """Which pictures a bucket takes, told by their shape: those that are not farther from `ratio` than from another.

    Attributes:
        ratio: its own shape.
        below: the nearest shape that is taller, `None` where there is none; `above` the nearest that is wider.
        below_first: whether that one is tried first, so that it takes what is equally near; `above_first` likewise.
    """

    ratio: float
    below: float | None
    above: float | None
    below_first: bool
    above_first: bool


def borders_of(size: Size) -> Borders:
    """Return the borders of a bucket, which `size` must be."""
    places = {width / height: place for place, (width, height) in enumerate(buckets())}
    ratio = size[0] / size[1]
    below = max((shape for shape in places if shape < ratio), default=None)
    above = min((shape for shape in places if shape > ratio), default=None)
    return Borders(
        ratio=ratio,
        below=below,
        above=above,
        below_first=below is not None and places[below] < places[ratio],
        above_first=above is not None and places[above] < places[ratio],
    )
