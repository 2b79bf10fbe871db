"""Where each picture and text of an export lies, and which further files a trainer is given. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tagging.trainers.layouts.ai_toolkit import AiToolkitLayout
from tagging.trainers.layouts.base import FurtherFile, LaidOut, Layout, Place
from tagging.trainers.layouts.civitai import CivitaiLayout
from tagging.trainers.layouts.diffusion_pipe import DiffusionPipeLayout
from tagging.trainers.layouts.huggingface import HuggingFaceLayout
from tagging.trainers.layouts.kohya import KohyaLayout
from tagging.trainers.layouts.musubi_tuner import MusubiTunerLayout
from tagging.trainers.layouts.onetrainer import OneTrainerLayout
from tagging.trainers.layouts.parts import first_of_parts
from tagging.trainers.layouts.simpletuner import SimpleTunerLayout
from tagging.trainers.options import ExportOptions
from tagging.trainers.profiles import Profile
from tagging.trainers.records import FrozenDataset

__all__ = ["FurtherFile", "LaidOut", "Layout", "Place", "first_of_parts", "lay_out"]

_LAYOUTS: Mapping[str, type[Layout]] = MappingProxyType(
    {
        "kohya": KohyaLayout,
        "ai-toolkit": AiToolkitLayout,
        "onetrainer": OneTrainerLayout,
        "musubi-tuner": MusubiTunerLayout,
        "diffusion-pipe": DiffusionPipeLayout,
        "simpletuner": SimpleTunerLayout,
        "huggingface": HuggingFaceLayout,
        "civitai": CivitaiLayout,
        "plain": Layout,
    }
)


def lay_out(
    profile: Profile,
    options: ExportOptions,
    dataset: FrozenDataset,
    image_count: int,
    sizes: Iterable[int] | None = None,
) -> Layout:
    """Return the layout of an export of so many images.

    Args:
        profile: of whom.
        options: what the export is made by.
        dataset: its head.
        image_count: how many images.
        sizes: of the pictures in order, as they are expected to go out; read only where archives have a size.
    """
    return _LAYOUTS[profile.slug](profile, options, dataset, image_count, sizes)
