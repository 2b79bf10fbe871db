"""SimpleTuner: the picture's own shape to two places, at about the base's area."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt, sqrt

from tagging.trainers.bucketing.base import Fit, cut_out, round_to

STEP = 64


@dataclass(frozen=True, slots=True)
class SimpleTunerBucketer:
    """As with `resolution_type` `pixel_area`.

    Attributes:
        step: its alignment.
    """

    step: int = STEP

    def fit(self, width: int, height: int, base: int) -> Fit:
        """Return what becomes of a picture."""
        edge = round_to(isqrt(base * base), self.step)
        # To two places a very tall picture has no width at all; the trainer takes a step at least.
        ratio = max(round(width / height, 2), 0.01)
        bucket = (
            max(self.step, round_to(edge * sqrt(ratio), self.step)),
            max(self.step, round_to(edge / sqrt(ratio), self.step)),
        )
        scale = max(bucket[0] / width, bucket[1] / height)
        resized = (max(bucket[0], round(width * scale)), max(bucket[1], round(height * scale)))
        return cut_out(resized, bucket)
