"""Images of a dataset, page by page."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from datasets.filter_reading import Known, know_filter, read_filter
from datasets.models import Dataset, Flag, Image, ImageQuerySet, ReviewState
from datasets.queries.moments import held_for_a_moment, last_found
from datasets.queries.ordering import (
    Order,
    behind,
    cursor_behind,
    cursor_fields,
    cursor_of,
    in_order,
    sort_keys,
    with_value,
)

MOST_IMAGES_A_PAGE = 500
MOST_IDS_A_CALL = 100_000
# So far apart the page asks for them, and who asks without saying.
_USUAL_LANDMARKS = (100, 500)


def file_address(image: Image, kind: str) -> str:
    """Return the address of an image's thumbnail, preview or original; it changes with the content."""
    return f"{reverse(f'datasets:{kind}', args=[image.pk])}?v={image.sha256[:12]}"


@dataclass(frozen=True)
class ImagePage:
    """Images in the order asked for.

    Attributes:
        images: at most as many as asked for.
        next: the cursor to go on after, or `None` at the end.
        total: how many there are in all under the same filter.
        revision: the dataset's, read first: what changes later makes it differ.
    """

    images: list[Image]
    next: str | None
    total: int
    revision: int


@dataclass(frozen=True)
class Asked:
    """Which images of a dataset are asked for, and in which order.

    Attributes:
        filter: in the filter language; empty for all.
        untagged: only those that have neither a tag nor a caption.
        flag: only those that have it.
        state: only those whose review is this far.
    """

    dataset: Dataset
    filter: str = ""
    order: Order = Order.ADDED
    untagged: bool = False
    flag: Flag | None = None
    state: ReviewState | None = None

    def matching(self) -> ImageQuerySet:
        """The images, in no order.

        Raises:
            BadFilter: the filter cannot be read.
        """
        matching = Image.objects.filter(read_filter(self.filter, self.dataset), dataset=self.dataset)
        known = self._known()
        if known is not None and known.few is not None:
            # Led to a few images, a database does not look for them among all.
            matching = matching.filter(pk__in=known.few)
        if self.untagged:
            matching = matching.untagged()
        if self.flag is not None:
            matching = matching.flagged(self.flag)
        if self.state is not None:
            matching = matching.filter(review_state=self.state)
        return matching

    @property
    def images(self) -> tuple[Hashable, ...]:
        """What tells the images that are asked for from others of the dataset."""
        return (self.filter, self.untagged, self.flag, self.state)

    def count(self, matching: ImageQuerySet) -> int:
        """Return how many match, which are what `matching` returned."""
        return held_for_a_moment(self.dataset, lambda: self._count_anew(matching), "total", *self.images)

    def _count_anew(self, matching: ImageQuerySet) -> int:
        is_filter_alone = self.images == (self.filter, False, None, None)
        known = self._known() if is_filter_alone else None
        return matching.count() if known is None else known.count

    def _known(self) -> Known | None:
        return held_for_a_moment(self.dataset, lambda: know_filter(self.filter, self.dataset), "known", self.filter)


def get_image_page(asked: Asked, *, after: str = "", limit: int = 100) -> ImagePage:
    """Return the images after a cursor. Page 1,000 costs what page 1 costs: the order's index is entered there.

    Raises:
        BadFilter: the filter cannot be read.
        BadCursor: there is no such place in this order.
    """
    limit = max(1, min(limit, MOST_IMAGES_A_PAGE))
    matching = asked.matching()
    rows = list(in_order(behind(matching, asked.order, after), asked.order)[: limit + 1])
    more = len(rows) > limit
    return ImagePage(
        images=rows[:limit],
        next=cursor_behind(asked.order, rows[limit - 1]) if more else None,
        total=asked.count(matching),
        revision=asked.dataset.revision,
    )


@dataclass(frozen=True)
class Landmarks:
    """Where to enter a list to see any place of it.

    Attributes:
        cursors: behind cursor number i stands image number i * every, counted from 0; the first is empty.
    """

    total: int
    revision: int
    cursors: list[str]


def get_landmarks(asked: Asked, *, every: int) -> Landmarks:
    """Return a cursor for each so many images, in one statement, and how many there are.

    Raises:
        BadFilter: the filter cannot be read.
    """
    every = max(1, every)
    question = ("landmarks", every, asked.order, *asked.images)
    return held_for_a_moment(asked.dataset, lambda: _find_landmarks(asked, every), *question)


def _find_landmarks(asked: Asked, every: int) -> Landmarks:
    matching = asked.matching()
    total = asked.count(matching)
    numbered = with_value(matching, asked.order).annotate(number=Window(RowNumber(), order_by=sort_keys(asked.order)))
    rows = numbered.annotate(rest=F("number") % every).filter(rest=0).order_by("number")
    places = rows.values_list(*cursor_fields(asked.order))[: max(0, total - 1) // every]
    cursors = ["", *(cursor_of(asked.order, value, pk) for value, pk in places)]
    return Landmarks(total, asked.dataset.revision, cursors)


def get_ids(asked: Asked, *, start: int, end: int) -> list[int]:
    """Return the numbers of the images from a place of the list up to another, which is not among them.

    Where landmarks were asked for a moment ago, the list is entered at one; else it is read from its start.

    Raises:
        BadFilter: the filter cannot be read.
    """
    start, end = max(0, start), max(0, start, end)
    images, passed = _entered(asked, start)
    rows = images.order_by(*sort_keys(asked.order)).values_list("pk", flat=True)
    return list(rows[start - passed : end - passed])


def _entered(asked: Asked, start: int) -> tuple[ImageQuerySet, int]:
    """Return the images from the last known landmark before a place on, and how many stand before that."""
    matching = asked.matching()
    for every in _USUAL_LANDMARKS:
        marks = last_found(asked.dataset, "landmarks", every, asked.order, *asked.images)
        if isinstance(marks, Landmarks) and start >= every:
            number = min(start // every, len(marks.cursors) - 1)
            return behind(matching, asked.order, marks.cursors[number]), number * every
    return matching, 0


def count_flags(dataset: Dataset) -> dict[Flag, int]:
    """Return how many images of a dataset have each flag, in one query."""
    counts = {flag.value: Count("pk", filter=flag.condition) for flag in Flag}
    images = Image.objects.filter(dataset=dataset)
    found = held_for_a_moment(dataset, lambda: images.aggregate(**counts), "flags")
    return {flag: found[flag.value] for flag in Flag}


def count_states(dataset: Dataset) -> dict[ReviewState, int]:
    """Return how many images of a dataset are in each state of review, in one query."""
    rows = Image.objects.filter(dataset=dataset).values_list("review_state").annotate(count=Count("pk"))
    found = held_for_a_moment(dataset, lambda: dict(rows.order_by()), "states")
    return {state: found.get(state.value, 0) for state in ReviewState}
