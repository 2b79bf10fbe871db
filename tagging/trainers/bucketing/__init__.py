"""Into which size each trainer brings a picture, and how much it cuts off. Pure.

The formulas were derived from the trainers' own functions and checked against them on 406 sizes; `docs/export.md` tells
them in words, and the tests hold worked examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tagging.trainers.bucketing.ai_toolkit import AiToolkitBucketer
from tagging.trainers.bucketing.base import Bucketer, Fit, Size
from tagging.trainers.bucketing.diffusion_pipe import DiffusionPipeBucketer
from tagging.trainers.bucketing.kohya import KohyaBucketer, KohyaNoUpscaleBucketer, kohya_buckets
from tagging.trainers.bucketing.musubi_tuner import MusubiTunerBucketer
from tagging.trainers.bucketing.onetrainer import OneTrainerBucketer
from tagging.trainers.bucketing.simpletuner import SimpleTunerBucketer

__all__ = [
    "BUCKETERS",
    "AiToolkitBucketer",
    "Bucketer",
    "DiffusionPipeBucketer",
    "Fit",
    "KohyaBucketer",
    "KohyaNoUpscaleBucketer",
    "MusubiTunerBucketer",
    "OneTrainerBucketer",
    "SimpleTunerBucketer",
    "Size",
    "kohya_buckets",
]

# As the configurations of our own profiles have it. Hugging Face and the plain folder train nothing; what CivitAI
# does is not public.
BUCKETERS: Mapping[str, Bucketer] = MappingProxyType(
    {
        "kohya": KohyaBucketer(),
        "ai-toolkit": AiToolkitBucketer(),
        "onetrainer": OneTrainerBucketer(),
        "musubi-tuner": MusubiTunerBucketer(),
        "diffusion-pipe": DiffusionPipeBucketer(),
        "simpletuner": SimpleTunerBucketer(),
    }
)
