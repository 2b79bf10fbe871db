"""ai-toolkit: the picture's own shape, its sides in whole steps; small pictures stay small."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import ceil, floor, sqrt

from tagging.trainers.bucketing.base import Fit, cut_out

FLUX_STEP = 32


@dataclass(frozen=True, slots=True)
class AiToolkitBucketer:
    """Of the four sizes around the right one, that whose area is nearest.

    Attributes:
        step: 32 for FLUX.1, 16 for most models since.
    """

    step: int = FLUX_STEP

    def fit(self, width: int, height: int, base: int) -> Fit:
        """Return what becomes of a picture."""
        target = min(width * height, base * base)
        scale = sqrt(target / (width * height))
        wide, high = width * scale / self.step, height * scale / self.step
        around = product((floor(wide), ceil(wide)), (floor(high), ceil(high)))
        sizes = [(across * self.step, down * self.step) for across, down in around]
        # Nothing larger than the base, and nothing without area.
        fitting = [size for size in sizes if 0 < size[0] * size[1] <= base * base]
        least = (max(self.step, sizes[0][0]), max(self.step, sizes[0][1]))
        bucket = min(fitting, key=lambda size: abs(size[0] * size[1] - target)) if fitting else least
        zoom = max(bucket[0] / width, bucket[1] / height)
        return cut_out((ceil(width * zoom), ceil(height * zoom)), bucket)
