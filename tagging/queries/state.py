"""The words on one image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import OuterRef, Subquery

from datasets.models import Image
from tagging.models import Caption, ImageTag, Review
from tagging.queries.rules import Reader


@dataclass(frozen=True)
class TagOnImage:
    """One tag in its place, how it got there, and the tags of the same image that it follows from."""

    name: str
    source: str
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
    on_images: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for image_id, name, source in rows.values_list("image_id", "tag__name", "source"):
        on_images[image_id].append((name, source))
    words: defaultdict[int, set[str]] = defaultdict(set)
    for image_id, reader in readers.items():
        words[reader.dataset_id].update(name for name, _source in on_images[image_id])
    by_dataset = {reader.dataset_id: reader for reader in readers.values()}
    implied = {pk: reader.implied(sorted(words[pk])) for pk, reader in by_dataset.items()}
    return {
        image_id: _with_impliers(on_images[image_id], implied[reader.dataset_id], reader)
        for image_id, reader in readers.items()
    }


def _with_impliers(tags: Sequence[tuple[str, str]], implied: dict[str, list[str]], reader: Reader) -> list[TagOnImage]:
    impliers: defaultdict[str, list[str]] = defaultdict(list)
    for name, _source in tags:
        for word in implied[name]:
            impliers[word].append(name)
    return [TagOnImage(name, source, impliers[name] or impliers[reader.spelled(name)]) for name, source in tags]
