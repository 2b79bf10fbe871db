"""Take in an upload: announce its files, then their bytes, chunk by chunk."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets import names
from datasets.files import leave_room, make_folder
from datasets.models import Dataset, ImportItem, ImportItemQuerySet, ImportJob
from datasets.paths import incoming_path
from datasets.reasons import Reason
from datasets.services.datasets import touch_dataset
from datasets.services.lists import note_rows_without_images, send_lists_to_older_images
from datasets.services.sidecars import refuse_lonely_sidecars
from datasets.services.telling import tell_import
from datasets.signals import import_finished
from tagger_project.full_disk import is_disk_full

CHUNK_BYTES = 4 * 1024 * 1024
MOST_FILES_A_CALL = 1000
MOST_SIDECAR_BYTES = 64_000
# Read, a list takes several times its size of a worker's memory.
MOST_METADATA_BYTES = 32_000_000
# What the column holds; a browser may announce any number.
_LARGEST_NUMBER = 2**63 - 1


class UploadError(Exception):
    """What was sent cannot be taken; the text is a sentence."""


class TooManyFiles(UploadError):
    """More files in one announcement than are taken at once."""


class RepeatedKey(UploadError):
    """Two files of one announcement carry the same key."""


class ImportCancelled(UploadError):
    """The import was ended by a person; what comes now belongs to another one."""


class NotWaiting(UploadError):
    """The file has all its bytes, or was refused."""


class ChunkTooLarge(UploadError):
    """A chunk is larger than `CHUNK_BYTES`, or larger than what the file still lacks."""


class DiskFull(UploadError):
    """The disk has no room for the chunk."""


class WrongOffset(UploadError):
    """The chunk does not start where the stored bytes end; `received` says where that is."""

    def __init__(self, received: int) -> None:
        super().__init__(_("Send the bytes from %(received)d on.") % {"received": received})
        self.received = received


@dataclass(frozen=True)
class AnnouncedFile:
    """A file that a person chose.

    Attributes:
        name: its bare name.
        folder: the folder it came in, or empty.
        size: in bytes.
        key: made where it was chosen, unique in its import; empty where nobody asks twice.
    """

    name: str
    folder: str
    size: int
    key: str = ""


@dataclass(frozen=True)
class TextRules:
    """What the texts of an import may do.

    Attributes:
        policy: to pictures that have words already.
        reading: how they are read.
        asks: they wait until the person says so (`datasets.services.held_texts`).
    """

    policy: ImportJob.SidecarPolicy = ImportJob.SidecarPolicy.ONLY_UNTAGGED
    reading: ImportJob.SidecarReading = ImportJob.SidecarReading.GUESS
    asks: bool = False


def start_import(
    dataset: Dataset, *, source: ImportJob.Source, by: User | None, texts: TextRules | None = None
) -> ImportJob:
    """Make an import without files."""
    texts = texts or TextRules()
    with transaction.atomic():
        job = ImportJob.objects.create(
            dataset=dataset,
            source=source,
            started_by=by,
            sidecar_policy=texts.policy,
            sidecar_reading=texts.reading,
            asks_about_sidecars=texts.asks,
        )
        touch_dataset(dataset.pk)
    return job


def announce_files(job: ImportJob, files: list[AnnouncedFile]) -> list[ImportItem]:
    """Add files to an import, in the person's order; a file that breaks a limit is refused here and now.

    A file that was announced before under the same key is not added again: an answer may be lost on its way.

    Returns:
        The items, in the order of the files.

    Raises:
        TooManyFiles: more than `MOST_FILES_A_CALL` at once.
        RepeatedKey: two of them carry one key.
        ImportCancelled: the import was cancelled.
    """
    if len(files) > MOST_FILES_A_CALL:
        raise TooManyFiles(_("Announce at most %(limit)d files at once.") % {"limit": MOST_FILES_A_CALL})
    keys = [file.key for file in files if file.key]
    if len(keys) != len(set(keys)):
        raise RepeatedKey(_("Two files of one announcement carry the same key. Give each its own."))
    with transaction.atomic():
        touch_dataset(job.dataset_id)
        if ImportJob.objects.filter(pk=job.pk, cancelled_at__isnull=False).exists():
            raise ImportCancelled(_("This import was cancelled. Start another one for these files."))
        known = {item.client_key: item for item in ImportItem.objects.filter(job=job, client_key__in=keys)}
        new = [file for file in files if file.key not in known]
        first = take_positions(job.dataset_id, len(new))
        made = [_announced(job, file, first + offset) for offset, file in enumerate(new)]
        ImportItem.objects.bulk_create(made)
        if made:
            ImportJob.objects.filter(pk=job.pk).update(sealed_at=None, finished_at=None)
        tell_import(job.pk)
    remaining = iter(made)
    return [known.get(file.key) or next(remaining) for file in files]


def take_positions(dataset_id: int, count: int) -> int:
    """Take the next places of a dataset's order and return the first; inside a transaction that holds its row."""
    Dataset.objects.filter(pk=dataset_id).update(next_position=F("next_position") + count)
    after = Dataset.objects.values_list("next_position", flat=True).get(pk=dataset_id)
    return after - count


