"""What makes a picture doubtful for training: the bounds, and why they lie where they do. Pure numbers."""

from __future__ import annotations

from typing import Final

TOO_SMALL_PIXELS: Final = 512 * 512
"""Fewer pixels than this: trainers sort pictures into buckets of equal area, 512 × 512 for the oldest models and
1024 × 1024 for the newer; a picture below even the small one is blown up, and its blur is learned."""

EXTREME_RATIO: Final = 3.0
"""Longer side by shorter: the buckets end at about this ratio, and what is longer or higher is cut off at its ends."""

BLURRED_BELOW: Final = 20.0
"""A sharpness (`datasets.likeness`) below this: the thumbnail has hardly an edge, so neither has the picture.

Sharp photographs lie between 30 (petals before a soft background) and 2700 (a town), drawn ones above 80. Blurred by
0.4 % of the longer side, where edges are 6 pixels wide on a screen, none was above 15. A slighter blur is not told from
a soft motif, and a picture that is soft on purpose is for a person to judge: this finds what is worth a look.
"""
