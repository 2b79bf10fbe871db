"""OneTrainer: a fixed list of shapes, the nearest by height to width."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

from tagging.trainers.bucketing.base import Fit, Size, cut_out, round_to

SHAPES = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0)
FLUX_STEP = 64


@lru_cache(maxsize=64)
def onetrainer_buckets(base: int, step: int) -> tuple[Size, ...]:
    """Return all buckets, the square one first, then the wide and the tall ones of each shape."""
    found: dict[Size, None] = {}
    for shape in SHAPES:
        long, short = round_to(base * sqrt(shape), step), round_to(base / sqrt(shape), step)
        found |= {(long, short): None, (short, long): None}
    return tuple(size for size in found if all(size))


@dataclass(frozen=True, slots=True)
class OneTrainerBucketer:
    """Small pictures are made larger; which part is cut off changes each time (crop jitter).

    Of two shapes exactly as near the trainer takes the one that its set happens to give first; here the squarer one.

    Attributes:
        step: 64 for FLUX and SDXL, 8 for SD 1.5, 16 for PixArt, 32 for Sana.
    """

    step: int = FLUX_STEP

    def fit(self, width: int, height: int, base: int) -> Fit:
        """Return what becomes of a picture."""
        ratio = height / width
        bucket = min(onetrainer_buckets(base, self.step), key=lambda size: abs(size[1] / size[0] - ratio))
        scale = max(bucket[0] / width, bucket[1] / height)
        return cut_out((round(width * scale), round(height * scale)), bucket)
