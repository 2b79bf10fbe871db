"""Actions on many images as jobs: started once, however often they are asked for under one key, and stopped."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from datasets.models import Dataset
from tagging.models import BulkJob, Change
from tagging.services.bulk.actions import Action, settle_action
from tagging.services.bulk.targets import Target, find_images
from tagging.services.bulk.telling import tell_job
from tagging.services.undoing import find_images as find_images_of

# Up to here the person waits for the answer; above it a worker does it.
MOST_AT_ONCE = 500


class KeyTaken(Exception):
    """Another action has this key; the text is a sentence."""


def start_action(dataset: Dataset, target: Target, action: Action, *, key: uuid.UUID, by: User | None) -> BulkJob:
    """Fix the images of an action, and return its job; one of this key that is there already is returned as it is.

    Raises:
        BulkRefused: it cannot be done as it was asked for.
        BadFilter: the filter cannot be read.
        TagRefused: a name that cannot be a tag, or one that is not used any more.
        PatternRefused: the pattern cannot be read.
        KeyTaken: the key is that of something else.
    """
    if there := find_started(key, dataset.pk, by):
        return there
    settled = settle_action(action, dataset.pk)
    return _make(key, dataset.pk, by, find_images(dataset, target), action=settled.to_json())


def start_undo(change: Change, *, key: uuid.UUID, by: User | None) -> BulkJob:
    """Return the job that takes back an entry of the history.

    Raises:
        KeyTaken: the key is that of something else.
    """
    if there := find_started(key, change.dataset_id, by):
        return there
    return _make(key, change.dataset_id, by, find_images_of(change), action={"kind": "undo"}, undoes=change)


def find_started(key: uuid.UUID, dataset_id: int, by: User | None) -> BulkJob | None:
    """Return the job of this key; `None` where there is none yet.

    Raises:
        KeyTaken: the key is that of something else.
    """
    job = BulkJob.objects.filter(key=key).first()
    taken = job is None and Change.objects.filter(key=key).exists()
    if taken or (job is not None and (job.dataset_id, job.started_by_id) != (dataset_id, by.pk if by else None)):
        raise KeyTaken(_("Something else was done with this key. Ask again with a new one."))
    return job


def _make(key: uuid.UUID, dataset_id: int, by: User | None, images: list[int], **facts: object) -> BulkJob:
    try:
        with transaction.atomic():
            return BulkJob.objects.create(
                key=key,
                dataset_id=dataset_id,
                started_by=by,
                image_ids=BulkJob.pack(images),
                total=len(images),
                **facts,
            )
    except IntegrityError:
        # The same was asked for twice at the same moment.
        there = find_started(key, dataset_id, by)
        if there is None:
            raise
        return there


def cancel(job: BulkJob) -> None:
    """Stop a job after the batch that is being done; what was done stays, and can be taken back as one."""
    BulkJob.objects.filter(pk=job.pk).exclude(state__in=BulkJob.ENDED).update(
        cancel_asked_at=Coalesce("cancel_asked_at", Now())
    )
    # Where no worker has it there is nobody to see that.
    waiting = BulkJob.objects.filter(pk=job.pk).claimable()
    waiting.update(state=BulkJob.State.CANCELLED, finished_at=Now(), lease_until=None, image_ids=None)
    tell_job(job.pk)
