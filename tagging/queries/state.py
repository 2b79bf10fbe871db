"""The words on one image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from datasets.models import Image
from tagging.models import Caption, ImageTag, Review


@dataclass(frozen=True)
class TagOnImage:
    """One tag in its place, how it got there, and its category by word and colour; empty where it has none."""

    name: str
    source: str
    category: str
    colour: str


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
    for state in get_image_states([image.pk]):
        return state
    raise Image.DoesNotExist


def get_image_states(image_ids: Sequence[int]) -> list[ImageState]:
    """Return the words of images as `get_image_state` does, in as many queries as for one; without those deleted.

    Revisions are read before words: an edit in between is seen under the older number, and told once more.
    """
    reasons = Review.objects.filter(image=OuterRef("pk")).order_by("-pk").values("reason")[:1]
    images = Image.everything.filter(pk__in=image_ids).annotate(review_reason=Subquery(reasons))
    found = list(images.values_list("pk", "revision", "is_tagged", "review_state", "review_reason"))
    tags: defaultdict[int, list[TagOnImage]] = defaultdict(list)
    rows = ImageTag.objects.filter(image__in=image_ids).order_by("image", "position", "pk")
    facts = ("tag__name", "source", "tag__category__name", "tag__category__colour")
    for image_id, name, source, category, colour in rows.values_list("image_id", *facts):
        tags[image_id].append(TagOnImage(name, source, category or "", colour or ""))
    captions = {caption.image_id: caption for caption in Caption.objects.filter(image__in=image_ids)}
    return [
        ImageState(
            image_id=pk,
            revision=revision,
            tags=tags[pk],
            caption=captions[pk].text if pk in captions else "",
            caption_version=captions[pk].version if pk in captions else 0,
            tagged=is_tagged,
            review_state=review_state,
            review_reason=review_reason or "",
        )
        for pk, revision, is_tagged, review_state, review_reason in found
    ]
