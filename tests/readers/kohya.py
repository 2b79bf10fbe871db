"""kohya sd-scripts: DreamBooth folders, a dataset configuration, and metadata."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.readers.configuring import Kinds, check
from tests.readers.reading import LoaderStops, Sample, files_in, plain_rgb, raw_text, universal

_LOWER = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
EXTENSIONS = frozenset(_LOWER) | {extension.upper() for extension in _LOWER}
pixels = plain_rgb

_NUMBER = (int, float)
_SUBSET: Kinds = {
    **dict.fromkeys(("color_aug", "flip_aug", "random_crop", "is_reg", "alpha_mask", "cache_info"), bool),
    **dict.fromkeys(("shuffle_caption", "enable_wildcard"), bool),
    **dict.fromkeys(("image_dir", "caption_extension", "class_tokens", "conditioning_data_dir"), str),
    **dict.fromkeys(("keep_tokens_separator", "secondary_separator", "caption_separator"), str),
    **dict.fromkeys(("caption_prefix", "caption_suffix", "resize_interpolation"), str),
    **dict.fromkeys(("num_repeats", "keep_tokens", "caption_dropout_every_n_epochs", "token_warmup_min"), int),
    **dict.fromkeys(("caption_dropout_rate", "caption_tag_dropout_rate", "token_warmup_step"), _NUMBER),
    "face_crop_aug_range": (list, str),
    "custom_attributes": dict,
}
_DATASET: Kinds = {
    **dict.fromkeys(("batch_size", "min_bucket_reso", "max_bucket_reso", "bucket_reso_steps", "validation_seed"), int),
    **dict.fromkeys(("enable_bucket", "bucket_no_upscale"), bool),
    **dict.fromkeys(("validation_split", "network_multiplier"), _NUMBER),
    "resolution": (int, list),
    "resize_interpolation": str,
}
_FINE_TUNING: Kinds = {
    key: kind for key, kind in _SUBSET.items() if key not in {"is_reg", "class_tokens", "caption_extension"}
} | {"metadata_file": str}


@dataclass(frozen=True)
class Shuffled:
    """What is left of a text when tags are shuffled: what stays in front, what moves, what stays at the end."""

    fixed: tuple[str, ...]
    moving: tuple[str, ...]
    tail: tuple[str, ...] = ()


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of one folder, never of those in it; extensions of mixed case are passed over without a word."""
    return [path for path in files_in(folder) if path.suffix in EXTENSIONS]


def caption_of(picture: Path, extension: str = ".caption") -> str | None:
    """The first line of its text; also that of the picture which a face was cut from. A text of no bytes stops."""
    base = str(picture.with_suffix(""))
    parts = base.split("_")
    whole = "_".join(parts[:-4]) if len(parts) >= 5 else base
    for name in (base + extension, whole + extension):
        if (path := Path(name)).is_file():
            lines = universal(raw_text(path)).split("\n")
            if lines == [""]:
                raise LoaderStops(f"caption file is empty: {path.name}")
            return lines[0].strip()
    return None


def read_folder(
    folder: Path, *, extension: str = ".caption", class_tokens: str | None = None, repeats: int = 1
) -> list[Sample]:
    """A folder as one subset; a picture without a text has the class tokens."""
    found = []
    for picture in pictures_in(folder):
        text = caption_of(picture, extension)
        found.append(Sample(picture, (class_tokens or "") if text is None else text, repeats))
    return found


def read_repeats(parent: Path, *, extension: str = ".caption") -> list[Sample]:
    """The folders `N_name` of a folder; others are passed over."""
    found: list[Sample] = []
    for folder in sorted(path for path in parent.iterdir() if path.is_dir()):
        number, _, name = folder.name.partition("_")
        try:
            repeats = int(number)
        except ValueError:
            continue
        if repeats < 1:
            continue
        found += read_folder(folder, extension=extension, class_tokens=name, repeats=repeats)
    return found


def _from_metadata(subset: Mapping[str, Any], at: Path) -> list[Sample]:
    image_dir = at / subset["image_dir"]
    return read_metadata(at / subset["metadata_file"], image_dir, repeats=subset.get("num_repeats", 1))


