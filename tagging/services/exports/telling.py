"""Tell open pages where an export stands."""

from __future__ import annotations

from datasets.messages import dataset_group
from tagger_project.live import publish
from tagging.models import ExportJob
from tagging.queries.exports import get_export_progress


def tell_export(job_id: int) -> None:
    """Tell the pages of its dataset where an export stands; one that is gone tells nothing."""
    job = ExportJob.objects.defer("positions").filter(pk=job_id).first()
    if job is not None:
        publish(dataset_group(job.dataset_id), get_export_progress(job))
