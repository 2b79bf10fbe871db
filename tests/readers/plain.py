"""No trainer: a folder of pictures with texts of their names, byte for byte."""

from __future__ import annotations

from pathlib import Path

from tests.readers.reading import Sample, files_in, plain_rgb, raw_text

EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".webp"})
pixels = plain_rgb


def read_folder(folder: Path) -> list[Sample]:
    """Every picture with its text as it stands."""
    found = []
    for picture in (path for path in files_in(folder) if path.suffix in EXTENSIONS):
        path = picture.with_suffix(".txt")
        found.append(Sample(picture, raw_text(path) if path.is_file() else ""))
    return found
