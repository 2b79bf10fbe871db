"""`/api/v1`: actions on many images: what they would do, doing them, and how far they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.errors import HttpError

from datasets.asking import visible_dataset
from datasets.filter_reading import BadFilter
from datasets.permissions import check_can_edit, check_can_take_back, visible_datasets
from tagger_project.auth import person
from tagging.bulk_schemas import (
    BulkIn,
    BulkJobOut,
    BulkOut,
    BulkPreviewIn,
    BulkPreviewOut,
    TagsOfIn,
    TagsOfOut,
    UndoJobIn,
)
from tagging.jobs import do_or_enqueue
from tagging.models import BulkJob, Change
from tagging.queries.bulk_jobs import visible_bulk_jobs
from tagging.queries.tags_of import get_tags_of
from tagging.schemas import ErrorOut
from tagging.services.bulk.actions import BulkRefused
from tagging.services.bulk.jobs import KeyTaken, cancel, start_action, start_undo
from tagging.services.bulk.patterns import PatternRefused
from tagging.services.bulk.previewing import preview_action
from tagging.services.bulk.targets import find_images
from tagging.services.vocabulary import TagRefused

router = Router(tags=["bulk"])


@router.post("/datasets/{int:dataset_id}/bulk/preview", response={200: BulkPreviewOut, 422: ErrorOut})
def preview(request: HttpRequest, dataset_id: int, body: BulkPreviewIn) -> BulkPreviewOut:
    """What an action would do now: exact numbers, and the first five images that would change."""
    dataset = visible_dataset(request, dataset_id)
    with _refusals_told():
        return BulkPreviewOut.of(preview_action(dataset, body.target.to_target(), body.action.to_action()))


@router.post("/datasets/{int:dataset_id}/bulk", response={200: BulkOut, 202: BulkOut, 409: ErrorOut, 422: ErrorOut})
def do(request: HttpRequest, dataset_id: int, body: BulkIn) -> Status[BulkOut]:
    """Do an action: up to 500 images at once (200), more as a job (202) that `bulk-jobs` tells of.

    Sent again with the same `key`, it counts once. All of it is one entry of the history.
    """
    user = person(request)
    dataset = visible_dataset(request, dataset_id)
    check_can_edit(dataset, user)
    with _refusals_told():
        job = start_action(dataset, body.target.to_target(), body.action.to_action(), key=body.key, by=user)
    return _answer(do_or_enqueue(job))


@router.post(
    "/changes/{int:change_id}/undo-job", response={200: BulkJobOut, 202: BulkJobOut, 409: ErrorOut, 422: ErrorOut}
)
def undo(request: HttpRequest, change_id: int, body: UndoJobIn) -> Status[BulkJobOut]:
    """Take back an entry of a history of any size: up to 500 images at once (200), more as a job (202).

    What somebody touched since stays as it is; `undone` tells of it. Sent again with the same `key`, it counts once.
    """
    user = person(request)
    changes = Change.objects.filter(dataset__in=visible_datasets(user)).select_related("dataset")
    change = get_object_or_404(changes, pk=change_id)
    check_can_take_back(change.dataset, user, made_by=change.done_by_id)
    with _refusals_told():
        job = do_or_enqueue(start_undo(change, key=body.key, by=user))
    if job.state == BulkJob.State.FAILED:
        raise HttpError(409, job.error)
    return Status(_code(job), BulkJobOut.of(job))


@router.get("/bulk-jobs/{int:job_id}", response=BulkJobOut)
def read_job(request: HttpRequest, job_id: int) -> BulkJobOut:
    """Where an action on many images stands."""
    return BulkJobOut.of(get_object_or_404(visible_bulk_jobs(person(request)), pk=job_id))


@router.post("/bulk-jobs/{int:job_id}/cancel", response=BulkJobOut)
def cancel_job(request: HttpRequest, job_id: int) -> BulkJobOut:
    """Stop a job after the images in hand; what was done stays in its entry, and can be taken back as one."""
    user = person(request)
    job = get_object_or_404(visible_bulk_jobs(user), pk=job_id)
    check_can_take_back(job.dataset, user, made_by=job.started_by_id)
    cancel(job)
    job.refresh_from_db()
    return BulkJobOut.of(job)


@router.post("/datasets/{int:dataset_id}/tags-of", response={200: TagsOfOut, 422: ErrorOut})
def list_tags_of(request: HttpRequest, dataset_id: int, body: TagsOfIn) -> TagsOfOut:
    """The tags on some images, the most frequent first, at most 1,000: on all of them, or on how many."""
    dataset = visible_dataset(request, dataset_id)
    with _refusals_told():
        images = find_images(dataset, body.target.to_target())
    return TagsOfOut.of(len(images), get_tags_of(dataset, images))


def _answer(job: BulkJob) -> Status[BulkOut]:
    if job.state == BulkJob.State.FAILED:
        raise HttpError(422, job.error)
    return Status(_code(job), BulkOut.of(job))


def _code(job: BulkJob) -> int:
    return 200 if job.state in BulkJob.ENDED else 202


@contextmanager
def _refusals_told() -> Iterator[None]:
    """Answer with the sentence of what was refused."""
    try:
        yield
    except KeyTaken as error:
        raise HttpError(409, str(error)) from error
    except (BulkRefused, BadFilter, TagRefused, PatternRefused) as error:
        raise HttpError(422, str(error)) from error
