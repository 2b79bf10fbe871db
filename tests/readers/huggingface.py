"""Hugging Face imagefolder: splits by words in names, metadata beside the pictures, texts never read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.readers.reading import LoaderStops, Sample, files_below, plain_rgb

SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".jxl"})
pixels = plain_rgb


def splits_of(folder: Path) -> dict[str, list[Path]]:
    """The files of each split: by names of folders, else by names of files, else all to train."""
    files = [path for path in files_below(folder) if not _is_hidden(path.relative_to(folder))]
    for part in (slice(None, -1), slice(-1, None)):
        found: dict[str, list[Path]] = {}
        for path in files:
            if split := _split_in(path.relative_to(folder).parts[part]):
                found.setdefault(split, []).append(path)
        if found:
            return found
    return {"train": files}


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "__")) for part in path.parts)


def _split_in(parts: Iterable[str]) -> str | None:
    for part in parts:
        for split, words in SPLITS.items():
            if any(re.search(rf"(^|[-._ 0-9]){word}($|[-._ 0-9])", part) for word in words):
                return split
    return None


def read_folder(folder: Path) -> dict[str, list[Sample]]:
    """The rows of each split, with the columns of its metadata; pictures that no row names are not there."""
    return {split: _read_split(files) for split, files in splits_of(folder).items()}


def _read_split(files: list[Path]) -> list[Sample]:
    lists = [path for path in files if path.name in METADATA]
    if len({path.suffix for path in lists}) > 1:
        raise LoaderStops("Found metadata files with different extensions")
    pictures = {path for path in files if path.suffix.lower() in EXTENSIONS}
    if not lists:
        return [Sample(path, "") for path in sorted(pictures)]
    rows = [(path, row) for path in lists for row in _rows(path)]
    return [_sample(path, row, pictures) for path, row in rows]


def _rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix != ".jsonl":
        raise AssertionError(f"no reader for {path.name}")
    text = path.read_bytes().decode("utf-8-sig")
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _sample(metadata: Path, row: dict[str, Any], pictures: set[Path]) -> Sample:
    name = row.get("file_name")
    if not isinstance(name, str) or ".." in Path(name).parts or "://" in name or Path(name).is_absolute():
        raise LoaderStops(f"file_name {name!r}")
    picture = metadata.parent / name
    if picture not in pictures:
        raise LoaderStops(f"FileNotFoundError: {name}")
    more = {key: value for key, value in row.items() if key not in {"file_name", "text"}}
    return Sample(picture, row.get("text") or "", more=more)
