"""What the desk and its neighbours read."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import QuerySet

from datasets.models import Dataset, Image
from datasets.permissions import visible_images
from sessions_app.models import TaggingSession
from sessions_app.queries.courses import Course


@dataclass(frozen=True)
class Desk:
    """One image between its neighbours.

    Attributes:
        number: its place among the images of the dataset or walk, from 1; positions themselves have gaps.
        total: images of the dataset or walk.
        tagged: how many of them have a tag or a caption. The three are `None` where they were not asked for.
        next_untagged_id: the next one without either, going on from the start after the last; never this one.
    """

    image: Image
    number: int | None
    total: int | None
    tagged: int | None
    previous_id: int | None
    next_id: int | None
    next_untagged_id: int | None


@dataclass(frozen=True)
class Place:
    """Where a person is in a dataset; `image_id` is `None` before their first visit.

    Where their image went to the trash, it is the one after it, else the one before.
    """

    image_id: int | None
    images: int
    tagged: int


def get_desk(image: Image, user: User | None, walk: TaggingSession | None = None, *, counts: bool = True) -> Desk:
    """Read one image's place: a fixed number of queries.

    Args:
        image: which.
        user: who looks.
        walk: along its course; `None` for all images in dataset order.
        counts: whether to count. What is fetched ahead need not: a page knows the count of the image before, and each
            other question enters an index at the image.
    """
    if walk is not None:
        return _get_desk_of_walk(image, Course(walk, user), counts=counts)
    images = visible_images(user).select_related(None).filter(dataset=image.dataset_id)
    before = images.filter(position__lt=image.position)
    after = images.filter(position__gt=image.position)
    next_untagged_id = _first_id(_untagged(after)) or _first_id(_untagged(before))
    return Desk(
        image=image,
        number=before.count() + 1 if counts else None,
        total=images.count() if counts else None,
        tagged=images.filter(is_tagged=True).count() if counts else None,
        previous_id=_first_id(before.order_by("-position")),
        next_id=_first_id(after.order_by("position")),
        next_untagged_id=next_untagged_id,
    )


def _get_desk_of_walk(image: Image, course: Course, *, counts: bool) -> Desk:
    found = course.count(image) if counts else None
    return Desk(
        image=image,
        number=found.number if found else None,
        total=found.total if found else None,
        tagged=found.tagged if found else None,
        previous_id=course.previous_id(image),
        next_id=course.next_id(image),
        next_untagged_id=course.next_untagged_id(image),
    )


def get_walk_image_id(walk: TaggingSession, user: User | None) -> int | None:
    """Return where a walk goes on: where it was, else behind that, else at its first; `None` for an empty one."""
    course = Course(walk, user)
    at = walk.current_image
    if at is None:
        return course.first_id()
    return at.pk if at.trashed_at is None else course.next_id(at) or course.first_id()


def get_place(dataset: Dataset, user: User | None) -> Place:
    """Read where this person is, without opening a tagging session."""
    tagging_sessions = TaggingSession.objects.filter(dataset=dataset, person=user, is_default=True)
    images = visible_images(user).select_related(None).filter(dataset=dataset)
    tagging_session = tagging_sessions.select_related("current_image").first()
    return Place(
        image_id=_present_id(images, tagging_session.current_image if tagging_session else None),
        images=images.count(),
        tagged=images.filter(is_tagged=True).count(),
    )


def get_first_image_id(dataset: Dataset, user: User | None) -> int | None:
    """Return where a first visit begins: the first untagged image, else the first; `None` in an empty dataset."""
    images = visible_images(user).select_related(None).filter(dataset=dataset)
    return _first_id(_untagged(images)) or _first_id(images.order_by("position"))


def _present_id(images: QuerySet[Image], image: Image | None) -> int | None:
    if image is None or image.trashed_at is None:
        return image.pk if image is not None else None
    after = images.filter(position__gt=image.position).order_by("position")
    return _first_id(after) or _first_id(images.order_by("-position"))


def _untagged(images: QuerySet[Image]) -> QuerySet[Image]:
    return images.filter(is_tagged=False).order_by("position")


def _first_id(images: QuerySet[Image]) -> int | None:
    return images.values_list("pk", flat=True).first()
