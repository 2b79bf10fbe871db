"""kohya sd-scripts: sizes in steps of 64 whose area is at most that of the base."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isqrt, sqrt

from tagging.trainers.bucketing.base import Fit, Size, cover, cut_out, floor_to, nearest_shape

STEP, SHORTEST = 64, 256


@lru_cache(maxsize=64)
def kohya_buckets(base: int, longest: int) -> tuple[Size, ...]:
    """Return all buckets, in the order in which they are tried."""
    area = base * base
    square = isqrt(area) // STEP * STEP
    found = {(square, square)}
    for long in range(SHORTEST, longest + 1, STEP):
        short = min(longest, area // long // STEP * STEP)
        if short >= SHORTEST:
            found |= {(long, short), (short, long)}
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class KohyaBucketer:
    """Small pictures are made larger.

    Attributes:
        longest: the longest side of a bucket; `None` for twice the base, as our own configuration has it. The
            trainer's own default is 1024.
    """

    longest: int | None = None

    def fit(self, width: int, height: int, base: int) -> Fit:
        """Return what becomes of a picture."""
        sizes = kohya_buckets(base, self.longest or 2 * base)
        bucket = (width, height) if (width, height) in sizes else nearest_shape(sizes, width, height)
        return cut_out(cover(width, height, bucket), bucket)


@dataclass(frozen=True, slots=True)
class KohyaNoUpscaleBucketer:
    """With `bucket_no_upscale`: small pictures stay small, and the limits of buckets are not looked at.

    A picture with a side under 64 has no bucket at all: the trainer breaks.
    """

    def fit(self, width: int, height: int, base: int) -> Fit:
        """Return what becomes of a picture."""
        resized = (width, height) if width * height <= base * base else _made_smaller(width, height, base * base)
        bucket = (floor_to(resized[0], STEP), floor_to(resized[1], STEP))
        return cut_out(resized, bucket)


def _made_smaller(width: int, height: int, area: int) -> Size:
    ratio = width / height
    wide = sqrt(area * ratio)
    high = area / wide
    by_width = _rounded_down(wide)
    by_height = _rounded_down(high)
    first = abs(_shape(by_width, _rounded_down(by_width / ratio)) - ratio)
    second = abs(_shape(_rounded_down(by_height * ratio), by_height) - ratio)
    if first < second:
        return by_width, int(by_width / ratio + 0.5)
    return int(by_height * ratio + 0.5), by_height


def _rounded_down(side: float) -> int:
    return int(side + 0.5) // STEP * STEP


def _shape(width: int, height: int) -> float:
    return width / height if height else float("inf")
