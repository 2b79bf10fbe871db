"""The bucket that a trainer sorts a picture into: kohya's rule at 1024, the one most others follow closely. Pure.

A bucket is a size whose area is at most 1024 × 1024 and whose sides are whole steps of 64, from 256 to 2048. A picture
whose size is a bucket's goes into it; any other into the one whose shape is nearest, the first of those equally near.

Source: design notes on the trainers' own loaders, §2; checked there against the trainer's own function.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isqrt

AREA = 1024 * 1024
STEP, SHORTEST, LONGEST = 64, 256, 2048

Size = tuple[int, int]


@lru_cache(maxsize=1)
def buckets() -> tuple[Size, ...]:
    """Return all buckets, in the order in which they are tried."""
    square = isqrt(AREA) // STEP * STEP
    found = {(square, square)}
    for long in range(SHORTEST, LONGEST + 1, STEP):
        short = min(LONGEST, AREA // long // STEP * STEP)
        if short >= SHORTEST:
            found |= {(long, short), (short, long)}
    return tuple(sorted(found))


def bucket_of(width: int, height: int) -> Size:
    """Return the bucket of a picture."""
    if (width, height) in buckets():
        return width, height
    return min(buckets(), key=lambda size: abs(size[0] / size[1] - width / height))


@dataclass(frozen=True)
class Borders:
    """Which pictures a bucket takes, told by their shape.

    A picture whose size is a bucket's goes by its size. Of the others it takes those that are not farther from
    `ratio` than from `below` and `above`, the shapes of its neighbours; where a neighbour is tried first, those that
    are nearer. `None` where there is no neighbour; `is_reached` is not so where another of the same shape comes first.
    """

    ratio: float
    below: float | None
    above: float | None
    below_first: bool
    above_first: bool
    is_reached: bool


def borders_of(size: Size) -> Borders:
    """Return the borders of a bucket, which `size` must be."""
    place = buckets().index(size)
    ratio = size[0] / size[1]
    # Of each shape the first that is tried.
    places: dict[float, int] = {}
    for number, (width, height) in enumerate(buckets()):
        places.setdefault(width / height, number)
    below = max((shape for shape in places if shape < ratio), default=None)
    above = min((shape for shape in places if shape > ratio), default=None)
    return Borders(
        ratio=ratio,
        below=below,
        above=above,
        below_first=below is not None and places[below] < place,
        above_first=above is not None and places[above] < place,
        is_reached=places[ratio] == place,
    )
