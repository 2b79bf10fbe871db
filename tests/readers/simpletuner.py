"""SimpleTuner: a list of backends; a picture without a text stops it; folders in folders are walked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from tests.readers.reading import LoaderStops, Sample, files_below, plain_rgb, raw_text

STRATEGIES = {"textfile", "filename", "instanceprompt", "parquet", "huggingface", "csv"}
pixels = plain_rgb


def pictures_in(folder: Path) -> list[Path]:
    """Whatever Pillow reads by its extension, of any case, in all folders."""
    return [path for path in files_below(folder) if path.suffix.lower() in Image.registered_extensions()]


def read_folder(
    folder: Path, *, instance_prompt: str = "", prepend: bool = False, split: bool = True, repeats: int = 0
) -> list[Sample]:
    """Each line of a text is a text of its own, if lines are not left together."""
    found = []
    for picture in pictures_in(folder):
        path = picture.with_suffix(".txt")
        if not path.is_file():
            raise LoaderStops(f"FileNotFoundError: {path.name}")
        lines = _lines(path, split=split)
        texts = [f"{instance_prompt} {line}" for line in lines] if prepend and instance_prompt else lines
        found.append(Sample(picture, texts[0] if len(texts) == 1 else tuple(texts), repeats + 1))
    return found


def _lines(path: Path, *, split: bool) -> list[str]:
    text = raw_text(path)
    if not split or "\n" not in text:
        return [text]
    return [line.strip() for line in text.split("\n") if line.strip()]


def read_config(config: Path, *, at: Path) -> list[Sample]:
    """The image backends of a `multidatabackend.json`, which needs one of text embeds too."""
    try:
        backends: list[dict[str, Any]] = json.loads(raw_text(config))
    except ValueError as error:
        raise LoaderStops(str(error)) from error
    if not any(b.get("dataset_type") == "text_embeds" and b.get("default") for b in backends):
        raise LoaderStops("a default text_embeds backend is required")
    if len({backend["id"] for backend in backends}) != len(backends):
        raise LoaderStops("ids must be unique")
    pictures = [b for b in backends if b.get("dataset_type", "image") == "image" and not b.get("disabled")]
    return [sample for backend in pictures for sample in _read_backend(backend, at)]


def _read_backend(backend: Mapping[str, Any], at: Path) -> list[Sample]:
    if backend.get("caption_strategy") not in STRATEGIES:
        raise LoaderStops("caption_strategy")
    if backend["caption_strategy"] != "textfile":
        raise AssertionError(f"no reader for {backend['caption_strategy']}")
    samples = read_folder(
        at / backend["instance_data_dir"],
        instance_prompt=backend.get("instance_prompt", ""),
        prepend=backend.get("prepend_instance_prompt", False),
        split=not backend.get("disable_multiline_split", False),
        repeats=int(backend.get("repeats", 0)),
    )
    return [sample for sample in samples if _is_kept(sample.picture, backend)]


def _is_kept(picture: Path, backend: Mapping[str, Any]) -> bool:
    with Image.open(picture) as opened:
        width, height = opened.size
    least = backend.get("minimum_image_size") or 0
    if backend.get("resolution_type", "pixel") == "area":
        if width * height < least * 1_000_000:
            return False
    elif min(width, height) < least:
        return False
    aspect = width / height
    return (backend.get("minimum_aspect_ratio") or 0) <= aspect <= (backend.get("maximum_aspect_ratio") or aspect)
