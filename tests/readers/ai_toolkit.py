"""ai-toolkit: a folder and all in it; texts split at commas and joined again; the trigger word put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from tests.readers.reading import LoaderStops, Sample, files_below, opens, raw_text, universal

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp"})


def pictures_in(folder: Path) -> list[Path]:
    """Pictures of a folder and of all in it, but of hidden ones and of controls; broken ones are left out."""
    return [
        path
        for path in files_below(folder)
        if path.suffix.lower() in EXTENSIONS
        and not any(part.startswith(".") or part == "_controls" for part in path.relative_to(folder).parts[:-1])
        and opens(path)
    ]


def read_folder(folder: Path, *, caption_ext: str = "txt", trigger: str = "", default: str = "") -> list[Sample]:
    """What is trained; a picture without a text has the default one."""
    found = []
    for picture in pictures_in(folder):
        path = picture.with_suffix(f".{caption_ext}")
        text = universal(raw_text(path)) if path.is_file() else default
        found.append(Sample(picture, trained(text, trigger)))
    return found


def trained(text: str, trigger: str = "") -> str:
    """A text as it goes in: parted at commas, joined by `, `, with the trigger word where it is missing."""
    joined = ", ".join(text.split(","))
    for place in ("[trigger]", "[name]"):
        joined = joined.replace(place, trigger)
    return f"{trigger} {joined}" if trigger and trigger not in joined else joined


def folded(text: str) -> str:
    """A text with what commas carry behind them as one blank: how texts of this trainer are compared."""
    return re.sub(r", +", ", ", text)


def read_config(said: Mapping[str, Any], *, at: Path) -> list[Sample]:
    """The datasets of a configuration; once for every resolution, as the trainer does."""
    try:
        process = said["config"]["process"][0]
    except (KeyError, IndexError, TypeError):
        process = said
    found: list[Sample] = []
    for dataset in process["datasets"]:
        trigger = dataset.get("trigger_word") or process.get("trigger_word") or ""
        if not isinstance(dataset.get("caption_ext", "txt"), str):
            raise LoaderStops("caption_ext")
        extension = dataset.get("caption_ext", "txt").lstrip(".")
        folder = at / dataset["folder_path"]
        for sample in read_folder(folder, caption_ext=extension, trigger="" if dataset.get("is_reg") else trigger):
            found.append(Sample(sample.picture, sample.text, dataset.get("num_repeats", 1)))
    return found


def pixels(path: Path) -> Image.Image:
    """Turned upright; transparency dropped."""
    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError) as error:
        raise LoaderStops(f"{path.name} cannot be read") from error
