"""Where a file lives: made of checksums and numbers only."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets import paths
from datasets.imaging import FORMATS
from datasets.models import ImageFormat

ROOT = Path("/data")
SHA = "ab" + "0" * 62


def test_the_three_files_of_a_picture_lie_under_its_checksum() -> None:
    assert paths.original_path(ROOT, SHA, "JPEG") == ROOT / "blobs/originals/ab" / f"{SHA}.jpg"
    assert paths.thumbnail_path(ROOT, SHA) == ROOT / "blobs/thumbnails/ab" / f"{SHA}.webp"
    assert paths.preview_path(ROOT, SHA) == ROOT / "blobs/previews/ab" / f"{SHA}.webp"


@pytest.mark.parametrize("bad", ["", "../" * 21 + "x", "AB" + "0" * 62, SHA + "\n", SHA[:-1], "/etc/passwd"])
def test_nothing_but_a_checksum_becomes_a_path(bad: str) -> None:
    with pytest.raises(paths.BadChecksum):
        paths.thumbnail_path(ROOT, bad)
    with pytest.raises(paths.BadChecksum):
        paths.original_path(ROOT, bad, "PNG")


def test_parts_are_spread_over_256_folders() -> None:
    assert paths.incoming_path(ROOT, 1) == ROOT / "incoming/01/1.part"
    assert paths.incoming_path(ROOT, 511) == ROOT / "incoming/ff/511.part"


def test_every_format_has_an_extension_and_a_content_type() -> None:
    assert set(FORMATS) == set(ImageFormat.values) == set(paths.CONTENT_TYPES)
    assert len({paths.extension(name) for name in FORMATS}) == len(FORMATS)
