"""Pictures drawn in the test: no two alike, with edges and gradients like a photograph's."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw


def draw(width: int = 320, height: int = 240, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """A gradient with shapes that differ by seed."""
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for i in range(12):
        x, y = (seed * 37 + i * 53) % width, (seed * 91 + i * 29) % height
        colour = ((seed * 67 + i * 40) % 256, (i * 71 + seed) % 256, (seed * 13 + i * 97) % 256)
        pen.ellipse((x - 30, y - 20, x + 30, y + 20), fill=colour)
        pen.line((x, 0, width - x, height), fill=colour, width=2)
    pen.text((8, 8), f"picture {seed}", fill="white")
    return picture.convert(mode)


def encoded(format: str = "JPEG", *, width: int = 320, height: int = 240, seed: int = 1, **options: Any) -> bytes:
    """A drawn picture as a file's bytes; `options` go to Pillow's `save`."""
    mode = options.pop("mode", "RGB")
    buffer = io.BytesIO()
    draw(width, height, seed, mode).save(buffer, format, **options)
    return buffer.getvalue()


def write(folder: Path, name: str, format: str = "JPEG", **options: Any) -> Path:
    """A drawn picture as a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(format, **options))
    return path
