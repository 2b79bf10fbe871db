"""`manage.py bucket upload|download|adopt`: move the stored pictures into the bucket of the settings, and back."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from datasets import remote
from datasets.services.bucket_moving import Moved, download_all, upload_all
from tagger_project.bucket import BucketAway
from tagger_project.full_disk import is_disk_full

_MOST_TOLD = 20


class Command(BaseCommand):
    """Moves pictures between data folder and bucket; can be broken off and begun again, also while the server runs."""

    help = (
        "Move the stored pictures into the bucket of S3_BUCKET (upload), back (download), or take a place over (adopt)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("action", choices=["upload", "download", "adopt"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what came of it; exits with 1 where files could not be moved."""
        if not remote.is_set():
            raise CommandError(_("There is no bucket. Set S3_BUCKET first; docs/storage.md says what else."))
        try:
            moved = self._act(options["action"])
        except BucketAway as error:
            told = _("%(reason)s What was moved stays; start this again when that is mended.")
            raise CommandError(told % {"reason": error.strerror}) from error
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise CommandError(_("The disk is full. Make room and start this again: what was moved stays.")) from error
        if moved is not None:
            self._tell(moved)

    def _act(self, action: str) -> Moved | None:
        remote.claim_place(take_over=action == "adopt")
        if action == "adopt":
            self.stdout.write(_("This place in the bucket is this installation’s now."))
            return None
        if action == "upload":
            return upload_all(self._progress)
        if settings.BUCKET is not None and settings.BUCKET.cache_bytes:
            raise CommandError(
                _("S3_CACHE_BYTES removes what is brought here. Unset it, restart, and start this again.")
            )
        return download_all(self._progress)

    def _progress(self, files: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{files}", ending="")

    def _tell(self, moved: Moved) -> None:
        for name, why in moved.wrong[:_MOST_TOLD]:
            self.stderr.write(f"{name}: {why}")
        if moved.wrong:
            told = _("%(count)d files could not be moved. `manage.py verify` tells what they are of.")
            self.stderr.write(told % {"count": len(moved.wrong)})
        facts = {"files": moved.files, "megabytes": round(moved.bytes / 10**6)}
        self.stdout.write(_("%(files)d files are there, %(megabytes)d MB.") % facts)
        if moved.wrong:
            sys.exit(1)
