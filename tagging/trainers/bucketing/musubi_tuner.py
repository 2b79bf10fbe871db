"""musubi-tuner: sizes in steps of 16, from half the base on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isqrt

from tagging.trainers.bucketing.base import Fit, Size, cover, cut_out, floor_to, nearest_shape

STEP = 16


@lru_cache(maxsize=64)
def musubi_buckets(base: int) -> tuple[Size, ...]:
    """Return all buckets, in the order in which they are tried."""
    area = base * base
    side = isqrt(area)
    found: set[Size] = set()
    for short in range(max(STEP, floor_to(side // 2, STEP)), side + STEP, STEP):
        long = floor_to(area // short, STEP)
        found |= {(short, long), (long, short)}
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class MusubiTunerBucketer:
    """Nothing is longer than about four to one.

    Attributes:
        no_upscale: pictures that are smaller than the base stay small.
    """

    no_upscale: bool = False

    def fit(self, width: int, height: int, base: int) -> Fit:
        """Return what becomes of a picture."""
        if self.no_upscale and width * height <= base * base:
            return cut_out((width, height), (floor_to(width, STEP), floor_to(height, STEP)))
        bucket = nearest_shape(musubi_buckets(base), width, height)
        return cut_out(cover(width, height, bucket), bucket)
