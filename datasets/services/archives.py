"""Zips: list one into the files it holds, hand out the bytes of each, and let it go when nobody needs it any more.

A file inside an archive is an `ImportItem` of its own, with `archive` and `entry` saying where its bytes lie. Nothing
is ever written under a name that stands in an archive.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import fields, replace

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from datasets import files, names
from datasets.archives import Entry, Limits, Listing, Place, list_entries, read_entry
from datasets.models import ImportItem, ImportJob
from datasets.paths import incoming_path
from datasets.reasons import Reason
from datasets.services.claims import end, hand_on, renew
from datasets.services.datasets import touch_dataset
from datasets.services.part_files import may_be_read
from datasets.services.pinning import remove_unless_pinned
from datasets.services.telling import tell_import
from datasets.services.uploads import kind_of, size_limit, take_positions

_AT_ONCE = 1000
# The rest is left to the next worker before the time limit of a task ends this one.
_MOST_SECONDS = 20.0
_BLOCK_BYTES = 8 * 1024 * 1024
_SECONDS_A_RENEWAL = 5.0

# Its size is a column of the item.
_STORED_OF_A_PLACE = [field.name for field in fields(Place) if field.name != "size"]

_FOR_TRAINERS = frozenset(("tags.txt", "meta_cap.json", "images.jsonl", "concepts.json", "multidatabackend.json"))

State = ImportItem.State
Kind = ImportItem.Kind


def process_archive(item: ImportItem) -> str:
    """Take a claimed archive to its end: its files become items of the same import; returns the archive's state.

    Safe to call again after a death in the middle: what was added is not added twice. An archive of very many files is
    handed on, `RECEIVED`, and wants to be taken again.

    Raises:
        datasets.archives.ArchiveRefused: nothing of it can be read; `code` and `detail` say why.
        datasets.services.claims.LostClaim: another worker has the archive.
        OSError: its bytes cannot be read.
    """
    path = incoming_path(settings.DATA_DIR, item.pk)
    if path.stat().st_size != item.byte_size:
        return _end(item, State.FAILED, Reason.INCOMPLETE)
    if item.sha256 and not _arrived_as_sent(item):
        return _end(item, State.FAILED, Reason.CHECKSUM)
    listing = list_entries(path, _limits())
    # What an export says of all its pictures comes before them and before the texts that say less. Stable: each turn
    # must find the same order.
    listing.entries.sort(key=lambda entry: not names.is_manifest_name(entry.name))
    if _is_own_export(listing.entries):
        listing = Listing([_without_needless(entry) for entry in listing.entries])
    # Each step adds its files whole or not at all, in one order: as many as are there are the first ones.
    first = ImportItem.objects.filter(archive=item).count()
    if first:
        _take_back_cancelled(item)
    until = time.monotonic() + _MOST_SECONDS
    for start in range(first, len(listing.entries), _AT_ONCE):
        # Never before the first step: each turn brings it forward.
        if start > first and time.monotonic() > until:
            return hand_on(item)
        if not _add(item, listing.entries[start : start + _AT_ONCE], start):
            return _end(item, State.SKIPPED, Reason.CANCELLED)
    return _end(item, State.FAILED if listing.refusal else State.READY, listing.refusal)


def _is_own_export(entries: list[Entry]) -> bool:
    """Whether a zip has a manifest and no pictures beside it, as the exports of this program have."""
    top = [entry.name for entry in entries if not entry.folder and not entry.is_left_out]
    return any(map(names.is_manifest_name, top)) and all(kind_of(name) != Kind.IMAGE for name in top)


def _without_needless(entry: Entry) -> Entry:
    """Leave out what an export has for trainers alone; of its pictures the manifest says more."""
    if entry.folder or entry.name not in _FOR_TRAINERS:
        return entry
    return replace(entry, problem="NOT_NEEDED", is_left_out=True)


def _arrived_as_sent(item: ImportItem) -> bool:
    """Compare a zip with what its sender said of it, once, and where that takes seconds and not minutes.

    What is inside has checksums of its own in any case, which are compared when it is read.
    """
    if ImportItem.objects.filter(archive=item).exists():
        return True
    digest = hashlib.sha256()
    renewed_at = time.monotonic()
    until = renewed_at + _MOST_SECONDS
    with incoming_path(settings.DATA_DIR, item.pk).open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            if time.monotonic() > until:
                return True
            if time.monotonic() - renewed_at > _SECONDS_A_RENEWAL:
                renew(item)
                renewed_at = time.monotonic()
    return digest.hexdigest() == item.sha256


def _limits() -> Limits:
    return Limits(
        most_entries=settings.MAX_ARCHIVE_ENTRIES,
        largest_entry=settings.MAX_FILE_BYTES,
        largest_total=settings.MAX_ARCHIVE_UNPACKED_BYTES,
    )


def _add(item: ImportItem, entries: list[Entry], first: int) -> bool:
    """Make items of some entries; returns whether the import still wants them."""
    with transaction.atomic():
        touch_dataset(item.job.dataset_id)
        renew(item)
        job = ImportJob.objects.get(pk=item.job_id)
        if job.cancelled_at is not None:
            return False
        position = take_positions(job.dataset_id, len(entries))
        children = [
            _child(item, job, entry, index=first + number, position=position + number)
            for number, entry in enumerate(entries)
        ]
        _set_apart(item, children)
        ImportItem.objects.bulk_create(children, ignore_conflicts=True)
        tell_import(job.pk)
    return True


def _child(item: ImportItem, job: ImportJob, entry: Entry, *, index: int, position: int) -> ImportItem:
    kind, place = kind_of(entry.name), entry.place
    child = ImportItem(
        # By number: there may be 100,000 of them, and looking at whole objects takes as long as all the rest.
        job_id=job.pk,
        archive_id=item.pk,
        kind=Kind.IMAGE if kind == Kind.ARCHIVE else kind,
        client_key=f"{item.pk}:{index}",
        name=entry.name,
        folder=entry.folder,
        stem_key=names.stem_key(entry.folder, entry.name),
        byte_size=min(place.size, 2**63 - 1),
        entry={name: getattr(place, name) for name in _STORED_OF_A_PLACE},
        position=position,
    )
    limit, too_large = size_limit(kind)
    if entry.problem:
        _refuse(child, Reason(entry.problem), entry.detail, left_out=entry.is_left_out)
    elif place.size > limit:
        _refuse(child, too_large, str(limit))
    else:
        is_held = job.asks_about_sidecars and kind != Kind.IMAGE
        child.state = State.HELD if is_held else State.RECEIVED
        child.received_at = timezone.now()
    return child


def _set_apart(item: ImportItem, children: list[ImportItem]) -> None:
    """Keep pictures, and the texts beside them, from being taken for those of the same name in another archive.

    A text whose picture is not in its own archive still finds it in another one.
    """
    pictures = ImportItem.objects.filter(job=item.job_id, kind=Kind.IMAGE)
    keys = [child.stem_key for child in children]
    taken = set(pictures.filter(stem_key__in=keys).exclude(archive=item).values_list("stem_key", flat=True))
    clashing = [child for child in children if child.stem_key in taken]
    own = [names.stem_key(child.folder, child.name, apart=item.pk) for child in clashing]
    pictured = set(pictures.filter(archive=item, stem_key__in=own).values_list("stem_key", flat=True))
    pictured |= {key for child, key in zip(clashing, own, strict=True) if child.kind == Kind.IMAGE}
    for child, key in zip(clashing, own, strict=True):
        if key in pictured:
            child.stem_key = key


def _refuse(child: ImportItem, reason: Reason, detail: str = "", *, left_out: bool = False) -> None:
    child.state = State.SKIPPED if left_out else State.FAILED
    child.reason, child.detail = reason, detail
    child.finished_at = timezone.now()


def _take_back_cancelled(item: ImportItem) -> None:
    """The archive was cancelled while it was listed, and is wanted after all: so are the files that it had by then."""
    with transaction.atomic():
        touch_dataset(item.job.dataset_id)
        renew(item)
        cancelled = ImportItem.objects.filter(archive=item).retryable()
        again = {"reason": "", "detail": "", "attempts": 0, "deaths": 0, "finished_at": None}
        again["received_at"] = timezone.now()
        if ImportJob.objects.filter(pk=item.job_id, asks_about_sidecars=True).exists():
            cancelled.exclude(kind=Kind.IMAGE).update(state=State.HELD, **again)
        cancelled.update(state=State.RECEIVED, **again)


@transaction.atomic
def _end(item: ImportItem, state: ImportItem.State, reason: str = "") -> str:
    touch_dataset(item.job.dataset_id)
    return end(item, state, reason=reason, keep_bytes=state == State.READY)


def fetch_entry(item: ImportItem) -> None:
    """Bring a claimed file's bytes out of its archive, to where an upload's bytes lie.

    What lies there from an earlier try is only used where the archive is gone: a power cut may have emptied it.

    Raises:
        datasets.archives.EntryRefused: they are damaged or not what the archive says of them; `code` and `detail` say
            why, as `datasets.imaging.ImageRefused` does.
        OSError: the archive cannot be read (`FileNotFoundError` where it is gone), or the disk refuses.
    """
    if item.archive_id is None or item.entry is None:
        return
    part = incoming_path(settings.DATA_DIR, item.pk)
    place = Place(size=item.byte_size, **item.entry)
    try:
        files.gather(part, read_entry(incoming_path(settings.DATA_DIR, item.archive_id), place))
    except FileNotFoundError:
        if not part.is_file():
            raise


def release_archive(archive_id: int) -> bool:
    """Remove an archive's bytes when no file of it may be read any more; returns whether this call did."""
    readable = ImportItem.objects.filter(may_be_read())
    # Workers take the files in their order: one that waits is found at the end of the list, without going through all.
    if readable.filter(archive=archive_id).order_by("-pk").values("pk").first() is not None:
        return False
    if readable.filter(pk=archive_id).exists():
        return False
    return remove_unless_pinned(incoming_path(settings.DATA_DIR, archive_id))
