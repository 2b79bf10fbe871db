"""musubi-tuner: a configuration is needed; a picture without a text is dropped without a word."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from tests.readers.configuring import Kinds, check
from tests.readers.reading import LoaderStops, Sample, files_in, raw_text, universal

_LOWER = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif")
EXTENSIONS = frozenset(_LOWER) | {extension.upper() for extension in _LOWER}
_GENERAL: Kinds = {
    **dict.fromkeys(("enable_bucket", "bucket_no_upscale"), bool),
    **dict.fromkeys(("batch_size", "num_repeats"), int),
    "resolution": (int, list),
    "caption_extension": str,
}
_DATASET: Kinds = {
    **_GENERAL,
    **dict.fromkeys(("image_directory", "image_jsonl_file", "cache_directory", "control_directory"), str),
    "multiple_target": bool,
}


def pictures_in(folder: Path) -> list[Path]:
    """Pictures of one folder; extensions of mixed case are passed over."""
    return [path for path in files_in(folder) if path.suffix in EXTENSIONS]


def read_folder(folder: Path, *, caption_extension: str | None, repeats: int = 1) -> list[Sample]:
    """Pictures with a text of their own; there is no extension that is taken where none is given."""
    if not caption_extension:
        raise LoaderStops("caption_extension is required")
    found = []
    for picture in pictures_in(folder):
        path = picture.with_suffix(caption_extension)
        if path.is_file():
            found.append(Sample(picture, universal(raw_text(path)).strip(), repeats))
    return found


def read_rows(rows: Path, *, at: Path, repeats: int = 1) -> list[Sample]:
    """A list of pictures and captions; its paths are seen from where the trainer is started."""
    found = []
    for line in raw_text(rows).split("\n"):
        if line.strip():
            row = json.loads(line)
            picture = at / row["image_path"]
            if not picture.is_file():
                raise LoaderStops(f"{row['image_path']} is not there")
            found.append(Sample(picture, row["caption"], repeats))
    return found


def read_config(config: Path, *, at: Path) -> list[Sample]:
    """What a dataset configuration loads."""
    try:
        said = tomllib.loads(raw_text(config))
    except tomllib.TOMLDecodeError as error:
        raise LoaderStops(str(error)) from error
    check(said, {"general": dict, "datasets": list}, "")
    general = said.get("general", {})
    check(general, _GENERAL, "general")
    found: list[Sample] = []
    for dataset in said["datasets"]:
        check(dataset, _DATASET, "datasets")
        found += _read_dataset({**general, **dataset}, at)
    return found


def _read_dataset(dataset: Mapping[str, Any], at: Path) -> list[Sample]:
    repeats = dataset.get("num_repeats", 1)
    if "image_jsonl_file" in dataset:
        if "cache_directory" not in dataset:
            raise LoaderStops("cache_directory is required with image_jsonl_file")
        return read_rows(at / dataset["image_jsonl_file"], at=at, repeats=repeats)
    if "image_directory" not in dataset:
        raise LoaderStops("image_directory or image_jsonl_file is required")
    return read_folder(
        at / dataset["image_directory"], caption_extension=dataset.get("caption_extension"), repeats=repeats
    )


def pixels(path: Path) -> Image.Image:
    """As it lies there; four channels stay four."""
    try:
        with Image.open(path) as picture:
            return picture.copy() if picture.mode == "RGBA" else picture.convert("RGB")
    except (OSError, ValueError) as error:
        raise LoaderStops(f"{path.name} cannot be read") from error
