"""Where imports and datasets stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from datasets.messages import DatasetChanged, ImportProgress
from datasets.models import Dataset, Image, ImportItem, ImportJob
from datasets.queries.images import file_address

LATEST_IMAGES = 12
_RATE_WINDOW = timedelta(seconds=10)


def get_import_progress(job_id: int) -> ImportProgress:
    """Return where an import stands.

    Raises:
        ImportJob.DoesNotExist: there is none of this number.
    """
    job = ImportJob.objects.get(pk=job_id)
    counts: dict[tuple[str, str], int] = {
        (row["state"], row["kind"]): row["count"]
        for row in ImportItem.objects.filter(job=job).values("state", "kind").annotate(count=Count("pk")).order_by()
    }
    by_state = {state: sum(n for (s, _), n in counts.items() if s == state) for state in ImportItem.State.values}
    total = sum(by_state.values())
    unfinished = sum(by_state[state] for state in ImportItem.UNFINISHED)
    rate = 0.0 if job.finished_at else _rate(job)
    texts = (ImportItem.Kind.SIDECAR, ImportItem.Kind.METADATA)
    return ImportProgress(
        import_id=job.pk,
        dataset_id=job.dataset_id,
        state="DONE" if job.finished_at else "OPEN",
        total=total,
        done=total - unfinished,
        waiting=by_state[ImportItem.State.WAITING],
        held=by_state[ImportItem.State.HELD],
        in_line=by_state[ImportItem.State.RECEIVED],
        processing=by_state[ImportItem.State.PROCESSING],
        ready=counts.get((ImportItem.State.READY, ImportItem.Kind.IMAGE), 0),
        duplicates=counts.get((ImportItem.State.DUPLICATE, ImportItem.Kind.IMAGE), 0),
        skipped=by_state[ImportItem.State.SKIPPED],
        failed=by_state[ImportItem.State.FAILED],
        sidecars=sum(counts.get((ImportItem.State.READY, kind), 0) for kind in texts),
        rate=round(rate, 2),
        seconds_left=round(unfinished / rate) if rate > 0 and unfinished else None,
        latest=_latest(job),
        cancelled=job.cancelled_at is not None,
        retryable=_retryable(job) if by_state[ImportItem.State.FAILED] or job.cancelled_at else 0,
    )


def _latest(job: ImportJob) -> list[dict[str, Any]]:
    ready = ImportItem.objects.filter(job=job, state=ImportItem.State.READY, image__isnull=False)
    newest = ready.filter(kind=ImportItem.Kind.IMAGE, image__trashed_at=None, finished_at__isnull=False)
    rows = newest.select_related("image").order_by("-finished_at")[:LATEST_IMAGES]
    images = [row.image for row in rows if row.image is not None]
    return [
        {"id": image.pk, "name": image.original_name, "thumbnail": file_address(image, "thumbnail")} for image in images
    ]


def _retryable(job: ImportJob) -> int:
    return ImportItem.objects.filter(job=job).retryable().count()


def _rate(job: ImportJob) -> float:
    """Files finished a second, over the last ten seconds or since the start if that is less."""
    now = timezone.now()
    since = max(now - _RATE_WINDOW, job.created_at)
    finished = ImportItem.objects.filter(job=job, finished_at__gt=since).count()
    return finished / max((now - since).total_seconds(), 0.5)


def get_dataset_numbers(dataset_id: int) -> DatasetChanged:
    """Return a dataset's numbers.

    Raises:
        Dataset.DoesNotExist: there is none of this number.
    """
    dataset = Dataset.objects.only("revision").get(pk=dataset_id)
    numbers = Image.objects.filter(dataset=dataset_id).aggregate(
        images=Count("pk"), tagged=Count("pk", filter=Q(is_tagged=True))
    )
    importing = ImportJob.objects.filter(dataset=dataset_id, finished_at=None).count()
    return DatasetChanged(
        dataset_id=dataset_id,
        revision=dataset.revision,
        images=numbers["images"],
        tagged=numbers["tagged"],
        importing=importing,
    )
