"""Turn received files into ready images, each exactly once, whatever dies on the way.

1. Claim the item by one conditional UPDATE; only who changed the row goes on (`claims`).
2. Outside any transaction: bring the bytes here, hash them, look for the same picture.
3. Decode, measure and shrink in a process apart, which a picture may end (`decoding`). Meanwhile this process stores
   the picture before and prepares the one after: the disk and the database are waited for while a core decodes.
4. Store the files, in the bucket too where there is one; then in one short transaction: the image's row, the item's
   end, the signal to the right.
5. After the commit: remove the part file, tell the pages.

Dying between any two steps leaves a claim whose lease runs out, a part file, and perhaps blobs under their checksum:
the next worker does the same again and finds the same names.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction

from datasets import files, imaging, paths, remote
from datasets.archives import ArchiveError
from datasets.decoder import DecoderDied
from datasets.encodings import NotText
from datasets.models import Image, ImportItem, ImportJob
from datasets.reasons import Reason
from datasets.services.archives import fetch_entry, process_archive, release_archive
from datasets.services.blobs import BlobGone, assert_stored, lock_blob
from datasets.services.claims import LostClaim, claim, end, give_back, hand_on, release, renew
from datasets.services.datasets import touch_dataset
from datasets.services.decoding import get_decoder
from datasets.services.lists import process_metadata
from datasets.services.sidecars import give_text_to_duplicate, process_sidecar, tell_new, texts_for
from datasets.services.trash import ImageGone, bring_back
from tagger_project.bucket import BucketAway
from tagger_project.full_disk import is_disk_full
from tagger_project.live import gathered

logger = logging.getLogger(__name__)

MOST_DEATHS = 3
# A worker may be killed for reasons of its own many times; a file that is there every time is not tried for ever.
MOST_ATTEMPTS = 10
_MOST_STORES = 3
_ITEMS_A_TURN = 8
# Far less than the lease: no picture has to be claimed twice because the one before it was slow.
_SECONDS_BEFORE_RENEWAL = 5.0
_ROOM_FOR_NOTES = 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True)
class _Prepared:
    """A claimed picture whose bytes are here, whole and new to its dataset."""

    item: ImportItem
    part: Path
    sha256: str
    since: float = field(default_factory=time.monotonic)


def process_item(item_id: int) -> str:
    """Take one received file to its end; safe to call twice and from two workers at once.

    Returns:
        The item's state afterwards, or an empty string where another worker has it or it has its end already.
    """
    line = _Line()
    line.run([item_id])
    return line.ends.get(item_id, "")


def process_items(item_ids: Iterable[int], *, most_seconds: float = float("inf")) -> None:
    """Take received files to their end, one after the other, as long as there is time.

    Args:
        item_ids: any of them may have its end already, or be another worker's.
        most_seconds: no file is begun later than this.
    """
    with gathered():
        _Line().run(item_ids, most_seconds=most_seconds)


def process_waiting(*, most_seconds: float) -> None:
    """Take files that wait to their end, whichever import they belong to, as long as there is time.

    Raises:
        OSError: the disk is so full that nothing could be noted of them, or the bucket is away; they wait as they are,
            and no try is counted.
    """
    remote.check_bucket()
    files.leave_room(settings.DATA_DIR, 0, reserve=_ROOM_FOR_NOTES)
    process_items(_waiting_items(), most_seconds=most_seconds)


def count_waiting(*, most: int) -> int:
    """Return how many files wait for a worker, or `most` if they are more."""
    received = ImportItem.objects.filter(state=ImportItem.State.RECEIVED)[:most].count()
    return received or ImportItem.objects.abandoned()[:most].count()


def _waiting_items() -> Iterator[int]:
    """Yield the numbers of waiting files until there are none: a few of each import in turn.

    So nobody's handful of pictures waits for somebody else's ten thousand.
    """
    while True:
        abandoned = ImportItem.objects.abandoned().order_by("lease_until")
        found = list(abandoned.values_list("pk", flat=True)[:_ITEMS_A_TURN])
        yield from found
        for job_id in ImportJob.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True):
            received = ImportItem.objects.filter(job=job_id, state=ImportItem.State.RECEIVED)
            turn = list(received.order_by("pk").values_list("pk", flat=True)[:_ITEMS_A_TURN])
            yield from turn
            found += turn
        if not found:
            return


class _Line:
    """The files that one worker has in its hands: one is decoded apart while others are prepared and stored."""

    def __init__(self) -> None:
        self.ends: dict[int, str] = {}
        self.decoder = get_decoder()
        self.decoding: _Prepared | None = None
        # Pictures that ended the decoder and are to be tried again.
        self.again: list[int] = []

    def run(self, item_ids: Iterable[int], *, most_seconds: float = float("inf")) -> None:
        """Take files to their end; those that are not begun in time stay as they are."""
        until = time.monotonic() + most_seconds
        waiting = iter(item_ids)
        try:
            while True:
                in_time = time.monotonic() < until
                item_id = self._next(waiting) if in_time else None
                prepared = self._prepare(item_id) if item_id is not None else None
                if item_id is not None and prepared is None:
                    continue
                if prepared is None and self.decoding is None:
                    return
                self._exchange(prepared)
        except BaseException as error:
            # What it still decodes is asked for by nobody: the next picture must not get its answer.
            self.decoder.close()
            if isinstance(error, BucketAway) and self.decoding is not None:
                _leave_for_later(self.decoding.item)
            raise

    def _next(self, waiting: Iterator[int]) -> int | None:
        return self.again.pop() if self.again else next(waiting, None)

    def _prepare(self, item_id: int) -> _Prepared | None:
        item = claim(item_id)
        if item is None:
            return None
        opened = self._for(item, lambda: _open(item))
        if isinstance(opened, str):
            self._note_end(item, opened)
            return None
        return opened

    def _exchange(self, prepared: _Prepared | None) -> None:
        """Take the picture out of the decoder, hand it the next, and store the one taken out while that is decoded."""
        done, self.decoding = self.decoding, prepared
        measured: imaging.Measured | None = None
        if done is not None:
            try:
                measured = self._for(done.item, self.decoder.result)
            except DecoderDied:
                logger.warning("The decoder ended while it read import item %s.", done.item.pk, exc_info=True)
                self._count_death(done.item)
        if prepared is not None and self._hold(prepared):
            self.decoder.start(prepared.part)
        if done is not None and measured is not None:
            self._end(done.item, lambda: _store_and_finish(done, measured))

    def _hold(self, prepared: _Prepared) -> bool:
        """Renew the claim of a picture that waited for a slow one before it; returns whether it is still held."""
        if time.monotonic() - prepared.since < _SECONDS_BEFORE_RENEWAL:
            return True
        if self._for(prepared.item, lambda: _renewed(prepared.item)):
            return True
        self.decoding = None
        return False

    def _count_death(self, item: ImportItem) -> None:
        if item.deaths + 1 >= MOST_DEATHS:
            self._end(item, lambda: _fail(item, Reason.CRASHED))
        elif give_back(item):
            self.again.append(item.pk)

    def _end(self, item: ImportItem, step: Callable[[], str]) -> None:
        state = self._for(item, step)
        if state is not None:
            self._note_end(item, state)

    def _note_end(self, item: ImportItem, state: str) -> None:
        self.ends[item.pk] = state
        if item.archive_id is not None:
            release_archive(item.archive_id)

    def _for(self, item: ImportItem, step: Callable[[], T]) -> T | None:
        """Do one step for a claimed item; what goes wrong is its end, and the answer is `None` then."""
        try:
            try:
                return step()
            except BucketAway:
                # Nothing is wrong with the file: it waits until the bucket is back, and no try is counted.
                _leave_for_later(item)
                raise
            except Exception as error:
                reason, detail = _reason_for(item, error)
                self._note_end(item, _fail(item, reason, detail))
        except LostClaim:
            logger.warning("Import item %s was taken over by another worker.", item.pk)
        return None


def _open(item: ImportItem) -> _Prepared | str:
    """Do what needs no decoder; returns the item's state where that was all."""
    if item.attempts - item.deaths > MOST_ATTEMPTS:
        return _fail(item, Reason.WORKERS_DIED)
    # A list whose rows are stored is taken again for them alone, when its zip may be gone.
    is_read = item.kind == ImportItem.Kind.METADATA and bool(item.detail)
    if item.archive_id is not None and not is_read:
        fetch_entry(item)
    match item.kind:
        case ImportItem.Kind.ARCHIVE:
            return process_archive(item)
        case ImportItem.Kind.SIDECAR:
            return process_sidecar(item)
        case ImportItem.Kind.METADATA:
            return process_metadata(item)
    return _open_image(item)


