"""What a small copy says of a picture: what it resembles, and how sharp it is. Pillow only, no Django.

Both are taken from the upright thumbnail in RGB, before it is compressed: it is there anyway, and a photograph and its
copy of half the size give nearly the same one.
"""

from __future__ import annotations

from array import array
from typing import Final

from PIL import Image, ImageFilter, ImageStat
from PIL.Image import Resampling

_COLUMNS, _ROWS = 8, 8
# Levels of grey by which a cell has to be brighter than its left neighbour. Compression moves the mean of a cell by
# less, so an even area gives the same bits in every copy; without this a white ground would be 64 coin tosses.
_BRIGHTER_BY: Final = 1.0
# Two hashes with fewer bits set than this differ by six bits at the most, whatever the pictures show.
_FEWEST_BITS: Final = 4
_LAPLACIAN: Final = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


def dhash(picture: Image.Image) -> int | None:
    """Return the difference hash of a picture: which of 8 × 8 cells are brighter than the one to their left.

    Copies of other sizes, formats and qualities differ by few of the 64 bits, other pictures by many.

    Returns:
        The bits as a signed number, as databases store 64 bits; `None` for a picture with so little structure from
        left to right (an even area, a sky) that it would resemble every other such picture.
    """
    cells = picture.convert("L").convert("F").resize((_COLUMNS + 1, _ROWS), Resampling.BOX)
    bright = array("f", cells.tobytes())
    bits = 0
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            left = row * (_COLUMNS + 1) + column
            bits = bits << 1 | (bright[left + 1] - bright[left] > _BRIGHTER_BY)
    if not _FEWEST_BITS <= bits.bit_count() <= _COLUMNS * _ROWS - _FEWEST_BITS:
        return None
    return bits - (1 << 64) if bits >> 63 else bits


def sharpness(picture: Image.Image) -> float:
    """Return the variance of the Laplacian of a picture's brightness: high where edges are crisp, near 0 without.

    Comparable between pictures of one size only, and so always taken from the thumbnail.
    """
    width, height = picture.size
    if min(width, height) < 3:
        return 0.0
    # The filter leaves the outermost pixels as they are.
    edges = picture.convert("L").filter(_LAPLACIAN).crop((1, 1, width - 1, height - 1))
    return float(ImageStat.Stat(edges).var[0])
