"""What all ways of bucketing have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Fit:
    """What becomes of a picture.

    Attributes:
        resized: the size it is brought to first.
        bucket: the size that is cut out of that.
        cut: the share of its area that is cut off, 0 to 1.
    """

    resized: Size
    bucket: Size
    cut: float

    @property
    def is_broken(self) -> bool:
        """Whether nothing is left of it: a trainer fails on such a picture."""
        return not all(self.bucket)


class Bucketer(Protocol):
    """A trainer's way of sorting pictures by their shape."""

    def fit(self, width: int, height: int, base: int) -> Fit:
        """Return what becomes of a picture.

        Args:
            width: of the picture as the trainer reads it, at least 1.
            height: likewise.
            base: the side of the square whose area it trains at.
        """
        ...


def cut_out(resized: Size, bucket: Size) -> Fit:
    """Return the fit of a picture that is resized first and then cut."""
    if not all(bucket):
        return Fit(resized, bucket, 1.0)
    return Fit(resized, bucket, 1 - bucket[0] * bucket[1] / (resized[0] * resized[1]))


def floor_to(value: float, step: int) -> int:
    """Return the greatest multiple of a step that is not above a value."""
    return int(value) // step * step


def round_to(value: float, step: int) -> int:
    """Return the multiple of a step nearest to a value, of two equally near the even one."""
    return round(value / step) * step


def nearest_shape(sizes: Iterable[Size], width: int, height: int) -> Size:
    """Return the size whose width by height is nearest to a picture's, the first of those equally near."""
    ratio = width / height
    return min(sizes, key=lambda size: abs(size[0] / size[1] - ratio))


def cover(width: int, height: int, bucket: Size) -> Size:
    """Return a picture's size when it just covers a bucket; halves are rounded up, as `int(side + 0.5)` does."""
    wide = width / height > bucket[0] / bucket[1]
    scale = bucket[1] / height if wide else bucket[0] / width
    return int(width * scale + 0.5), int(height * scale + 0.5)