def _open_image(item: ImportItem) -> _Prepared | str:
    part = paths.incoming_path(settings.DATA_DIR, item.pk)
    if part.stat().st_size != item.byte_size:
        return _fail(item, Reason.INCOMPLETE)
    sha256 = files.sha256_of(part)
    if item.sha256 and item.sha256 != sha256:
        return _fail(item, Reason.CHECKSUM)
    same = _same_picture(item, sha256)
    if same is not None:
        with suppress(ImageGone):
            return _finish_duplicate(item, same)
    return _Prepared(item, part, sha256)


def _leave_for_later(item: ImportItem) -> None:
    with suppress(LostClaim):
        hand_on(item)


def _renewed(item: ImportItem) -> bool:
    renew(item)
    return True


def _reason_for(item: ImportItem, error: Exception) -> tuple[Reason, str]:
    """Return why a file is refused after an error; raises the error where the file is not to blame."""
    match error:
        case NotText():
            return Reason.NOT_TEXT, ""
        case imaging.ImageRefused() | ArchiveError():
            return Reason(error.code), error.detail
        case FileNotFoundError():
            logger.warning("The bytes of import item %s are gone.", item.pk, exc_info=error)
            return Reason.INCOMPLETE, ""
        case IntegrityError():
            logger.error("Import item %s does not fit into the database.", item.pk, exc_info=error)
            return Reason.NOT_STORED, ""
        case OSError() | OperationalError() if is_disk_full(error):
            logger.error("The disk is full: import item %s was not stored.", item.pk)
            return Reason.DISK_FULL, ""
        case OSError():
            logger.error("Import item %s could not be stored.", item.pk, exc_info=error)
            return Reason.NOT_STORED, ""
    raise error


