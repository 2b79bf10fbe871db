"""The files of exports: where they lie, how long they are kept, and what removes them."""

from __future__ import annotations

import logging
import shutil
import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from datasets.files import moment_of_disk
from tagging.models import ExportArchive, ExportJob

logger = logging.getLogger(__name__)

# A folder without a row is one of a dataset that was deleted; its worker may still be at it.
_GRACE = timedelta(hours=1)


def folder_of(job: ExportJob) -> Path:
    """Where the files of an export lie; named by its key, never by what a person gave."""
    return _root() / str(job.key)


def path_of(archive: ExportArchive) -> Path:
    """Where an archive lies."""
    return folder_of(archive.job) / archive.file_name


def remove_files(job: ExportJob) -> None:
    """Remove what there is of an export. A download that is going on has its file open, and keeps it."""
    shutil.rmtree(folder_of(job), ignore_errors=True)


def delete_export(job: ExportJob) -> None:
    """Delete an export with its files; a worker that is at it notices and stops."""
    if job.state in ExportJob.ENDED:
        remove_files(job)  # first: on a full disk the database wants this room
    ExportJob.objects.filter(pk=job.pk).delete()
    remove_files(job)


def sweep_exports() -> int:
    """Remove the files of exports whose days are over, and those that nobody owns; returns how many exports that were.

    What an export was made from, and by which options, stays.
    """
    expired = list(ExportJob.objects.all().offered().filter(expires_at__lt=Now()).defer("positions"))
    for job in expired:
        remove_files(job)  # first: on a full disk the database wants this room
        ExportJob.objects.filter(pk=job.pk).update(files_removed_at=timezone.now())
    return len(expired) + _remove_orphans()


def _remove_orphans() -> int:
    before = moment_of_disk(settings.DATA_DIR / "incoming") - _GRACE.total_seconds()
    folders = {key: folder for folder in _folders() if (key := _key_of(folder)) is not None}
    rows = ExportJob.objects.filter(key__in=list(folders), files_removed_at=None)
    without_files = [ExportJob.State.FAILED, ExportJob.State.CANCELLED]
    owned = set(rows.exclude(state__in=without_files).values_list("key", flat=True))
    removed = 0
    for key, folder in folders.items():
        if key not in owned and _newest_change(folder) < before:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    if removed:
        logger.info("Removed the files of %d exports that nothing needs.", removed)
    return removed


def _folders() -> list[Path]:
    root = _root()
    return [folder for folder in root.iterdir() if folder.is_dir()] if root.is_dir() else []


def _newest_change(folder: Path) -> float:
    newest = 0.0
    for path in (folder, *folder.glob("*")):
        try:
            newest = max(newest, path.stat().st_mtime)
        except FileNotFoundError:
            continue
    return newest


def _key_of(folder: Path) -> uuid.UUID | None:
    try:
        return uuid.UUID(folder.name)
    except ValueError:
        return None


def _root() -> Path:
    return Path(settings.DATA_DIR) / "exports"
