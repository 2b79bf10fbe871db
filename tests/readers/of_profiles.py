"""Which reader stands for which profile and variant, and how each compares texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml
from PIL import Image

from tests.readers import ai_toolkit, diffusion_pipe, huggingface, kohya, musubi, onetrainer, plain, simpletuner
from tests.readers.reading import LoaderStops, Sample

Reader = Callable[[Path], list[Sample]]


def _one_folder(root: Path) -> Path:
    folders = [path for path in root.iterdir() if path.is_dir()]
    assert len(folders) == 1, folders
    return folders[0]


def _ai_toolkit(root: Path) -> list[Sample]:
    said = yaml.safe_load((root / "ai-toolkit.yaml").read_bytes().decode("utf-8"))
    return ai_toolkit.read_config(said, at=root)


def _hugging_face(root: Path) -> list[Sample]:
    splits = huggingface.read_folder(root)
    if set(splits) != {"train"}:
        raise LoaderStops(f"splits {set(splits)}")
    return splits["train"]


# Each reads an unpacked archive by what lies in it for its trainer, started where the archive was unpacked.
BY_CONFIGURATION: dict[tuple[str, str], Reader] = {
    ("kohya", "folder"): lambda root: kohya.read_config(root / "dataset.toml"),
    ("kohya", "repeats"): lambda root: kohya.read_config(root / "dataset.toml"),
    ("kohya", "metadata"): lambda root: kohya.read_config(root / "dataset.toml"),
    ("ai-toolkit", "folder"): _ai_toolkit,
    ("onetrainer", "folder"): lambda root: onetrainer.read_concepts(root / "concepts.json", at=root),
    ("musubi-tuner", "folder"): lambda root: musubi.read_config(root / "dataset.toml", at=root),
    ("musubi-tuner", "list"): lambda root: musubi.read_config(root / "dataset.toml", at=root),
    ("diffusion-pipe", "folder"): lambda root: diffusion_pipe.read_config(root / "dataset.toml", at=root),
    ("simpletuner", "folder"): lambda root: simpletuner.read_config(root / "multidatabackend.json", at=root),
    ("huggingface", "folder"): _hugging_face,
    ("plain", "folder"): lambda root: plain.read_folder(_one_folder(root)),
}
# All that read a folder of pictures and texts; each is to find the same in any export.
BY_FOLDER: dict[str, Reader] = {
    "kohya": lambda folder: kohya.read_folder(folder, extension=".txt"),
    "ai-toolkit": ai_toolkit.read_folder,
    "onetrainer": onetrainer.read_folder,
    "musubi-tuner": lambda folder: musubi.read_folder(folder, caption_extension=".txt"),
    "diffusion-pipe": diffusion_pipe.read_folder,
    "simpletuner": simpletuner.read_folder,
    "plain": plain.read_folder,
}
PIXELS: dict[str, Callable[[Path], Image.Image]] = {
    "kohya": kohya.pixels,
    "ai-toolkit": ai_toolkit.pixels,
    "onetrainer": onetrainer.pixels,
    "musubi-tuner": musubi.pixels,
    "diffusion-pipe": diffusion_pipe.pixels,
    "simpletuner": simpletuner.pixels,
    "huggingface": huggingface.pixels,
    "plain": plain.pixels,
}


def by_name(samples: list[Sample]) -> dict[str, str]:
    """Texts by the names of their pictures; each picture once and with one text."""
    found: dict[str, str] = {}
    for sample in samples:
        assert sample.picture.name not in found, f"{sample.picture.name} twice"
        assert isinstance(sample.text, str), f"{sample.picture.name} has several texts: {sample.text}"
        found[sample.picture.name] = ai_toolkit.folded(sample.text)
    return found