def _same_picture(item: ImportItem, sha256: str) -> Image | None:
    return Image.everything.filter(dataset=item.job.dataset_id, sha256=sha256).first()


def _store_and_finish(prepared: _Prepared, measured: imaging.Measured) -> str:
    for attempt in range(_MOST_STORES):
        try:
            _store(prepared, measured)
            return _finish_image(prepared, measured)
        except IntegrityError:
            # The same picture under another name was quicker by a moment: the database's rule decides.
            same = _same_picture(prepared.item, prepared.sha256)
            if same is None:
                raise
            return _finish_duplicate(prepared.item, same)
        except (BlobGone, ImageGone):
            # Nobody needed these files until now, and they were freed at this very moment.
            if attempt + 1 == _MOST_STORES:
                raise
    raise AssertionError("not reached")


def _store(prepared: _Prepared, measured: imaging.Measured) -> None:
    root, sha256 = settings.DATA_DIR, prepared.sha256
    thumbnail, preview = paths.thumbnail_path(root, sha256), paths.preview_path(root, sha256)
    original = paths.original_path(root, sha256, measured.format)
    files.write_whole(thumbnail, measured.thumbnail)
    files.write_whole(preview, measured.preview)
    files.keep_whole(prepared.part, original)
    # The original first: by it a sweep finds in the bucket what nothing came to need.
    try:
        remote.keep(original, thumbnail, preview)
    except FileNotFoundError as error:
        raise BlobGone(sha256) from error


@transaction.atomic
def _finish_image(prepared: _Prepared, measured: imaging.Measured) -> str:
    item = prepared.item
    dataset_id = item.job.dataset_id
    # First of all: it holds the dataset's row, so that a sidecar which ends at the same moment sees this image or is
    # seen by it.
    touch_dataset(dataset_id)
    lock_blob(prepared.sha256)
    assert_stored(prepared.sha256, measured.format)
    texts = texts_for(item)
    image = Image.objects.create(
        dataset_id=dataset_id,
        position=item.position,
        sha256=prepared.sha256,
        original_name=item.name,
        relative_path=item.folder,
        stem_key=item.stem_key,
        format=measured.format,
        width=measured.width,
        height=measured.height,
        byte_size=item.byte_size,
        orientation=measured.orientation,
        is_plain=measured.is_plain,
        colour=measured.colour,
        dhash=measured.dhash,
        sharpness=measured.sharpness,
        sidecar_text=texts.raw,
    )
    state = end(item, ImportItem.State.READY, image=image)
    tell_new(item, image, texts)
    return state


@transaction.atomic
def _finish_duplicate(item: ImportItem, image: Image) -> str:
    touch_dataset(item.job.dataset_id)
    reason = Reason.RESTORED if bring_back(image) else ""
    give_text_to_duplicate(item, image)
    return end(item, ImportItem.State.DUPLICATE, image=image, reason=reason)


# What failed for want of room or by the server's own fault: the bytes are good and wait for another try.
_WORTH_KEEPING = {Reason.DISK_FULL, Reason.NOT_STORED}


@transaction.atomic
def _fail(item: ImportItem, reason: Reason, detail: str = "") -> str:
    state = ImportItem.State.FAILED
    return end(item, state, reason=reason, detail=detail, keep_bytes=reason in _WORTH_KEEPING)


def release_claims_of_the_dead() -> None:
    """Take every claim away. For the start, when no worker runs: whatever is being read then is nobody's."""
    release(ImportItem.objects.all())
