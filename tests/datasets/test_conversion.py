"""Conversions run apart: what kills one is told, and kills nothing else."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from datasets.conversion import Converter
from datasets.imaging import ImageRefused, Wanted
from tests import images

LIMIT = 80_000_000


@pytest.fixture
def converter() -> Iterator[Converter]:
    converter = Converter(max_pixels=LIMIT, memory_bytes=1024**3)
    yield converter
    converter.close()


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def code_of(converter: Converter, path: Path) -> str:
    with pytest.raises(ImageRefused) as refused:
        converter.convert(path)
    return refused.value.code


def test_the_copy_is_the_plain_one(tmp_path: Path, converter: Converter) -> None:
    path = images.write(tmp_path, "a.gif", "GIF", width=90, height=70)
    copy = opened(converter.convert(path))
    assert (copy.format, copy.mode, copy.size) == ("PNG", "RGB", (90, 70))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_copy_of_another_kind_and_size(tmp_path: Path, converter: Converter, format: str) -> None:
    path = images.write(tmp_path, "a.png", "PNG", width=90, height=70)
    copy = opened(converter.convert(path, Wanted(format=format, size=(45, 35), quality=80)))
    assert (copy.format, copy.mode, copy.size) == (format, "RGB", (45, 35))


def test_what_is_clear_lies_on_the_colour_that_was_chosen(tmp_path: Path, converter: Converter) -> None:
    path = tmp_path / "a.png"
    Image.new("RGBA", (80, 80), (0, 0, 0, 0)).save(path)
    assert opened(converter.convert(path, Wanted(background="#0a141e"))).getpixel((9, 9)) == (10, 20, 30)


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path, converter: Converter) -> None:
    path = images.write(tmp_path, "a.jpg", width=300, height=200)
    other = Converter(max_pixels=LIMIT, memory_bytes=1024**3)
    assert converter.convert(path) == converter.convert(path) == other.convert(path)
    other.close()


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (b"no picture", {}, "NOT_AN_IMAGE"),
        (images.encoded("PNG", width=400, height=300), {"max_pixels": 1000}, "TOO_MANY_PIXELS"),
        (images.encoded("PNG", mode="RGBA", width=9000, height=8000), {"memory_bytes": 400 * 1024**2}, "OUT_OF_MEMORY"),
        (images.encoded("JPEG", width=900, height=900)[:9000], {}, "DAMAGED"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_code_and_the_next_one_is_read(
    tmp_path: Path, content: bytes, limits: dict[str, int], code: str
) -> None:
    (tmp_path / "bad").write_bytes(content)
    good = images.write(tmp_path, "a.gif", "GIF", width=20, height=20)
    converter = Converter(**{"max_pixels": LIMIT, "memory_bytes": 1024**3, **limits})
    assert code_of(converter, tmp_path / "bad") == code
    assert opened(converter.convert(good)).size == (20, 20)
    converter.close()


def test_a_process_that_dies_is_a_refusal(tmp_path: Path) -> None:
    """With next to no memory nothing can be read."""
    path = images.write(tmp_path, "a.gif", "GIF")
    converter = Converter(max_pixels=LIMIT, memory_bytes=1024)
    assert code_of(converter, path) in {"CRASHED", "OUT_OF_MEMORY"}
    converter.close()


def test_a_picture_that_takes_for_ever_is_given_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    good = images.write(tmp_path, "a.gif", "GIF", width=20, height=20)
    converter = Converter(max_pixels=LIMIT, memory_bytes=1024**3, most_seconds=3)
    assert code_of(converter, tmp_path / "pipe") == "TOO_SLOW"
    assert opened(converter.convert(good)).size == (20, 20)
    converter.close()


def test_a_converter_whose_process_was_killed_starts_another(tmp_path: Path, converter: Converter) -> None:
    path = images.write(tmp_path, "a.gif", "GIF", width=20, height=20)
    first = converter.convert(path)
    assert converter._process is not None
    os.kill(converter._process.pid, signal.SIGKILL)
    converter._process.wait()
    assert converter.convert(path) == first
