"""Images of a dataset, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse

from datasets.models import Dataset, Flag, Image, ReviewState

MOST_IMAGES_A_PAGE = 500


def file_address(image: Image, kind: str) -> str:
    """Return the address of an image's thumbnail, preview or original; it changes with the content."""
    return f"{reverse(f'datasets:{kind}', args=[image.pk])}?v={image.sha256[:12]}"


@dataclass(frozen=True)
class ImagePage:
    """Images in dataset order.

    Attributes:
        images: at most as many as asked for.
        next: the position to go on after, or `None` at the end.
        total: how many there are in all under the same filter.
        revision: the dataset's, read first: what changes later makes it differ.
    """

    images: list[Image]
    next: int | None
    total: int
    revision: int


def get_image_page(
    dataset: Dataset,
    *,
    after: int = 0,
    limit: int = 100,
    untagged: bool = False,
    flag: Flag | None = None,
    state: ReviewState | None = None,
) -> ImagePage:
    """Return the images after a position. Page 1,000 costs what page 1 costs: the index is entered at `after`."""
    limit = max(1, min(limit, MOST_IMAGES_A_PAGE))
    matching = Image.objects.filter(dataset=dataset)
    if untagged:
        matching = matching.untagged()
    if flag is not None:
        matching = matching.flagged(flag)
    if state is not None:
        matching = matching.filter(review_state=state)
    rows = list(matching.filter(position__gt=after).in_order()[: limit + 1])
    more = len(rows) > limit
    return ImagePage(rows[:limit], rows[limit - 1].position if more else None, matching.count(), dataset.revision)


def count_flags(dataset: Dataset) -> dict[Flag, int]:
    """Return how many images of a dataset have each flag, in one query."""
    counts = {flag.value: Count("pk", filter=flag.condition) for flag in Flag}
    found = Image.objects.filter(dataset=dataset).aggregate(**counts)
    return {flag: found[flag.value] for flag in Flag}


def count_states(dataset: Dataset) -> dict[ReviewState, int]:
    """Return how many images of a dataset are in each state of review, in one query."""
    rows = Image.objects.filter(dataset=dataset).values_list("review_state").annotate(count=Count("pk"))
    found = dict(rows.order_by())
    return {state: found.get(state.value, 0) for state in ReviewState}
