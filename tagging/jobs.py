"""Do an action on many images: at once where it is small, else by a worker, as exports and the counting of tokens."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from tagging.models import BulkJob, ExportJob
from tagging.services.bulk.running import run_job
from tagging.tasks import ask_for_lengths, wake_for, wake_for_export

# Up to here the person waits for the answer; above it a worker does it.
MOST_AT_ONCE = 500


def do_or_enqueue(job: BulkJob) -> BulkJob:
    """Do a small job and wake a worker for a large one; returns where it stands then."""
    if job.state in BulkJob.ENDED:
        return job
    if job.total <= MOST_AT_ONCE:
        run_job(job.pk)
        job.refresh_from_db()
    else:
        transaction.on_commit(partial(wake_for, job.pk))
    return job


def write_soon(job: ExportJob) -> None:
    """Wake a worker for an export that is not at its end."""
    if job.state not in ExportJob.ENDED:
        transaction.on_commit(partial(wake_for_export, job.pk))


def start_counting_lengths(dataset_id: int) -> None:
    """Let a worker count the tokens of a dataset's texts that were changed since they were counted."""
    transaction.on_commit(partial(ask_for_lengths, dataset_id))