def read_metadata(metadata: Path, image_dir: Path, *, repeats: int = 1) -> list[Sample]:
    """A `.json` or `.jsonl` of captions; keys need their extension and lie under `image_dir`."""
    rows = _rows(metadata)
    found = []
    for name, row in rows.items():
        tags = row.get("tags")
        if tags is not None and not isinstance(tags, str):
            raise LoaderStops("tags must be a string")
        said = row.get("caption")
        text = f"{said},{tags}" if said and tags else said or tags or ""
        picture = image_dir / name
        if picture.suffix not in EXTENSIONS or not picture.is_file():
            raise LoaderStops(f"division by zero: {name} is not found")
        size = row.get("image_size")
        found.append(Sample(picture, text, repeats, (size[0], size[1]) if size else None))
    if not found:
        raise LoaderStops("no metadata")
    return found


def _rows(metadata: Path) -> dict[str, dict[str, Any]]:
    text = raw_text(metadata)
    if text.startswith("\ufeff"):
        raise LoaderStops("Unexpected UTF-8 BOM")
    if metadata.suffix == ".jsonl":
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return {line["image_path"]: line for line in lines}
    rows: dict[str, dict[str, Any]] = json.loads(text)
    return rows


def read_config(config: Path, *, at: Path | None = None) -> list[Sample]:
    """What a dataset configuration loads; paths are seen from `at`, where the trainer is started."""
    try:
        said = tomllib.loads(raw_text(config)) if config.suffix == ".toml" else json.loads(raw_text(config))
    except ValueError as error:
        raise LoaderStops(f"{config.name}: {error}") from error
    check(said, {"general": dict, "datasets": list}, "")
    check(said.get("general", {}), {**_SUBSET, **_DATASET}, "general")
    found: list[Sample] = []
    for dataset in said.get("datasets", []):
        check(dataset, {**_SUBSET, **_DATASET, "subsets": list}, "datasets")
        for subset in dataset.get("subsets", []):
            check(subset, _FINE_TUNING if "metadata_file" in subset else _SUBSET, "subsets")
            found += _read_subset({**said.get("general", {}), **dataset, **subset}, at or config.parent)
    if not found:
        raise LoaderStops("No data found. Please verify arguments")
    return found


def only_subset(config: Path) -> dict[str, Any]:
    """What the only subset of a configuration says, with what stands higher up."""
    said = tomllib.loads(raw_text(config))
    (dataset,) = said["datasets"]
    (subset,) = dataset["subsets"]
    return {**said.get("general", {}), **dataset, **subset}


def _read_subset(subset: Mapping[str, Any], at: Path) -> list[Sample]:
    if "image_dir" not in subset:
        raise LoaderStops("required key not provided: image_dir")
    if "metadata_file" in subset:
        return _from_metadata(subset, at)
    return [
        Sample(sample.picture, trained(str(sample.text), subset), sample.repeats)
        for sample in read_folder(
            at / subset["image_dir"],
            extension=subset.get("caption_extension", ".caption"),
            class_tokens=subset.get("class_tokens"),
            repeats=subset.get("num_repeats", 1),
        )
    ]


def trained(text: str, subset: Mapping[str, Any]) -> str:
    """The text of a step without luck in it: nothing dropped, tags in the order in which they stand."""
    text = " ".join(part for part in (subset.get("caption_prefix"), text, subset.get("caption_suffix")) if part)
    if not handles_tags(subset):
        return _second(text, subset)
    parts = shuffled(text, subset)
    return _second(", ".join((*parts.fixed, *parts.moving, *parts.tail)), subset)


def handles_tags(subset: Mapping[str, Any]) -> bool:
    """Whether the trainer takes texts apart at all."""
    return bool(
        subset.get("shuffle_caption")
        or subset.get("token_warmup_step", 0) > 0
        or subset.get("caption_tag_dropout_rate", 0) > 0
    )


def shuffled(text: str, subset: Mapping[str, Any]) -> Shuffled:
    """How a text is taken apart when tags are shuffled."""
    separator = subset.get("caption_separator", ",")
    marker = subset.get("keep_tokens_separator", "")
    if marker and marker in text:
        fixed, _, rest = text.partition(marker)
        moving, _, tail = rest.partition(marker)
        return Shuffled(*(_stripped(part, separator, without_empty=True) for part in (fixed, moving, tail)))
    tags = _stripped(text, separator)
    kept = subset.get("keep_tokens", 0)
    return Shuffled(tags[:kept], tags[kept:])


def _stripped(text: str, separator: str, *, without_empty: bool = False) -> tuple[str, ...]:
    parts = [part.strip() for part in text.strip().split(separator)]
    return tuple(part for part in parts if part or not without_empty)


def _second(text: str, subset: Mapping[str, Any]) -> str:
    second = subset.get("secondary_separator")
    return text.replace(second, subset.get("caption_separator", ",")) if second else text
