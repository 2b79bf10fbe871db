"""Tell open pages where an action on many images stands."""

from __future__ import annotations

from datasets.messages import dataset_group
from tagger_project.live import publish
from tagging.models import BulkJob
from tagging.queries.bulk_jobs import get_bulk_progress


def tell_job(job_id: int) -> None:
    """Tell the pages of its dataset where a job stands; a job that is gone tells nothing."""
    job = BulkJob.objects.defer("image_ids").filter(pk=job_id).first()
    if job is not None:
        publish(dataset_group(job.dataset_id), get_bulk_progress(job))
