"""OneTrainer: concepts, masks beside pictures, a text of several lines as several texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from tests.readers.reading import LoaderStops, Sample, files_below, files_in, raw_text

EXTENSIONS = frozenset({".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".avif"})
_CONCEPT = frozenset(
    [
        "__version",
        "name",
        "path",
        "seed",
        "enabled",
        "validation_concept",
        "include_subdirectories",
        "image_variations",
        "text_variations",
        "balancing",
        "balancing_strategy",
        "loss_weight",
        "type",
        "concept_stats",
        "image",
        "text",
    ]
)
_TEXT = frozenset(
    [
        "prompt_source",
        "prompt_path",
        "enable_tag_shuffling",
        "tag_delimiter",
        "keep_tags_count",
        "tag_dropout_enable",
        "tag_dropout_mode",
        "tag_dropout_probability",
        "tag_dropout_special_tags_mode",
        "tag_dropout_special_tags",
        "tag_dropout_special_tags_regex",
        "caps_randomize_enable",
        "caps_randomize_mode",
        "caps_randomize_probability",
        "caps_randomize_lowercase",
    ]
)
_TYPES, _SOURCES = {"STANDARD", "VALIDATION", "PRIOR_PREDICTION"}, {"sample", "concept", "filename"}


def pictures_in(folder: Path, *, with_subfolders: bool = False) -> list[Path]:
    """Pictures of any case, without masks and conditions."""
    paths = files_below(folder) if with_subfolders else files_in(folder)
    return [
        path
        for path in paths
        if path.suffix.lower() in EXTENSIONS and not path.stem.endswith(("-masklabel", "-condlabel"))
    ]


def read_folder(folder: Path, *, with_subfolders: bool = False, repeats: float = 1) -> list[Sample]:
    """What is trained: of a text of several lines any one; without a text nothing is said."""
    found = []
    for picture in pictures_in(folder, with_subfolders=with_subfolders):
        path = picture.with_suffix(".txt")
        found.append(Sample(picture, _texts(path) if path.is_file() else "", int(repeats)))
    return found


def _texts(path: Path) -> str | tuple[str, ...]:
    lines = [line.strip() for line in raw_text(path).splitlines() if line.strip()]
    return lines[0] if len(lines) == 1 else (tuple(lines) or "")


def read_concepts(concepts: Path, *, at: Path) -> list[Sample]:
    """The concepts of a list that are switched on; paths are seen from `at`, where the trainer is started."""
    try:
        said = json.loads(raw_text(concepts))
    except ValueError as error:
        raise LoaderStops(str(error)) from error
    if not isinstance(said, list):
        raise LoaderStops("concepts are a list")
    found: list[Sample] = []
    for concept in said:
        _check(concept)
        if concept.get("enabled", True):
            found += read_folder(
                at / concept["path"],
                with_subfolders=concept.get("include_subdirectories", False),
                repeats=concept.get("balancing", 1),
            )
    return found


def _check(concept: Mapping[str, Any]) -> None:
    unknown = set(concept) - _CONCEPT | set(concept.get("text", {})) - _TEXT
    if unknown:
        raise LoaderStops(f"unknown keys: {unknown}")
    if concept.get("type", "STANDARD") not in _TYPES:
        raise LoaderStops("type")
    if concept.get("text", {}).get("prompt_source", "sample") not in _SOURCES:
        raise LoaderStops("prompt_source")


def pixels(path: Path) -> Image.Image:
    """Turned upright; transparency dropped."""
    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError) as error:
        raise LoaderStops(f"{path.name} cannot be read") from error
