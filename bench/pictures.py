"""Photograph-like pictures for benchmarks: made from nothing, the same for the same seed."""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

_ASPECTS = [(3, 2), (4, 3), (1, 1), (16, 9), (2, 3), (3, 4), (4, 5)]


def make_pictures(folder: Path, count: int, *, megapixels: tuple[float, float] = (2.0, 12.0)) -> None:
    """Write `count` JPEGs into a folder, sized between the two numbers of megapixels.

    Soft shapes under sensor-like grain bring them to a camera's 0.2 to 0.5 bytes a pixel.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        list(pool.map(_make, [(folder, number, megapixels) for number in range(count)]))


def _make(task: tuple[Path, int, tuple[float, float]]) -> None:
    folder, number, (low, high) = task
    chance = random.Random(number)
    pixels = chance.uniform(low, high) * 1e6
    wide, tall = chance.choice(_ASPECTS)
    width = round((pixels * wide / tall) ** 0.5)
    size = (width, round(pixels / width))
    small = Image.new("RGB", (320, 240), tuple(chance.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(small)
    for _ in range(60):
        x, y, r = chance.randrange(320), chance.randrange(240), chance.randrange(4, 60)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=tuple(chance.randrange(256) for _ in range(3)))
    soft = small.filter(ImageFilter.GaussianBlur(2)).resize(size, Image.Resampling.BICUBIC)
    grain = Image.effect_noise((512, 512), chance.uniform(8, 24))
    tiled = Image.new("L", size)
    for x in range(0, size[0], 512):
        for y in range(0, size[1], 512):
            tiled.paste(grain, (x, y))
    noisy = ImageChops.add(soft, Image.merge("RGB", (tiled, tiled, tiled)), offset=-128)
    noisy.save(folder / f"bench{number:05d}.jpg", quality=chance.randrange(80, 95))
