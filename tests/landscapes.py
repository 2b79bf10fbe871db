"""Landscapes drawn from a number: sky, sun, mountains in the haze. For pages that are looked at."""

from __future__ import annotations

import colorsys
import io
import random
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

_SIZES = [(1500, 1000), (1000, 1500), (1400, 1050), (1200, 1200), (1600, 900), (1050, 1400)]


def landscape(seed: int) -> Image.Image:
    """Return the landscape of this number; neighbours differ in hour, season and size."""
    chance = random.Random(seed)
    size = _SIZES[seed % len(_SIZES)]
    hue = chance.random()
    picture = _sky(size, hue, chance)
    for layer in range(5):
        _mountains(picture, layer, hue, chance)
    grain = Image.effect_noise(size, 14).convert("RGB")
    return ImageChops.overlay(picture, grain).filter(ImageFilter.SMOOTH)


def write_landscapes(folder: Path, count: int, *, first: int = 1) -> list[Path]:
    """Write landscapes as JPEGs and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for seed in range(first, first + count):
        path = folder / f"valley {seed:02d}.jpg"
        buffer = io.BytesIO()
        landscape(seed).save(buffer, "JPEG", quality=85)
        path.write_bytes(buffer.getvalue())
        paths.append(path)
    return paths


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def _sky(size: tuple[int, int], hue: float, chance: random.Random) -> Image.Image:
    top = Image.new("RGB", size, _colour(hue, 0.55, 0.72))
    low = Image.new("RGB", size, _colour(hue + 0.12, 0.35, 0.98))
    sky = Image.composite(low, top, Image.linear_gradient("L").resize(size))
    sun = Image.new("L", size)
    x, y, radius = chance.randrange(size[0]), int(size[1] * chance.uniform(0.2, 0.5)), size[1] // 14
    ImageDraw.Draw(sun).ellipse((x - radius, y - radius, x + radius, y + radius), fill=235)
    glow = ImageChops.lighter(sun, sun.filter(ImageFilter.GaussianBlur(radius * 1.5)))
    sky.paste(_colour(hue + 0.1, 0.12, 1.0), mask=glow)
    return sky


def _mountains(picture: Image.Image, layer: int, hue: float, chance: random.Random) -> None:
    width, height = picture.size
    base = height * (0.42 + 0.12 * layer)
    points = [chance.uniform(-1, 1) for _ in range(2)]
    rough = 1.0
    for _ in range(8):
        rough *= 0.55
        between = [(a + b) / 2 + chance.uniform(-rough, rough) for a, b in pairwise(points)]
        points = [point for pair in zip(points, [*between, None], strict=False) for point in pair if point is not None]
    step = width / (len(points) - 1)
    ridge = [(number * step, base - point * height * 0.12) for number, point in enumerate(points)]
    colour = _colour(hue + 0.04 * layer, 0.25 + 0.1 * layer, 0.78 - 0.15 * layer)
    ImageDraw.Draw(picture).polygon([*ridge, (width, height), (0, height)], fill=colour)
