"""What a person decides about a running or finished import: try refused files again, or stop it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from datasets.batches import batches
from datasets.models import ImportItem, ImportJob
from datasets.paths import incoming_path
from datasets.reasons import Reason
from datasets.services.archives import release_archive
from datasets.services.datasets import touch_dataset
from datasets.services.pinning import remove_unless_pinned
from datasets.services.telling import tell_import
from datasets.services.uploads import finish_if_complete

State = ImportItem.State
_AT_ONCE = 500


def retry_items(job: ImportJob, item_ids: Collection[int] | None = None) -> list[ImportItem]:
    """Try files again that ended for a reason that can pass; the import is open again then.

    Args:
        job: the import.
        item_ids: which of its files; `None` means all that can be tried again.

    Returns:
        The files that are under way again: `RECEIVED` where all bytes are still here, and in want of a worker; else
        `WAITING` for those that are missing.
    """
    chosen = ImportItem.objects.filter(job=job).retryable()
    if item_ids is not None:
        chosen = chosen.filter(pk__in=item_ids)
    whole, lacking = _sort_by_bytes(chosen.only("pk", "reason", "archive_id", "byte_size"))
    if not whole and not lacking:
        return []
    again = {"reason": "", "detail": "", "attempts": 0, "deaths": 0, "finished_at": None, "lease_until": None}
    # Also of those that wait: the sweep takes the youngest as the time when anybody last sent.
    again["received_at"] = timezone.now()
    with transaction.atomic():
        touch_dataset(job.dataset_id)
        asks = ImportJob.objects.filter(pk=job.pk, asks_about_sidecars=True).exists()
        for some in batches(whole, _AT_ONCE):
            still = ImportItem.objects.filter(job=job, pk__in=some).retryable()
            if asks:
                still.filter(kind__in=ImportItem.TEXTS).update(state=State.HELD, **again)
            still.update(state=State.RECEIVED, **again)
            _take_back_lonely_texts(job.pk, some)
        for some in batches(lacking, _AT_ONCE):
            of_job = ImportItem.objects.filter(job=job, pk__in=some)
            of_job.retryable().update(state=State.WAITING, **again)
            # A zip that was read to its end is asked for again where files of it are to be tried again.
            of_job.filter(kind=ImportItem.Kind.ARCHIVE, state=State.READY).update(state=State.WAITING, **again)
            _take_back_lonely_texts(job.pk, some)
        ImportJob.objects.filter(pk=job.pk).update(finished_at=None, cancelled_at=None)
        tell_import(job.pk)
    numbers = sorted([*whole, *lacking])
    return [
        item for some in batches(numbers, _AT_ONCE) for item in ImportItem.objects.filter(pk__in=some).order_by("pk")
    ]


def _sort_by_bytes(items: Iterable[ImportItem]) -> tuple[list[int], list[int]]:
    """Return the numbers of the items whose bytes are here, and of those that have to be sent.

    Of a file inside a zip that is gone, that is the zip.
    """
    whole: list[int] = []
    lacking: dict[int, None] = {}
    for item in items:
        if item.reason == Reason.CHECKSUM:
            # Nobody knows which of these bytes are wrong.
            incoming_path(settings.DATA_DIR, item.pk).unlink(missing_ok=True)
        if _has_all_bytes(item):
            whole.append(item.pk)
        else:
            lacking[item.archive_id or item.pk] = None
    return whole, list(lacking)


def _has_all_bytes(item: ImportItem) -> bool:
    if item.archive_id is not None and incoming_path(settings.DATA_DIR, item.archive_id).is_file():
        return True
    try:
        return incoming_path(settings.DATA_DIR, item.pk).stat().st_size == item.byte_size
    except FileNotFoundError:
        return False


def _take_back_lonely_texts(job_id: int, item_ids: Sequence[int]) -> None:
    """A text was refused for want of its picture: with the picture under way again, it waits for it again."""
    pictures = ImportItem.objects.filter(pk__in=item_ids, kind=ImportItem.Kind.IMAGE)
    lonely = ImportItem.objects.filter(
        job=job_id, kind=ImportItem.Kind.SIDECAR, state=State.FAILED, reason=Reason.NO_IMAGE
    )
    lonely.filter(stem_key__in=list(pictures.values_list("stem_key", flat=True))).update(state=State.READY, reason="")


def cancel_import(job: ImportJob) -> int:
    """End an import with what is in; returns how many files are left out. Safe to call again.

    What a worker is reading at this moment may still come in. What is in stays.
    """
    now = timezone.now()
    not_begun = [State.WAITING, State.HELD, State.RECEIVED]
    with transaction.atomic():
        touch_dataset(job.dataset_id)
        ImportJob.objects.filter(pk=job.pk, sealed_at=None).update(sealed_at=now)
        ImportJob.objects.filter(pk=job.pk, finished_at=None, cancelled_at=None).update(cancelled_at=now)
        ending = ImportItem.objects.filter(job=job, state__in=not_begun)
        ended = dict(ending.values_list("pk", "archive"))
        ending.update(state=State.SKIPPED, reason=Reason.CANCELLED, finished_at=now, lease_until=None)
        tell_import(job.pk)
    for some in batches(list(ended), _AT_ONCE):
        # Somebody may have wanted them after all meanwhile.
        still = ImportItem.objects.filter(pk__in=some, state=State.SKIPPED).values_list("pk", flat=True)
        for item_id in still:
            remove_unless_pinned(incoming_path(settings.DATA_DIR, item_id))
    for archive_id in {archive for archive in ended.values() if archive is not None}:
        release_archive(archive_id)
    finish_if_complete(job.pk)
    return len(ended)
