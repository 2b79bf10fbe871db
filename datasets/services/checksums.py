"""What a sender says of a file's bytes, and sparing it the ones that are stored here already."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from datasets import remote
from datasets.files import keep_whole
from datasets.models import Dataset, ImageQuerySet, ImportItem, ImportJob
from datasets.paths import incoming_path, is_checksum, original_path
from datasets.services.telling import tell_import
from datasets.services.uploads import UploadError, mark_received
from tagger_project.bucket import BucketAway

logger = logging.getLogger(__name__)

MOST_CHECKSUMS_A_CALL = 500
# So long a call fetches from a bucket what is not here; the sender has the rest too.
_SECONDS_TO_FETCH = 5.0


class NoChecksum(UploadError):
    """What was given is not a SHA-256."""


class TooManyChecksums(UploadError):
    """More checksums in one call than are taken at once."""


def checked_sum(text: str) -> str:
    """Return a SHA-256 in lower case.

    Raises:
        NoChecksum: it is none.
    """
    if not is_checksum(text.lower()):
        raise NoChecksum(_("A SHA-256 is written as 64 digits from 0 to 9 and a to f."))
    return text.lower()


def checked_sums(pairs: list[tuple[int, str]]) -> dict[int, str]:
    """Return checksums by number of their item.

    Raises:
        NoChecksum, TooManyChecksums: as they say.
    """
    if len(pairs) > MOST_CHECKSUMS_A_CALL:
        raise TooManyChecksums(_("Send at most %(limit)d checksums at once.") % {"limit": MOST_CHECKSUMS_A_CALL})
    return {number: checked_sum(text) for number, text in pairs}


def declare_checksums(job: ImportJob, sums: dict[int, str], *, visible: ImageQuerySet) -> list[ImportItem]:
    """Note the checksums of waiting files, and take the bytes of those that are stored here already.

    A picture whose bytes a visible dataset holds needs no sending: it becomes `RECEIVED`, and its worker finds out
    whether it is a duplicate. So its texts, and one like it in the trash, fare as they do with every other picture.
    A file that has another checksum now than before was changed between two tries: it starts anew.

    Args:
        job: the import that the files belong to.
        sums: as `checked_sums` returns them; what is not of this import is passed over.
        visible: the pictures that this person may see. Others' are left out: an answer would tell that they exist.

    Returns:
        The items as they are now, by number; the `RECEIVED` ones want a worker.
    """
    of_job = ImportItem.objects.filter(job=job, pk__in=sums).order_by("pk")
    waiting = list(of_job.filter(state=ImportItem.State.WAITING))
    for item in waiting:
        if item.sha256 not in {"", sums[item.pk]}:
            # Removed first: a death after it leaves nothing behind that the new bytes would be added to.
            incoming_path(settings.DATA_DIR, item.pk).unlink(missing_ok=True)
        item.sha256 = sums[item.pk]
    here = _take_what_is_stored(waiting, visible)
    with transaction.atomic():
        # Holds the dataset's row, as every change of several files does, and counts no change: pages show none of this.
        Dataset.objects.select_for_update().filter(pk=job.dataset_id).first()
        ImportItem.objects.bulk_update(waiting, ["sha256"])
        if here:
            mark_received(here)
            tell_import(job.pk)
    return list(of_job.all())


def _take_what_is_stored(waiting: list[ImportItem], visible: ImageQuerySet) -> list[int]:
    pictures = [item for item in waiting if item.kind == ImportItem.Kind.IMAGE]
    known = visible.filter(sha256__in={item.sha256 for item in pictures})
    stored = {
        (sha256, size): original_path(settings.DATA_DIR, sha256, image_format)
        for sha256, size, image_format in known.order_by().values_list("sha256", "byte_size", "format").distinct()
    }
    taken = []
    until = time.monotonic() + _SECONDS_TO_FETCH
    for item in pictures:
        original = stored.get((item.sha256, item.byte_size))
        if original is None or (time.monotonic() > until and not original.exists()):
            continue
        if _give_second_name(original, incoming_path(settings.DATA_DIR, item.pk)):
            taken.append(item.pk)
    return taken


def _give_second_name(original: Path, part: Path) -> bool:
    """Let a part file be the stored original, without a copy where the file system knows links.

    Nothing is ever written to a whole part file, so the original is safe. No fsync, as with bytes that are sent: after
    a power cut the file is missing, and is sent again.
    """
    try:
        keep_whole(remote.bring(original), part, lasts=False)
    except BucketAway:
        return False  # told where it was asked; the sender has the bytes
    except OSError:
        logger.warning("%s could not be used again and has to be sent.", original, exc_info=True)
        return False
    return True
