"""Where exports stand, and who may see them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from datasets.permissions import visible_datasets
from tagging.messages import ExportProgress
from tagging.models import ExportJob
from tagging.models.export_job import ExportJobQuerySet


def visible_exports(user: User | None) -> ExportJobQuerySet:
    """The exports of datasets that this person may see, with what a page shows of each."""
    exports = ExportJob.objects.filter(dataset__in=visible_datasets(user)).defer("positions")
    return exports.select_related("dataset", "version", "started_by").prefetch_related("archives")


def get_export_progress(job: ExportJob) -> ExportProgress:
    """Return where an export stands."""
    rate = 0.0
    if job.began_at is not None:
        until = job.finished_at or timezone.now()
        rate = job.done / max((until - job.began_at).total_seconds(), 0.1)
    is_under_way = job.state not in ExportJob.ENDED
    return ExportProgress(
        job_id=job.pk,
        dataset_id=job.dataset_id,
        profile=job.profile,
        state=job.state,
        total=job.total,
        done=job.done,
        rate=round(rate, 1),
        seconds_left=round((job.total - job.done) / rate) if is_under_way and rate > 0 else None,
        error=job.error,
    )
