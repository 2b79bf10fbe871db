"""Turn a received file into a ready image, exactly once, whatever dies on the way.

1. Claim the item by one conditional UPDATE; only who changed the row goes on.
2. Outside any transaction: hash, look for the same picture, decode, measure, shrink, store the files.
3. In one short transaction: the image's row, the item's end, the signal to the right.
4. After the commit: remove the part file, tell the pages.

Dying between any two steps leaves a claim whose lease runs out, a part file, and perhaps blobs under their checksum:
the next worker does the same again and finds the same names.
"""

from __future__ import annotations

import errno
import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from datasets import files, imaging, paths, signals
from datasets.models import Image, ImportItem
from datasets.reasons import Reason
from datasets.services.claims import LEASE, LostClaim, claim, end
from datasets.services.datasets import touch_dataset
from datasets.services.sidecars import NotText, give_text_to_duplicate, process_sidecar, sidecar_text_for
from datasets.services.uploads import finish_if_complete
from datasets.time_limit import OutOfTime, time_limit

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
MOST_SECONDS = 20.0


@dataclass(frozen=True)
class _Stored:
    """A picture whose files are all in place, and what is known of it."""

    sha256: str
    measured: imaging.Measured


def process_item(item_id: int) -> str:
    """Take one received file to its end; safe to call twice and from two workers at once.

    Returns:
        The item's state afterwards, or an empty string where another worker has it or it has its end already.
    """
    item = claim(item_id)
    if item is None:
        return ""
    try:
        return _take_to_its_end(item)
    except LostClaim:
        logger.warning("Import item %s was taken over by another worker.", item.pk)
        return ""


def _take_to_its_end(item: ImportItem) -> str:
    if item.attempts > MOST_ATTEMPTS:
        return _fail(item, Reason.CRASHED)
    try:
        with time_limit(MOST_SECONDS):
            if item.kind == ImportItem.Kind.SIDECAR:
                return process_sidecar(item)
            return _process_image(item)
    except OutOfTime:
        return _fail(item, Reason.TOO_SLOW)
    except NotText:
        return _fail(item, Reason.NOT_TEXT)
    except imaging.ImageRefused as refused:
        return _fail(item, Reason(refused.code), refused.detail)
    except FileNotFoundError:
        logger.warning("The bytes of import item %s are gone.", item.pk, exc_info=True)
        return _fail(item, Reason.INCOMPLETE)
    except IntegrityError:
        logger.exception("Import item %s does not fit into the database.", item.pk)
        return _fail(item, Reason.NOT_STORED)
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        logger.error("Import item %s could not be stored.", item.pk, exc_info=True)
        return _fail(item, Reason.DISK_FULL if full else Reason.NOT_STORED)


def _process_image(item: ImportItem) -> str:
    part = paths.incoming_path(settings.DATA_DIR, item.pk)
    if part.stat().st_size != item.byte_size:
        return _fail(item, Reason.INCOMPLETE)
    sha256 = files.sha256_of(part)
    same = Image.objects.filter(dataset=item.job.dataset_id, sha256=sha256).first()
    if same is not None:
        return _finish_duplicate(item, same)
    measured = imaging.measure(part, settings.MAX_IMAGE_PIXELS)
    stored = _store(part, sha256, measured)
    try:
        return _finish_image(item, stored)
    except IntegrityError:
        # The same picture under another name was quicker by a moment: the database's rule decides.
        same = Image.objects.filter(dataset=item.job.dataset_id, sha256=sha256).first()
        if same is None:
            raise
        return _finish_duplicate(item, same)


def _store(part: Path, sha256: str, measured: imaging.Measured) -> _Stored:
    root = settings.DATA_DIR
    files.write_whole(paths.thumbnail_path(root, sha256), measured.thumbnail)
    files.write_whole(paths.preview_path(root, sha256), measured.preview)
    files.keep_whole(part, paths.original_path(root, sha256, measured.format))
    return _Stored(sha256, measured)


@transaction.atomic
def _finish_image(item: ImportItem, stored: _Stored) -> str:
    dataset_id = item.job.dataset_id
    # First of all: it holds the dataset's row, so that a sidecar which ends at the same moment sees this image or is
    # seen by it.
    touch_dataset(dataset_id)
    measured = stored.measured
    image = Image.objects.create(
        dataset_id=dataset_id,
        position=item.position,
        sha256=stored.sha256,
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
        sidecar_text=sidecar_text_for(item),
    )
    state = end(item, ImportItem.State.READY, image=image)
    signals.image_ready.send(sender=Image, image=image)
    return state


@transaction.atomic
def _finish_duplicate(item: ImportItem, image: Image) -> str:
    touch_dataset(item.job.dataset_id)
    give_text_to_duplicate(item, image)
    return end(item, ImportItem.State.DUPLICATE, image=image)


@transaction.atomic
def _fail(item: ImportItem, reason: Reason, detail: str = "") -> str:
    return end(item, ImportItem.State.FAILED, reason=reason, detail=detail)


def finish_import_of(item_id: int) -> bool:
    """Finish the import that an item belongs to if this was its last one."""
    job_id = ImportItem.objects.filter(pk=item_id).values_list("job", flat=True).first()
    return job_id is not None and finish_if_complete(job_id)


def release_claims_of_the_dead() -> None:
    """Take every claim away. For the start, when no worker runs: whatever is being read then is nobody's."""
    ImportItem.objects.filter(state=ImportItem.State.PROCESSING).update(lease_until=timezone.now() - LEASE)


def find_stale_items(*, in_line_for: timedelta | None) -> list[int]:
    """Return the items that no worker has but that have work left.

    Args:
        in_line_for: also those that are received and wait for longer than this; `None` leaves them out, for while
            there are messages of theirs.
    """
    now = timezone.now()
    stale = ImportItem.objects.filter(state=ImportItem.State.PROCESSING, lease_until__lt=now)
    if in_line_for is not None:
        stale |= ImportItem.objects.filter(state=ImportItem.State.RECEIVED, received_at__lte=now - in_line_for)
    return list(stale.order_by("id").values_list("id", flat=True))
