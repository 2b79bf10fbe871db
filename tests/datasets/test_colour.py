"""Pictures in other colour spaces come out in sRGB."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image, ImageCms

from datasets.colour import has_foreign_profile, to_srgb
from datasets.imaging import measure, plain_copy

LIMIT = 80_000_000


def profile_bytes(name: Literal["sRGB"]) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def wide_profile() -> bytes:
    """A linear profile: the same numbers mean much lighter colours than in sRGB."""
    content = bytearray(profile_bytes("sRGB"))
    for spelling in ("sRGB".encode("utf-16-be"), b"sRGB"):
        content = content.replace(spelling, "Wide".encode("utf-16-be") if len(spelling) == 8 else b"Wide")
    return _with_gamma_one(bytes(content))


def _with_gamma_one(content: bytes) -> bytes:
    """Replace each tone curve by the identity: type `curv` with no entries, padded to the old length."""
    count = int.from_bytes(content[128:132], "big")
    out = bytearray(content)
    for number in range(count):
        entry = 132 + 12 * number
        if content[entry : entry + 4] in {b"rTRC", b"gTRC", b"bTRC"}:
            start = int.from_bytes(content[entry + 4 : entry + 8], "big")
            out[start : start + 12] = b"curv" + bytes(8)
    return bytes(out)


def test_srgb_itself_is_not_foreign(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (70, 70), (90, 120, 60)).save(path, icc_profile=profile_bytes("sRGB"))
    with Image.open(path) as picture:
        assert not has_foreign_profile(picture)
        assert to_srgb(picture) is picture
    assert measure(path, LIMIT).is_plain


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_foreign_profile_is_applied_and_dropped(tmp_path: Path, format: str) -> None:
    path = tmp_path / "a"
    Image.new("RGB", (70, 70), (90, 90, 90)).save(path, format, icc_profile=wide_profile(), quality=100)
    measured = measure(path, LIMIT)
    assert not measured.is_plain
    # Linear 90/255 is 160/255 in sRGB's tone curve.
    assert abs(int(measured.colour[1:3], 16) - 160) <= 3
    content, _format = plain_copy(path, LIMIT)
    with Image.open(io.BytesIO(content)) as copy:
        assert "icc_profile" not in copy.info
        red = copy.convert("RGB").getpixel((30, 30))
        assert isinstance(red, tuple)
        assert abs(red[0] - 160) <= 3


def test_profile_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (70, 70), (90, 90, 90)).save(path, icc_profile=b"no profile at all")
    assert measure(path, LIMIT).colour == "#5a5a5a"
