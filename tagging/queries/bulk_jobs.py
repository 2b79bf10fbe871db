"""Where actions on many images stand."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from datasets.permissions import visible_datasets
from tagging.messages import BulkProgress
from tagging.models import BulkJob


def visible_bulk_jobs(user: User | None) -> QuerySet[BulkJob]:
    """The jobs of datasets that this person may see, each with its dataset."""
    return BulkJob.objects.filter(dataset__in=visible_datasets(user)).select_related("dataset").defer("image_ids")


def get_bulk_progress(job: BulkJob) -> BulkProgress:
    """Return where a job stands."""
    rate = 0.0
    if job.began_at is not None:
        until = job.finished_at or timezone.now()
        rate = job.done / max((until - job.began_at).total_seconds(), 0.1)
    left = job.total - job.done
    is_running = job.state not in BulkJob.ENDED
    return BulkProgress(
        job_id=job.pk,
        dataset_id=job.dataset_id,
        kind=str(job.action["kind"]),
        state=job.state,
        total=job.total,
        done=job.done,
        changed=job.changed,
        rate=round(rate, 1),
        seconds_left=round(left / rate) if is_running and rate > 0 else None,
        change=job.change_id,
        error=job.error,
    )
