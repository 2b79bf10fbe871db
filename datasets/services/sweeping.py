"""Remove what deaths leave behind: part files nobody needs, files that were never renamed into place."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from datasets.files import TEMPORARY_PREFIX
from datasets.models import ImportItem, ImportJob
from datasets.services.held_texts import decide_about_sidecars
from datasets.services.part_files import items_in_need
from datasets.services.pinning import remove_unless_pinned
from datasets.services.uploads import finish_if_complete, give_up_missing_files, sealed_and_open_imports

logger = logging.getLogger(__name__)

# A temporary file lives for the moment of one write; a day leaves the slowest disk its time.
_TEMPORARY_FOR = timedelta(days=1)
# People come back to a broken upload the same day.
_WAITING_FOR = timedelta(days=1)
_AT_ONCE = 500


def finish_complete_imports() -> int:
    """Finish the imports whose last worker died between a file's end and this; returns how many."""
    return sum(finish_if_complete(job.pk) for job in sealed_and_open_imports())


def give_up_abandoned_imports() -> int:
    """End the imports that have waited for bytes for a day; returns how many."""
    before = timezone.now() - _WAITING_FOR
    waiting = ImportItem.objects.filter(state=ImportItem.State.WAITING)
    open_jobs = ImportJob.objects.filter(finished_at=None, created_at__lt=before)
    quiet = open_jobs.annotate(last=Max("items__received_at")).filter(Q(last=None) | Q(last__lt=before))
    abandoned = list(quiet.filter(Q(pk__in=waiting.values("job")) | Q(sealed_at=None)))
    for job in abandoned:
        give_up_missing_files(job)
    for job in quiet.filter(pk__in=ImportItem.objects.filter(state=ImportItem.State.HELD).values("job")):
        # Nobody said what the texts may do: read with care is better than lost. The sweep of what waits finds them.
        decide_about_sidecars(job, policy=ImportJob.SidecarPolicy.ONLY_UNTAGGED, reading=ImportJob.SidecarReading.GUESS)
    return len(abandoned)


def remove_leftovers() -> int:
    """Remove part files that nothing reads any more, and temporary files of yesterday; returns how many.

    An archive's is read as long as files inside it wait; that of a file that may be tried again, for a day. A worker
    that dies between its commit and removing the part file leaves one; so does a sender that was late.
    """
    root: Path = settings.DATA_DIR
    removed = sum(_remove_parts_without_work(parts) for parts in _batches(root / "incoming"))
    before = timezone.now() - _TEMPORARY_FOR
    for folder in ("incoming", "blobs"):
        for path in (root / folder).rglob(f"{TEMPORARY_PREFIX}*"):
            removed += _is_older(path, before) and _remove(path)
    if removed:
        logger.info("Removed %d files that earlier deaths left behind.", removed)
    return removed


def _batches(folder: Path) -> Iterator[dict[int, Path]]:
    batch: dict[int, Path] = {}
    for path in folder.rglob("*.part"):
        if path.stem.isdigit():
            batch[int(path.stem)] = path
        if len(batch) == _AT_ONCE:
            yield batch
            batch = {}
    yield batch


def _remove_parts_without_work(parts: dict[int, Path]) -> int:
    needed = items_in_need(parts)
    return sum(_remove(path) for item_id, path in parts.items() if item_id not in needed)


def _is_older(path: Path, moment: datetime) -> bool:
    try:
        return path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False


def _remove(path: Path) -> bool:
    return remove_unless_pinned(path)
