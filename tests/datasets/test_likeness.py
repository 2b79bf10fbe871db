"""Copies of a picture are known again, other pictures are not; blur is told from sharpness."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from datasets.imaging import Measured, measure
from datasets.quality import BLURRED_BELOW
from tests import images
from tests.landscapes import landscape

LIMIT = 80_000_000
Change = Callable[[Image.Image], bytes]


def encoded(picture: Image.Image, format: str = "BMP", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def measured(folder: Path, content: bytes) -> Measured:
    path = folder / "picture"
    path.write_bytes(content)
    return measure(path, LIMIT)


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.BICUBIC)


@cache
def drawings() -> list[Image.Image]:
    valleys = (scaled(landscape(seed), 0.5) for seed in range(1, 9))
    return [*valleys, images.draw(640, 480, 7), images.blocks(640, 480)]


def bits_that_differ(one: int | None, other: int | None) -> int:
    assert one is not None
    assert other is not None
    return ((one ^ other) & (2**64 - 1)).bit_count()


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: encoded(picture, "JPEG", quality=50),
        lambda picture: encoded(scaled(picture, 0.5)),
        lambda picture: encoded(picture, "WEBP", quality=60),
        lambda picture: encoded(scaled(picture, 0.3), "JPEG", quality=40),
        lambda picture: encoded(scaled(picture, 1.4), "AVIF", quality=40),
        lambda picture: encoded(picture.convert("P"), "GIF"),
    ],
    ids=["JPEG of quality 50", "half the size", "WebP", "small JPEG", "larger AVIF", "GIF"],
)
def test_a_copy_is_known_again(tmp_path: Path, change: Change) -> None:
    for picture in drawings():
        original, copy = measured(tmp_path, encoded(picture)), measured(tmp_path, change(picture))
        assert bits_that_differ(original.dhash, copy.dhash) <= 6


def test_other_pictures_are_not_taken_for_copies(tmp_path: Path) -> None:
    hashes = [measured(tmp_path, encoded(picture)).dhash for picture in drawings()]
    assert all(bits_that_differ(one, other) > 10 for one, other in itertools.combinations(hashes, 2))


def test_a_turned_picture_is_known_by_what_a_person_sees(tmp_path: Path) -> None:
    upright = drawings()[0]
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=90)
    assert bits_that_differ(measured(tmp_path, encoded(upright)).dhash, measured(tmp_path, turned).dhash) <= 3


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (600, 400), "white"),
        Image.new("RGB", (600, 400), (10, 200, 90)),
        Image.linear_gradient("L").resize((600, 400)),
        Image.effect_noise((600, 400), 8),
        Image.new("RGB", (1, 1)),
    ],
    ids=["white", "green", "sky", "grain", "one pixel"],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_picture_without_structure_resembles_nothing(tmp_path: Path, picture: Image.Image, format: str) -> None:
    assert measured(tmp_path, encoded(picture, format)).dhash is None


def test_the_hash_fits_into_a_signed_column(tmp_path: Path) -> None:
    """The picture's first bit is set: it is brighter towards the right from its first row on."""
    comb = Image.new("L", (9, 8))
    comb.putdata([200 if (x + y) % 2 else 20 for y in range(8) for x in range(9)])
    found = measured(tmp_path, encoded(comb.resize((900, 800), Image.Resampling.NEAREST))).dhash
    assert found is not None
    assert -(2**63) <= found < 0


def test_blurred_copies_are_told_from_sharp_pictures(tmp_path: Path) -> None:
    for picture in drawings():
        sharp = measured(tmp_path, encoded(picture, "JPEG", quality=85)).sharpness
        blurred = picture.filter(ImageFilter.GaussianBlur(max(picture.size) * 0.006))
        soft = measured(tmp_path, encoded(blurred, "JPEG", quality=85)).sharpness
        assert sharp > BLURRED_BELOW * 2
        assert soft < BLURRED_BELOW / 2


def test_sharpness_does_not_depend_on_how_many_pixels_a_camera_has(tmp_path: Path) -> None:
    picture = drawings()[2]
    small = measured(tmp_path, encoded(picture)).sharpness
    assert 0.7 < measured(tmp_path, encoded(scaled(picture, 2.0))).sharpness / small < 1.4


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (700, 2), (3, 3)])
def test_even_the_smallest_has_a_sharpness(tmp_path: Path, size: tuple[int, int]) -> None:
    assert measured(tmp_path, encoded(Image.new("RGB", size, "teal"))).sharpness == 0.0
