"""diffusion-pipe: every file of a folder is a picture but those it knows better of; without a text it is left out."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from tests.readers.reading import LoaderStops, Sample, files_in, opens, universal

NOT_PICTURES = frozenset({".txt", ".npz", ".json", ".parquet", ".bak", ".db"})


def read_folder(folder: Path, *, encoding: str = "utf-8", repeats: int = 1) -> list[Sample]:
    """Pictures with a text; `encoding` is what the system opens texts by, which on Windows is cp1252."""
    listed = _listed(folder)
    found = []
    for path in files_in(folder):
        if path.suffix.lower() in NOT_PICTURES or not opens(path):
            continue
        text = listed.get(path.name, [_text(path.with_suffix(".txt"), encoding)])[0]
        if text:
            found.append(Sample(path, text, repeats))
    return found


def not_pictures(folder: Path) -> list[str]:
    """Files that the trainer takes for pictures and warns of because they are none."""
    return [p.name for p in files_in(folder) if p.suffix.lower() not in NOT_PICTURES and not opens(p)]


def _listed(folder: Path) -> dict[str, list[str]]:
    path = folder / "captions.json"
    found: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _text(path: Path, encoding: str) -> str:
    try:
        return universal(path.read_bytes().decode(encoding)).strip() if path.is_file() else ""
    except UnicodeDecodeError as error:
        raise LoaderStops(f"{path.name}: {error}") from error


def read_config(config: Path, *, at: Path) -> list[Sample]:
    """The directories of a dataset configuration."""
    try:
        said: Mapping[str, Any] = tomllib.loads(config.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LoaderStops(str(error)) from error
    resolutions = said.get("resolutions")
    if not (isinstance(resolutions, list) and resolutions) and "size_buckets" not in said:
        raise LoaderStops("resolutions")
    found: list[Sample] = []
    for directory in said["directory"]:
        found += read_folder(at / directory["path"], repeats=directory.get("num_repeats", 1))
    return found


def pixels(path: Path) -> Image.Image:
    """Transparency on white; not turned."""
    try:
        with Image.open(path) as picture:
            if picture.mode not in {"RGBA", "LA"} and "transparency" not in picture.info:
                return picture.convert("RGB")
            clear = picture.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    except (OSError, ValueError) as error:
        raise LoaderStops(f"{path.name} cannot be read") from error
