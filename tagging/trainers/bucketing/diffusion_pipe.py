"""diffusion-pipe: a few shapes between two, the nearest by the logarithm; what is longer loses a lot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt

from tagging.trainers.bucketing.base import Fit, cut_out, round_to

STEP = 16


@lru_cache(maxsize=64)
def shapes(narrowest: float, widest: float, count: int) -> tuple[float, ...]:
    """Return shapes with equal ratios between neighbours, to three places."""
    if count == 1:
        return (round(narrowest, 3),)
    ratio = widest / narrowest
    return tuple(round(narrowest * ratio ** (number / (count - 1)), 3) for number in range(count))


@dataclass(frozen=True, slots=True)
class DiffusionPipeBucketer:
    """The widest part that fits is cut out, then resized.

    Attributes:
        narrowest: `min_ar`.
        widest: `max_ar`.
        count: `num_ar_buckets`.
    """

    narrowest: float = 0.5
    widest: float = 2.0
    count: int = 7

    def fit(self, width: int, height: int, base: int) -> Fit:
        """Return what becomes of a picture; `resized` is what it would be if it were not cut first."""
        own = log(width / height)
        shape = min(shapes(self.narrowest, self.widest, self.count), key=lambda each: abs(log(each) - own))
        wide = sqrt(base * base * shape)
        bucket = (round_to(wide, STEP), round_to(base * base / wide, STEP))
        zoom = max(bucket[0] / width, bucket[1] / height)
        return cut_out((round(width * zoom), round(height * zoom)), bucket)
