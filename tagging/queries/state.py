"""The words on one image."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from datasets.models import Image
from tagging.models import Caption, ImageTag, Review


@dataclass(frozen=True)
class TagOnImage:
    """One tag in its place, and how it got there."""

    name: str
    source: str


@dataclass(frozen=True)
class ImageState:
    """All words of an image. `revision` grows with every edit; `caption_version` 0 means there is no caption yet.

    `review_reason` is what was said with the newest step of its review; empty where nothing was.
    """

    image_id: int
    revision: int
    tags: list[TagOnImage]
    caption: str
    caption_version: int
    tagged: bool
    review_state: str
    review_reason: str


def get_image_state(image: Image) -> ImageState:
    """Return the words of an image as they are stored now, also where it went to the trash meanwhile.

    Raises:
        Image.DoesNotExist: it was deleted for ever.
    """
    reasons = Review.objects.filter(image=OuterRef("pk")).order_by("-pk").values("reason")[:1]
    fields = Image.everything.only("revision", "is_tagged", "review_state")
    fresh = fields.annotate(review_reason=Subquery(reasons)).get(pk=image.pk)
    rows = ImageTag.objects.filter(image=image).order_by("position", "pk").values_list("tag__name", "source")
    caption = Caption.objects.filter(image=image).first()
    return ImageState(
        image_id=image.pk,
        revision=fresh.revision,
        tags=[TagOnImage(name, source) for name, source in rows],
        caption=caption.text if caption else "",
        caption_version=caption.version if caption else 0,
        tagged=fresh.is_tagged,
        review_state=fresh.review_state,
        review_reason=fresh.review_reason or "",
    )
