"""Near-duplicates with their words: what becomes of the tags when one of a group is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from datasets.models import Dataset, Image
from datasets.queries.similar import BestBy, get_similar_page
from tagging.models import Caption, ImageTag


@dataclass(frozen=True)
class Words:
    """The words on one image: names of tags in order, and the caption; version 0 where there never was one."""

    tags: list[str] = field(default_factory=list)
    caption: str = ""
    caption_version: int = 0


@dataclass(frozen=True)
class Member:
    """An image of a group, its words, and the words it would get if it were kept."""

    image: Image
    words: Words
    gains: Words


@dataclass(frozen=True)
class Group:
    """Images that look alike, the best first; see `datasets.queries.similar`."""

    place: int
    reason: BestBy
    members: list[Member]


@dataclass(frozen=True)
class DuplicatesPage:
    """Groups with their words, in dataset order."""

    groups: list[Group]
    next: int | None
    total: int
    not_measured: int


def get_duplicates_page(dataset: Dataset, *, after: int = 0, limit: int = 12) -> DuplicatesPage:
    """Return the groups of images that look alike after a place, in a fixed number of queries."""
    page = get_similar_page(dataset, after=after, limit=limit)
    words = get_words([image.pk for group in page.groups for image in group.images])
    groups = [Group(group.place, group.reason, _members(group.images, words)) for group in page.groups]
    return DuplicatesPage(groups, page.next, page.total, page.not_measured)


def get_words(image_ids: Sequence[int]) -> dict[int, Words]:
    """Return the words of images, in two queries."""
    tags: dict[int, list[str]] = defaultdict(list)
    rows = ImageTag.objects.filter(image__in=image_ids).order_by("position", "pk")
    for image_id, name in rows.values_list("image_id", "tag__name"):
        tags[image_id].append(name)
    captions = {caption.image_id: caption for caption in Caption.objects.filter(image__in=image_ids)}
    found = {}
    for image_id in image_ids:
        caption = captions.get(image_id)
        text, version = (caption.text, caption.version) if caption else ("", 0)
        found[image_id] = Words(tags.get(image_id, []), text, version)
    return found


def words_to_gain(kept: Words, others: Sequence[Words]) -> Words:
    """Return the tags that others have and the kept one lacks, in their order; and the caption it would get.

    A caption that is there stays; where there is none the longest of the others' is taken, as it says the most.
    """
    has = set(kept.tags)
    tags = [name for name in dict.fromkeys(name for other in others for name in other.tags) if name not in has]
    longest = max((other.caption for other in others), key=len, default="")
    return Words(tags, "" if kept.caption else longest)


def _members(images: Sequence[Image], words: dict[int, Words]) -> list[Member]:
    members = []
    for image in images:
        others = [words[other.pk] for other in images if other.pk != image.pk]
        members.append(Member(image, words[image.pk], words_to_gain(words[image.pk], others)))
    return members
