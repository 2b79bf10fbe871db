"""Pictures drawn in the test: no two alike, with edges and gradients like a photograph's."""

from __future__ import annotations

import io
import struct
import zlib
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


def blocks(width: int = 320, height: int = 240, mode: str = "RGB") -> Image.Image:
    """Large areas of plain colour that every encoder keeps; no two corners alike, so a turned copy is told apart."""
    picture = Image.new("RGB", (width, height), (204, 51, 51))
    picture.paste((51, 153, 51), (width // 2, 0, width, height // 2))
    picture.paste((51, 51, 204), (0, height // 2, width // 2, height))
    picture.paste((255, 204, 0), (width // 2, height // 2, width, height))
    picture.paste((0, 0, 0), (0, 0, width // 4, height // 4))
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


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def write_claim(folder: Path, name: str, width: int, height: int) -> Path:
    """A PNG of a few bytes whose header claims a size."""
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    pixels = _png_chunk(b"IDAT", zlib.compress(bytes(64)))
    path = folder / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + pixels + _png_chunk(b"IEND", b""))
    return path


def write_deep(folder: Path, name: str, bands: list[Image.Image]) -> Path:
    """A PNG of 16 bits a channel from greys of 8: one of grey, two with alpha, three of colour, four with alpha."""
    width, height = bands[0].size
    pixels = Image.merge({1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[len(bands)], bands).tobytes()
    deep = bytes(value for eight in pixels for value in (eight, eight))  # 257 times the value
    line = width * 2 * len(bands)
    rows = b"".join(b"\0" + deep[start : start + line] for start in range(0, len(deep), line))
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[len(bands)]
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))
    path = folder / name
    body = _png_chunk(b"IDAT", zlib.compress(rows)) + _png_chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + body)
    return path


def write_clear(folder: Path, name: str, width: int, height: int) -> Path:
    """A PNG of clear pixels: a small file that takes its time and its memory to decode."""
    packer = zlib.compressobj(1)
    line = bytes(1 + 4 * width)
    pixels = b"".join([*(packer.compress(line) for _ in range(height)), packer.flush()])
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    path = folder / name
    body = header + _png_chunk(b"IDAT", pixels) + _png_chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path
