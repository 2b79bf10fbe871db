"""The one door from the left: images became ready, or texts for them arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from datasets.models import Image, ImportJob
from datasets.services.arrivals import Arrival, TextEnd
from datasets.signals import image_ready
from tagging.services.sidecars import read_texts


@receiver(image_ready, dispatch_uid="tagging.read_texts")
def on_image_ready(sender: type[Image], job: ImportJob, arrivals: Sequence[Arrival], **_: Any) -> list[TextEnd]:
    """Read the texts of images, inside the transaction that made them ready."""
    return read_texts(job, arrivals)
