"""The doors from the left, where images become ready with their texts, and from below, where tokens are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from datasets.models import Dataset, Image, ImportJob
from datasets.services.arrivals import Arrival, TextEnd
from datasets.signals import image_ready, import_finished
from tagging.jobs import start_counting_lengths
from tagging.services.sidecars import read_texts
from tagging.signals import text_lengths_wanted


@receiver(image_ready, dispatch_uid="tagging.read_texts")
def on_image_ready(sender: type[Image], job: ImportJob, arrivals: Sequence[Arrival], **_: Any) -> list[TextEnd]:
    """Read the texts of images, inside the transaction that made them ready."""
    return read_texts(job, arrivals)


@receiver(import_finished, dispatch_uid="tagging.count_lengths_of_import")
def on_import_finished(sender: type[ImportJob], dataset_id: int, **_: Any) -> None:
    """Have the texts that came counted before somebody asks."""
    start_counting_lengths(dataset_id)


@receiver(text_lengths_wanted, dispatch_uid="tagging.count_lengths")
def on_text_lengths_wanted(sender: type[Dataset], dataset_id: int, **_: Any) -> None:
    """Have texts counted that changed since they were."""
    start_counting_lengths(dataset_id)
