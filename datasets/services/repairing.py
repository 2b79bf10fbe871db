"""Mend what can be made anew: thumbnails, previews, measures, modes. Originals and all else stay as they are.

But for what a bucket has and the data folder has not whole, or the other way round.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

from django.conf import settings

from datasets import files, imaging, paths, remote
from datasets.decoder import DecoderDied
from datasets.models import Image
from datasets.services.decoding import get_decoder
from datasets.services.verifying import Finding, Kind

logger = logging.getLogger(__name__)

_THUMBNAIL = {Kind.MISSING_THUMBNAIL, Kind.DAMAGED_THUMBNAIL}
_PREVIEW = {Kind.MISSING_PREVIEW, Kind.DAMAGED_PREVIEW}
_ORIGINAL = {Kind.DAMAGED, Kind.WRONG_SIZE, Kind.UNREADABLE}
_PRIVATE = 0o600
_AT_ONCE = 500


class Repairer:
    """Mends findings one by one; keeps the last picture it read, since its thumbnail and preview come in turn."""

    def __init__(self) -> None:
        self._read: tuple[str, imaging.Measured] | None = None

    def repair(self, finding: Finding) -> bool:
        """Mend one finding; returns whether it is mended."""
        try:
            if finding.kind is Kind.WRONG_MODE:
                (settings.DATA_DIR / finding.path).chmod(_PRIVATE)
                return True
            if finding.kind is Kind.WRONG_OWNER:
                return self._give_to_owner(finding)
            if finding.kind in _ORIGINAL:
                return remote.bring_anew(settings.DATA_DIR / finding.path)
            if finding.kind is Kind.NOT_IN_BUCKET:
                return self._keep(finding)
            if finding.kind in _THUMBNAIL | _PREVIEW:
                return self._derive(finding)
        except OSError:
            logger.warning("%s could not be repaired.", finding.path, exc_info=True)
        return False

    def measure_all(self) -> int:
        """Fill in the measures of images that have none yet; returns of how many."""
        return sum(self._fill_in(image) for image in _unmeasured())

    def _fill_in(self, image: Image) -> int:
        try:
            measured = self._measured(image.sha256, image.format)
        except OSError:
            return 0
        if measured is None:
            return 0
        # Every dataset that has this picture: it is read once.
        rows = Image.everything.filter(sha256=image.sha256, sharpness=None)
        return rows.update(dhash=measured.dhash, sharpness=measured.sharpness)

    def _give_to_owner(self, finding: Finding) -> bool:
        if os.geteuid() != 0:
            return False
        owner = settings.DATA_DIR.stat()
        os.chown(settings.DATA_DIR / finding.path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        return True

    def _keep(self, finding: Finding) -> bool:
        # What is not whole here must not take the place of what may be.
        remote.keep(settings.DATA_DIR / finding.path)
        return True

    def _derive(self, finding: Finding) -> bool:
        measured = self._measured(finding.sha256, finding.format)
        if measured is None:
            return False
        content = measured.thumbnail if finding.kind in _THUMBNAIL else measured.preview
        files.write_whole(settings.DATA_DIR / finding.path, content)
        remote.keep(settings.DATA_DIR / finding.path)
        return True

    def _measured(self, sha256: str, image_format: str) -> imaging.Measured | None:
        """Read a stored original; `None` where it is not what was imported or cannot be decoded."""
        if self._read is not None and self._read[0] == sha256:
            return self._read[1]
        original = paths.original_path(settings.DATA_DIR, sha256, image_format)
        with remote.borrow(original) as here:
            if files.sha256_of(here) != sha256:
                return None
            decoder = get_decoder()
            try:
                decoder.start(here)
                measured = decoder.result()
            except (imaging.ImageRefused, DecoderDied):
                logger.warning("%s could not be decoded.", original, exc_info=True)
                return None
        self._read = (sha256, measured)
        return measured


def _unmeasured() -> Iterator[Image]:
    """Yield images without measures in steps by number: those that cannot be measured are passed once."""
    after = 0
    unmeasured = Image.everything.filter(sharpness=None).order_by("pk")
    while rows := list(unmeasured.filter(pk__gt=after)[:_AT_ONCE]):
        after = rows[-1].pk
        yield from rows