def _announced(job: ImportJob, file: AnnouncedFile, position: int) -> ImportItem:
    name, folder = names.bare_name(file.name), names.clean_folder(file.folder)
    kind = kind_of(name)
    item = ImportItem(
        job=job,
        kind=kind,
        name=name,
        folder=folder,
        stem_key=names.stem_key(folder, name),
        client_key=file.key or None,
        byte_size=min(max(file.size, 0), _LARGEST_NUMBER),
        position=position,
    )
    limit, reason = size_limit(kind)
    if file.size <= 0:
        _refuse_at_the_door(item, Reason.EMPTY)
    elif file.size > limit:
        _refuse_at_the_door(item, reason, str(limit))
    return item


def kind_of(name: str) -> ImportItem.Kind:
    """Return what a file's name announces; whatever announces nothing else is for the decoder to judge."""
    if names.is_sidecar_name(name):
        return ImportItem.Kind.SIDECAR
    if names.is_metadata_name(name):
        return ImportItem.Kind.METADATA
    return ImportItem.Kind.ARCHIVE if names.is_archive_name(name) else ImportItem.Kind.IMAGE


def size_limit(kind: ImportItem.Kind) -> tuple[int, Reason]:
    """Return the most bytes that a file of a kind may have, and the reason for refusing more."""
    match kind:
        case ImportItem.Kind.SIDECAR:
            return MOST_SIDECAR_BYTES, Reason.TEXT_TOO_LONG
        case ImportItem.Kind.METADATA:
            return MOST_METADATA_BYTES, Reason.LIST_TOO_LARGE
        case ImportItem.Kind.ARCHIVE:
            return settings.MAX_ARCHIVE_BYTES, Reason.ARCHIVE_TOO_LARGE
    return settings.MAX_FILE_BYTES, Reason.FILE_TOO_LARGE


def _refuse_at_the_door(item: ImportItem, reason: Reason, detail: str = "") -> None:
    item.state, item.reason, item.detail = ImportItem.State.FAILED, reason, detail
    item.finished_at = timezone.now()


def write_chunk(item: ImportItem, *, offset: int, content: bytes) -> int:
    """Store a chunk of a file's bytes; mark the item received when it was the last one.

    The part file's own length is the record of what is here, so a break in the line costs at most one chunk.

    Args:
        item: a waiting item.
        offset: where the chunk starts, in bytes.
        content: at most `CHUNK_BYTES`.

    Returns:
        How many bytes of the file are here now.

    Raises:
        NotWaiting, ChunkTooLarge, WrongOffset, DiskFull: as they say; nothing is stored then.
    """
    if item.state != ImportItem.State.WAITING:
        raise NotWaiting(_("“%(name)s” has arrived already.") % {"name": item.name})
    if len(content) > CHUNK_BYTES or offset + len(content) > item.byte_size:
        raise ChunkTooLarge(_("“%(name)s” is larger than announced. Import it again.") % {"name": item.name})
    path = incoming_path(settings.DATA_DIR, item.pk)
    try:
        received = _append(path, offset, content)
    except WrongOffset as error:
        # The last chunk was stored and its answer was lost, perhaps with the note that all is here.
        if error.received != item.byte_size:
            raise
        received = error.received
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise DiskFull(str(Reason.DISK_FULL.label)) from error
    if received == item.byte_size:
        mark_received([item.pk])
    return received


def received_bytes(item: ImportItem) -> int:
    """Return how many bytes of a file are here: a sender goes on from there."""
    if item.state != ImportItem.State.WAITING:
        return 0 if item.state == ImportItem.State.FAILED else item.byte_size
    try:
        return incoming_path(settings.DATA_DIR, item.pk).stat().st_size
    except FileNotFoundError:
        return 0


