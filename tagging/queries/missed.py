"""What a page missed: the images of a dataset that changed after a revision, along one index."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from datasets.models import Dataset, Image, ImportJob
from tagging.queries.state import ImageState, get_image_states

# So few come with their words; a page that shows one of more asks for it.
MOST_STATES = 50
# More than these are not listed: the page asks again for what it shows.
MOST_CHANGED = 500


@dataclass(frozen=True)
class Numbers:
    """Where a dataset stands; `revision` was read first, so what it counts is in everything that is read later."""

    dataset_id: int
    revision: int
    images: int
    tagged: int
    importing: int


@dataclass(frozen=True)
class ChangedImage:
    """One image that changed; `is_gone` where it is in the trash now."""

    id: int
    revision: int
    review_state: str
    is_tagged: bool
    is_gone: bool


@dataclass(frozen=True)
class Missed:
    """Images that changed, with the words of all of them where they are few; see `DeskChanged`."""

    changed: list[ChangedImage]
    states: list[ImageState]
    is_complete: bool


def get_revision(dataset_id: int) -> int:
    """Return a dataset's revision.

    Raises:
        Dataset.DoesNotExist: there is none of this number.
    """
    return Dataset.objects.values_list("revision", flat=True).get(pk=dataset_id)


def get_numbers(dataset_id: int) -> Numbers:
    """Return where a dataset stands, counted along indexes: the trash is small and is subtracted.

    Raises:
        Dataset.DoesNotExist: there is none of this number.
    """
    revision = get_revision(dataset_id)
    everything = Image.everything.filter(dataset=dataset_id)
    counts = {"images": Count("pk"), "tagged": Count("pk", filter=Q(is_tagged=True))}
    all_of_them, trashed = everything.aggregate(**counts), everything.in_trash().aggregate(**counts)
    return Numbers(
        dataset_id=dataset_id,
        revision=revision,
        images=all_of_them["images"] - trashed["images"],
        tagged=all_of_them["tagged"] - trashed["tagged"],
        importing=ImportJob.objects.filter(dataset=dataset_id, finished_at=None).count(),
    )


def get_missed(dataset_id: int, since: int, *, with_states: bool) -> Missed:
    """Return the images that changed after a revision, in no order."""
    fields = ("pk", "revision", "review_state", "is_tagged", "trashed_at")
    images = Image.everything.filter(dataset=dataset_id, changed_at_revision__gt=since).only(*fields)
    rows = list(images[: MOST_CHANGED + 1])
    if len(rows) > MOST_CHANGED:
        return Missed(changed=[], states=[], is_complete=False)
    return Missed(
        changed=[_changed(row) for row in rows],
        states=get_image_states([row.pk for row in rows]) if with_states and len(rows) <= MOST_STATES else [],
        is_complete=True,
    )


def _changed(image: Image) -> ChangedImage:
    return ChangedImage(image.pk, image.revision, image.review_state, image.is_tagged, image.trashed_at is not None)
