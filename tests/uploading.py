"""Send files the way the pages do, without a page: announce, bytes, worker."""

from __future__ import annotations

from pathlib import Path

from datasets.models import Dataset, ImportItem, ImportJob
from datasets.paths import incoming_path
from datasets.services import processing, uploads
from datasets.services.uploads import AnnouncedFile


def start(dataset: Dataset) -> ImportJob:
    """An import without files."""
    return uploads.start_import(dataset, source=ImportJob.Source.UPLOAD, by=None)


def announce(job: ImportJob, name: str, size: int, folder: str = "") -> ImportItem:
    """Announce one file."""
    return uploads.announce_files(job, [AnnouncedFile(name, folder, size)])[0]


def send(job: ImportJob, name: str, content: bytes, folder: str = "") -> ImportItem:
    """Announce a file and send all its bytes."""
    item = announce(job, name, len(content), folder)
    if item.state == ImportItem.State.WAITING:
        uploads.write_chunk(item, offset=0, content=content)
        item.refresh_from_db()
    return item


def send_file(job: ImportJob, path: Path) -> ImportItem:
    """Announce a file of this machine and send its bytes chunk by chunk."""
    item = announce(job, path.name, path.stat().st_size)
    with path.open("rb") as file:
        while item.state == ImportItem.State.WAITING and (chunk := file.read(uploads.CHUNK_BYTES)):
            uploads.write_chunk(item, offset=file.tell() - len(chunk), content=chunk)
            item.refresh_from_db()
    return item


def bring(job: ImportJob, name: str, content: bytes, folder: str = "") -> ImportItem:
    """Send a file and let a worker read it; returns the item as it ended."""
    item = send(job, name, content, folder)
    processing.process_item(item.pk)
    item.refresh_from_db()
    return item


def finish(job: ImportJob) -> ImportJob:
    """Seal an import and read it again."""
    uploads.seal_import(job)
    job.refresh_from_db()
    return job


def part_file(data_dir: Path, item: ImportItem) -> Path:
    """Where an item's bytes gather."""
    return incoming_path(data_dir, item.pk)


def stored_files(data_dir: Path) -> list[Path]:
    """Every file below the data folder, relative to it."""
    return sorted(path.relative_to(data_dir) for path in data_dir.rglob("*") if path.is_file())
