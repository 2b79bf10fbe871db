"""The words on one image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db.models import OuterRef, Subquery

from datasets.models import Image
from tagging.models import Caption, ImageTag, Review
from tagging.queries.rules import Reader


@dataclass(frozen=True)
class TagOnImage:
    """One tag in its place, how it got there, its category by word and colour, and the tags that it follows from.

    The category is empty where it has none; the tags it follows from are on the same image.
    """

    name: str
    source: str
    category: str
    colour: str
    implied_by: list[str] = field(default_factory=list)


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
    facts = ("pk", "revision", "is_tagged", "review_state", "review_reason")
    vocabulary = ("dataset_id", "dataset__vocabulary__spelling")
    found = list(images.values_list(*facts, *vocabulary))
    tags = _read_tags(image_ids, {pk: Reader(dataset, spelling or "") for pk, *_, dataset, spelling in found})
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
        for pk, revision, is_tagged, review_state, review_reason, _dataset, _spelling in found
    ]


def _read_tags(image_ids: Sequence[int], readers: dict[int, Reader]) -> dict[int, list[TagOnImage]]:
    """Return the tags of images in order, each with those it follows from."""
    rows = ImageTag.objects.filter(image__in=image_ids).order_by("image", "position", "pk")
    on_images: defaultdict[int, list[TagOnImage]] = defaultdict(list)
    facts = ("tag__name", "source", "tag__category__name", "tag__category__colour")
    for image_id, name, source, category, colour in rows.values_list("image_id", *facts):
        on_images[image_id].append(TagOnImage(name, source, category or "", colour or ""))
    words: defaultdict[int, set[str]] = defaultdict(set)
    for image_id, reader in readers.items():
        words[reader.dataset_id].update(tag.name for tag in on_images[image_id])
    by_dataset = {reader.dataset_id: reader for reader in readers.values()}
    implied = {pk: reader.implied(sorted(words[pk])) for pk, reader in by_dataset.items()}
    return {
        image_id: _with_impliers(on_images[image_id], implied[reader.dataset_id], reader)
        for image_id, reader in readers.items()
    }


def _with_impliers(tags: Sequence[TagOnImage], implied: dict[str, list[str]], reader: Reader) -> list[TagOnImage]:
    impliers: defaultdict[str, list[str]] = defaultdict(list)
    for tag in tags:
        for word in implied[tag.name]:
            impliers[word].append(tag.name)
    return [replace(tag, implied_by=impliers[tag.name] or impliers[reader.spelled(tag.name)]) for tag in tags]
