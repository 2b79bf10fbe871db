"""Conversions run apart: what kills one is told, and kills nothing else."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from datasets.conversion import convert_apart
from datasets.imaging import ImageRefused
from tests import images

LIMITS = {"max_pixels": 80_000_000, "memory_bytes": 1024**3}


def test_the_copy_is_the_plain_one(tmp_path: Path) -> None:
    path = images.write(tmp_path, "a.gif", "GIF", width=90, height=70)
    with Image.open(io.BytesIO(convert_apart(path, **LIMITS))) as copy:
        assert (copy.format, copy.mode, copy.size) == ("PNG", "RGB", (90, 70))


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (b"no picture", {}, "NOT_AN_IMAGE"),
        (images.encoded("PNG", width=400, height=300), {"max_pixels": 1000}, "TOO_MANY_PIXELS"),
        (images.encoded("PNG", mode="RGBA", width=9000, height=8000), {"memory_bytes": 400 * 1024**2}, "OUT_OF_MEMORY"),
        (images.encoded("JPEG", width=900, height=900)[:9000], {}, "DAMAGED"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_code(
    tmp_path: Path, content: bytes, limits: dict[str, int], code: str
) -> None:
    path = tmp_path / "picture"
    path.write_bytes(content)
    with pytest.raises(ImageRefused) as refused:
        convert_apart(path, **{**LIMITS, **limits})
    assert refused.value.code == code


def test_a_process_that_dies_is_a_refusal(tmp_path: Path) -> None:
    """With next to no memory not even Python starts."""
    path = images.write(tmp_path, "a.gif", "GIF")
    before = os.getpid()
    with pytest.raises(ImageRefused) as refused:
        convert_apart(path, max_pixels=80_000_000, memory_bytes=1024)
    assert (refused.value.code, os.getpid()) == ("CRASHED", before)
