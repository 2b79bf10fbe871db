"""The one door from the left: an image became ready."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from datasets.models import Image
from datasets.signals import image_ready
from tagging.services.sidecars import read_sidecar


@receiver(image_ready, dispatch_uid="tagging.read_sidecar")
def on_image_ready(sender: type[Image], image: Image, **_: Any) -> None:
    """Read the sidecar of an image, inside the transaction that made it ready."""
    read_sidecar(image)
