"""Groups of pictures that look alike, page by page: the best of each first."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db.models import F, Q

from datasets.models import Dataset, DistinctPair, Image

GROUPS_A_PAGE = 12
MOST_IMAGES_A_PAGE = 240
MOST_IN_GROUP = 60
_MOST_HELD = 8

_lock = threading.Lock()
_similar: dict[int, tuple[tuple[object, ...], list[int]]] = {}

# What makes an image the best of those that look like it.
BestBy = Literal["largest", "sharpest", "heaviest", "earliest"]


@dataclass(frozen=True)
class SimilarGroup:
    """Pictures that look alike, the best first.

    Attributes:
        place: the lowest position among them, which no other group has.
        reason: what makes the first the best of them.
    """

    place: int
    images: list[Image]
    reason: BestBy


@dataclass(frozen=True)
class SimilarPage:
    """Groups in dataset order.

    Attributes:
        next: the place to go on after, or `None` at the end.
        total: how many groups there are in all.
        not_measured: how many images have no measures yet, and so are in no group.
    """

    groups: list[SimilarGroup]
    next: int | None
    total: int
    not_measured: int


def get_similar_page(dataset: Dataset, *, after: int = 0, limit: int = GROUPS_A_PAGE) -> SimilarPage:
    """Return the groups after a place, without the trash and what a person said to keep apart.

    All hashes of the dataset are compared each time: that takes less than to keep the groups right through every
    import, deletion and undo would.
    """
    places = _group_places(dataset)
    total = len(places)
    behind = [group for group in places if group[0] > after]
    shown, images = 0, 0
    while shown < min(len(behind), max(1, min(limit, GROUPS_A_PAGE))) and images < MOST_IMAGES_A_PAGE:
        images += len(behind[shown][1])
        shown += 1
    rows = Image.objects.filter(dataset=dataset).in_bulk([pk for _place, pks in behind[:shown] for pk in pks])
    groups = [_group(place, [rows[pk] for pk in pks if pk in rows]) for place, pks in behind[:shown]]
    return SimilarPage(
        groups=[group for group in groups if len(group.images) > 1],
        next=behind[shown - 1][0] if len(behind) > shown else None,
        total=total,
        not_measured=Image.objects.filter(dataset=dataset, sharpness=None).count(),
    )


def get_similar_ids(dataset: Dataset) -> list[int]:
    """Return the images that look like another; compared anew where the dataset changed since the last question."""
    key = (dataset.created_at, Dataset.objects.values_list("revision", flat=True).get(pk=dataset.pk), _count(dataset))
    with _lock:
        held = _similar.get(dataset.pk)
    if held is None or held[0] != key:
        held = (key, [pk for _place, pks in _group_places(dataset) for pk in pks])
        with _lock:
            _similar[dataset.pk] = held
            while len(_similar) > _MOST_HELD:
                del _similar[next(iter(_similar))]
    return held[1]


def find_alike(dataset_id: int, measured: Sequence[tuple[int, int, str]]) -> set[int]:
    """Return the places of pictures of a stored state that look like another of it.

    Args:
        dataset_id: of which: what a person said to keep apart in it stays apart.
        measured: of each picture with a hash, the best first: its place, its hash, and the SHA-256 of its file.
    """
    if not measured:
        return set()
    from datasets.similar import groups

    place_of = {sha256: place for place, (_position, _dhash, sha256) in enumerate(measured)}
    pairs = DistinctPair.objects.filter(Q(first__dataset=dataset_id)).values_list("first__sha256", "second__sha256")
    apart: dict[int, set[int]] = defaultdict(set)
    for first, second in pairs:
        if first in place_of and second in place_of:
            apart[place_of[first]].add(place_of[second])
            apart[place_of[second]].add(place_of[first])
    found = groups([dhash for _position, dhash, _sha256 in measured], apart=apart, most_members=MOST_IN_GROUP)
    return {measured[place][0] for group in found for place in group}


def _count(dataset: Dataset) -> tuple[int, int]:
    """Return how many images can be compared, and how many pairs are kept apart: neither counts the revision up."""
    pairs = DistinctPair.objects.filter(first__dataset=dataset).count()
    return Image.objects.filter(dataset=dataset, dhash__isnull=False).count(), pairs


def _group_places(dataset: Dataset) -> list[tuple[int, list[int]]]:
    """Return for each group its place and the numbers of its images."""
    # numpy takes 30 MB that a process which never shows this page need not hold.
    import numpy as np

    from datasets.similar import groups

    measured = Image.objects.filter(dataset=dataset, dhash__isnull=False)
    best_first = measured.order_by(
        (F("width") * 1.0 * F("height")).desc(), F("sharpness").desc(nulls_last=True), "-byte_size", "position"
    )
    kinds = np.dtype([("pk", np.int64), ("dhash", np.int64), ("position", np.int64)])
    rows = np.fromiter(best_first.values_list("pk", "dhash", "position").iterator(chunk_size=5000), dtype=kinds)
    found = groups(rows["dhash"], apart=_apart(dataset, rows["pk"].tolist()), most_members=MOST_IN_GROUP)
    return sorted((int(rows["position"][group].min()), rows["pk"][group].tolist()) for group in found)


def _apart(dataset: Dataset, pks: list[int]) -> dict[int, set[int]]:
    """Return for the places of images the places of those that a person said to keep beside them."""
    pairs = DistinctPair.objects.filter(Q(first__dataset=dataset)).values_list("first_id", "second_id")
    if not (kept := list(pairs)):
        return {}
    place_of = {pk: place for place, pk in enumerate(pks)}
    apart: dict[int, set[int]] = defaultdict(set)
    for first, second in kept:
        if first in place_of and second in place_of:
            apart[place_of[first]].add(place_of[second])
            apart[place_of[second]].add(place_of[first])
    return apart


def _group(place: int, images: list[Image]) -> SimilarGroup:
    return SimilarGroup(place, images, _reason(images))


def _reason(images: list[Image]) -> BestBy:
    best, others = images[0], images[1:]
    if all(best.width * best.height > other.width * other.height for other in others):
        return "largest"
    rivals = [other for other in others if other.width * other.height == best.width * best.height]
    if all((best.sharpness or 0) > (other.sharpness or 0) for other in rivals):
        return "sharpest"
    return "heaviest" if all(best.byte_size > other.byte_size for other in rivals) else "earliest"
