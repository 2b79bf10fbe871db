"""Read the text that arrived beside an image as its tags or its caption."""

from __future__ import annotations

from datasets.models import Image
from tagging.models import Caption, ImageTag, Source, TagOperation
from tagging.services.labelling import put_first_words
from tagging.text import read_sidecar_text


def read_sidecar(image: Image) -> None:
    """Put a sidecar's words onto an image that has none.

    Run again, it changes nothing, also after a person took all of those words away.
    """
    if not image.sidecar_text.strip():
        return
    if ImageTag.objects.filter(image=image).exists() or Caption.objects.filter(image=image).exists():
        return
    if TagOperation.objects.filter(image=image, source=Source.SIDECAR).exists():
        return
    words = read_sidecar_text(image.sidecar_text)
    if words.tags or words.caption:
        put_first_words(image, tags=words.tags, caption=words.caption, by=None, source=Source.SIDECAR)
