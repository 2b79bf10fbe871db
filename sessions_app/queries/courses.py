"""The course of a walk: which images it leads past, in which order, and what lies beside each."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from datasets.models import Image
from datasets.permissions import visible_images
from sessions_app.models import ImageVisit, TaggingSession
from tagging.queries.filtering import read_filter

Order = TaggingSession.Order


def walk_candidates(walk: TaggingSession) -> QuerySet[Image]:
    """Return the images of a walk's dataset that match its filter now, in its order."""
    return _in_order(Image.objects.filter(_condition(walk), dataset=walk.dataset_id), walk.order)


@dataclass(frozen=True)
class Counts:
    """Where an image is on a course: `number` of `total` images, of which so many are `tagged`."""

    number: int
    total: int
    tagged: int


class Course:
    """All images of a walk in its order: those that match its filter now, and those that it has been at.

    An image that was just tagged may match no more; it stays where it was for as long as the walk lasts, so that the
    way back leads to it. Each step enters an index at the image it starts from.
    """

    def __init__(self, walk: TaggingSession, user: User | None) -> None:
        self.walk = walk
        self.order = Order(walk.order)
        self.images = visible_images(user).select_related(None).filter(dataset=walk.dataset_id)
        self._condition = _condition(walk)
        self.matching = self.images.filter(self._condition)
        # Without a filter every visited image matches.
        self.has_filter = bool(walk.filter_text)

    def next_id(self, image: Image) -> int | None:
        """The image after this one, `None` at the end."""
        return self._nearest(image, forward=True)

    def previous_id(self, image: Image) -> int | None:
        """The image before this one, `None` at the start."""
        return self._nearest(image, forward=False)

    def next_untagged_id(self, image: Image) -> int | None:
        """The next one that matches and has no words, going on from the start after the end; never this one."""
        untagged = self.matching.filter(is_tagged=False).exclude(pk=image.pk)
        return _first(_beside(untagged, image, self.order, forward=True)) or self._first(untagged)

    def in_turn(self, image: Image | None) -> list[QuerySet[Image]]:
        """What is left to do, behind this image and then all: what is untagged; with a filter, what was not visited."""
        left = self.matching.filter(is_tagged=False)
        if self.has_filter:
            left = self.matching.filter(
                ~Exists(ImageVisit.objects.filter(tagging_session=self.walk, image=OuterRef("pk")))
            )
        if image is None:
            return [_in_order(left, self.order)]
        left = left.exclude(pk=image.pk)
        return [_beside(left, image, self.order, forward=True), _in_order(left, self.order)]

    def first_id(self) -> int | None:
        """Where a walk begins: the first image that matches."""
        return self._first(self.matching)

    def count(self, image: Image) -> Counts:
        """Count the course in one query."""
        course = self.images
        if self.has_filter:
            visits = ImageVisit.objects.filter(tagging_session=self.walk, image=OuterRef("pk"))
            course = course.filter(self._condition | Q(Exists(visits)))
        found = course.aggregate(
            total=Count("pk"),
            tagged=Count("pk", filter=Q(is_tagged=True)),
            before=Count("pk", filter=_is_beside(image, self.order, forward=False)),
        )
        number = found["before"] + 1
        return Counts(number, max(found["total"], number), found["tagged"])

    def _first(self, images: QuerySet[Image]) -> int | None:
        return _first(_in_order(images, self.order))

    def _nearest(self, image: Image, *, forward: bool) -> int | None:
        found = [_first(_beside(self.matching, image, self.order, forward=forward))]
        if self.has_filter:
            found.append(self._nearest_visited_id(image, forward=forward))
        ids = [pk for pk in found if pk is not None]
        if len(set(ids)) < 2:
            return ids[0] if ids else None
        return _first(_in_order(self.images.filter(pk__in=ids), self.order, forward=forward))

    def _nearest_visited_id(self, image: Image, *, forward: bool) -> int | None:
        """Found among the visits alone: by position along an index of theirs, by name by sorting them."""
        visits = ImageVisit.objects.filter(tagging_session=self.walk, image__trashed_at=None)
        if self.order == Order.NAME:
            visits = visits.filter(_is_beside(image, self.order, forward=forward, of="image__"))
            keys = ["image__original_name", "image"] if forward else ["-image__original_name", "-image"]
        else:
            visits = visits.filter(_is_beside(image, self.order, forward=forward))
            keys = ["position" if forward == (self.order == Order.POSITION) else "-position"]
        return visits.order_by(*keys).values_list("image", flat=True).first()


def _condition(walk: TaggingSession) -> Q:
    return read_filter(walk.filter_text, walk.dataset) if walk.filter_text else Q()


def _beside(images: QuerySet[Image], image: Image, order: str, *, forward: bool) -> QuerySet[Image]:
    return _in_order(images.filter(_is_beside(image, order, forward=forward)), order, forward=forward)


def _is_beside(image: Image, order: str, *, forward: bool, of: str = "") -> Q:
    """Return what lies behind an image in this order, or before it; `of` leads from a row to its image's name."""
    if order == Order.NAME:
        name, side = image.original_name, "gt" if forward else "lt"
        further = Q((f"{of}original_name__{side}", name)) | Q((f"{of}pk__{side}", image.pk))
        # The first condition says nothing new, but lets the database enter its index there.
        return Q((f"{of}original_name__{side}e", name)) & further
    # The newest are those that were added last.
    upwards = forward == (order == Order.POSITION)
    return Q(position__gt=image.position) if upwards else Q(position__lt=image.position)


def _in_order(images: QuerySet[Image], order: str, *, forward: bool = True) -> QuerySet[Image]:
    if order == Order.NAME:
        return images.order_by("original_name", "pk") if forward else images.order_by("-original_name", "-pk")
    return images.order_by("position" if forward == (order == Order.POSITION) else "-position")


def _first(images: QuerySet[Image]) -> int | None:
    return images.values_list("pk", flat=True).first()