def _append(path: Path, offset: int, content: bytes) -> int:
    make_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # Two senders of one file (a retry beside a slow first try) take turns, and the second is told the offset.
        fcntl.flock(handle, fcntl.LOCK_EX)
        received = os.fstat(handle).st_size
        if received != offset:
            raise WrongOffset(received)
        try:
            leave_room(path.parent, len(content))
            written = 0
            while written < len(content):
                written += os.pwrite(handle, content[written:], offset + written)
        except OSError:
            os.ftruncate(handle, offset)
            raise
        return offset + len(content)
    finally:
        os.close(handle)


def mark_received(item_ids: Iterable[int]) -> int:
    """Note that items have all their bytes; returns how many were still waiting."""
    now = timezone.now()
    waiting = ImportItem.objects.filter(pk__in=list(item_ids), state=ImportItem.State.WAITING)
    held = _hold_texts(waiting, now)
    return held + waiting.update(state=ImportItem.State.RECEIVED, received_at=now)


def _hold_texts(waiting: ImportItemQuerySet, now: datetime) -> int:
    """Hold the texts of imports whose person has not said yet what they may do; returns how many."""
    texts = waiting.filter(kind__in=ImportItem.TEXTS, job__asks_about_sidecars=True)
    held = 0
    for job_id, dataset_id in set(texts.values_list("job_id", "job__dataset_id")):
        with transaction.atomic():
            # Under the dataset's row, as the answer is noted: a text is held before it and let go by it, or not held.
            touch_dataset(dataset_id)
            held += texts.filter(job=job_id).update(state=ImportItem.State.HELD, received_at=now)
            tell_import(job_id)
    return held


def refuse_waiting(item: ImportItem, reason: Reason) -> None:
    """Note that a file's bytes will not come."""
    with transaction.atomic():
        ImportItem.objects.filter(pk=item.pk, state=ImportItem.State.WAITING).update(
            state=ImportItem.State.FAILED, reason=reason, finished_at=timezone.now()
        )
        tell_import(item.job_id)


def seal_import(job: ImportJob) -> None:
    """Note that no more files will be announced, and finish the import if all have their end."""
    ImportJob.objects.filter(pk=job.pk, sealed_at=None).update(sealed_at=timezone.now())
    finish_if_complete(job.pk)


def finish_if_complete(job_id: int) -> bool:
    """Mark a sealed import finished when every file has its end; returns whether this call did it.

    Whoever ends the last file, or seals after it, commits that first and asks here then: one of them sees it all. The
    sweep asks for those who died in between.
    """
    unfinished = ImportItem.objects.filter(job=job_id).unfinished()
    if unfinished.exists() or not sealed_and_open_imports().filter(pk=job_id).exists():
        return False
    if send_lists_to_older_images(job_id):
        return False
    with transaction.atomic():
        # The dataset's row first, as everywhere: two orders of taking them would wait for each other for ever.
        dataset_id = ImportJob.objects.values_list("dataset", flat=True).get(pk=job_id)
        touch_dataset(dataset_id)
        complete = ImportJob.objects.filter(pk=job_id, sealed_at__isnull=False, finished_at=None)
        finished = complete.filter(~Exists(unfinished)).update(finished_at=timezone.now())
        if finished:
            refuse_lonely_sidecars(job_id)
            note_rows_without_images(job_id)
            tell_import(job_id)
            transaction.on_commit(partial(import_finished.send, ImportJob, dataset_id=dataset_id))
    return bool(finished)


def sealed_and_open_imports() -> QuerySet[ImportJob]:
    """The imports that only wait for their last file's end."""
    return ImportJob.objects.filter(sealed_at__isnull=False, finished_at=None)


def give_up_missing_files(job: ImportJob) -> int:
    """End an import without the files whose bytes never came; returns how many these are.

    What has arrived is kept and read to its end.
    """
    with transaction.atomic():
        touch_dataset(job.dataset_id)
        given_up = ImportItem.objects.filter(job=job, state=ImportItem.State.WAITING).update(
            state=ImportItem.State.FAILED, reason=Reason.INCOMPLETE, finished_at=timezone.now()
        )
        tell_import(job.pk)
    seal_import(job)
    return given_up
