"""`/api/v1`: histories, who put a tag where it is, and taking back."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router
from ninja.errors import HttpError

from datasets.permissions import check_can_take_back, visible_datasets, visible_images
from tagger_project.auth import person
from tagging.history_schemas import BlamesOut, HistoryOut, UndoIn, UndoneOut
from tagging.models import Change, Source
from tagging.queries.history import find_person, get_blame, get_dataset_history, get_image_history
from tagging.schemas import ErrorOut
from tagging.services.undoing import NothingToUndo, undo_change

router = Router(tags=["history"])

# One answer takes about this long at most; a page asks again until there is no `next`.
SECONDS_AN_ANSWER = 5.0


@router.get("/images/{int:image_id}/history", response=HistoryOut)
def read_image_history(request: HttpRequest, image_id: int, before: int | None = None, limit: int = 50) -> HistoryOut:
    """What was done to an image, newest first, at most 100 entries at once; go on with `before=next`."""
    image = get_object_or_404(visible_images(person(request)), pk=image_id)
    return HistoryOut.of(get_image_history(image, before, limit))


@router.get("/images/{int:image_id}/blame", response=BlamesOut)
def read_blame(request: HttpRequest, image_id: int) -> BlamesOut:
    """Who put each tag onto an image, when, how and why; in the order of the tags."""
    image = get_object_or_404(visible_images(person(request)), pk=image_id)
    return BlamesOut.of(get_blame(image))


@router.get("/datasets/{int:dataset_id}/history", response=HistoryOut)
def read_dataset_history(
    request: HttpRequest,
    dataset_id: int,
    before: int | None = None,
    limit: int = 50,
    by: str = "",
    source: Source | None = None,
) -> HistoryOut:
    """What was done in a dataset, newest first, at most 100 entries at once; `by` is a name that is known here."""
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    who = find_person(dataset, by)
    if by and who is None:
        raise Http404
    return HistoryOut.of(get_dataset_history(dataset, before, limit, by=who, source=source))


@router.post("/changes/{int:change_id}/undo", response={200: UndoneOut, 409: ErrorOut})
def undo(request: HttpRequest, change_id: int, body: UndoIn) -> UndoneOut:
    """Take back an entry of a history where nobody touched the same word since; the answer tells what stays and why.

    Sent again with the same `key`, it counts once. While `next` is a number there is more to do: send the same `key`
    with `after=next`.
    """
    user = person(request)
    datasets = visible_datasets(user)
    change = get_object_or_404(Change.objects.filter(dataset__in=datasets).select_related("dataset"), pk=change_id)
    check_can_take_back(change.dataset, user, made_by=change.done_by_id)
    try:
        undone = undo_change(change, by=user, key=body.key, after=body.after, seconds=SECONDS_AN_ANSWER)
    except NothingToUndo as error:
        raise HttpError(409, str(error)) from error
    return UndoneOut.of(undone)
