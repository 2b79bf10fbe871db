"""The trainers whose buckets the board shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tagging.trainers.bucketing import BUCKETERS, Bucketer, KohyaNoUpscaleBucketer
from tagging.trainers.profiles import PROFILES


@dataclass(frozen=True)
class Trainer:
    """A trainer by name, and its way of sorting pictures by their shape."""

    title: str
    bucketer: Bucketer


def _all() -> dict[str, Trainer]:
    found = {slug: Trainer(PROFILES[slug].title, bucketer) for slug, bucketer in BUCKETERS.items()}
    # What its usual graphical interface is set to.
    found["kohya-no-upscale"] = Trainer(f"{PROFILES['kohya'].title}, bucket_no_upscale", KohyaNoUpscaleBucketer())
    return found


TRAINERS: Mapping[str, Trainer] = MappingProxyType(_all())
