"""`/api/v1`: the images of a dataset as the grid asks for them: filtered, in an order, from any place."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.errors import HttpError

from datasets.models import Flag, ReviewState
from datasets.permissions import visible_datasets
from datasets.queries.images import MOST_IDS_A_CALL, Asked, get_ids, get_image_page, get_landmarks
from datasets.queries.ordering import BadCursor, Order
from datasets.schemas import BadFilterOut, IdsOut, ImagePageOut, LandmarksOut
from tagger_project.auth import person

router = Router()


class AskedIn(Schema):
    """Which images, and in which order.

    `size` has the largest file first, `ratio` the tallest picture, `changed` what was changed last.
    """

    filter: str = ""
    order: Order = Order.ADDED
    untagged: bool = False
    flag: Flag | None = None
    state: ReviewState | None = None

    def of(self, request: HttpRequest, dataset_id: int) -> Asked:
        """Return what is asked for, of a dataset that the person may see."""
        dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
        return Asked(dataset, self.filter, self.order, self.untagged, self.flag, self.state)


@router.get("/datasets/{int:dataset_id}/images", response={200: ImagePageOut, 422: BadFilterOut}, tags=["images"])
def list_images(
    request: HttpRequest, dataset_id: int, asked: Query[AskedIn], after: str = "", limit: int = 100
) -> ImagePageOut:
    """Images in an order, at most 500 at once; go on with `after=next`.

    In dataset order (`added`) a cursor is a position, so that a list can be entered anywhere; else it means nothing
    but to this list. A filter that cannot be read is told with its place: `start` and `end` in the filter.
    """
    try:
        return ImagePageOut.of(get_image_page(asked.of(request, dataset_id), after=after, limit=limit))
    except BadCursor as error:
        raise HttpError(422, str(error)) from error


@router.get(
    "/datasets/{int:dataset_id}/images/landmarks", response={200: LandmarksOut, 422: BadFilterOut}, tags=["images"]
)
def list_landmarks(
    request: HttpRequest, dataset_id: int, asked: Query[AskedIn], every: Annotated[int, Query(ge=50, le=100_000)] = 500
) -> LandmarksOut:
    """A cursor for each so many images: with the nearest, any place is one page away."""
    found = get_landmarks(asked.of(request, dataset_id), every=every)
    return LandmarksOut(total=found.total, revision=found.revision, cursors=found.cursors)


@router.get("/datasets/{int:dataset_id}/images/ids", response={200: IdsOut, 422: BadFilterOut}, tags=["images"])
def list_ids(
    request: HttpRequest,
    dataset_id: int,
    asked: Query[AskedIn],
    start: Annotated[int, Query(ge=0)],
    end: Annotated[int, Query(ge=0)],
) -> IdsOut:
    """The numbers of the images from place `start` up to place `end`, which is not among them; at most 100,000."""
    if end - start > MOST_IDS_A_CALL:
        raise HttpError(422, _("This is more than 100,000 images at once. Ask for them in parts."))
    return IdsOut(ids=get_ids(asked.of(request, dataset_id), start=start, end=end))
