"""`manage.py verify`: is everything that is stored still there and still whole?"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.services.blobs import GRACE
from datasets.services.repairing import Repairer
from datasets.services.verifying import Finding, Tally, Verification
from tagger_project.bucket import BucketAway


class Command(BaseCommand):
    """Compare the database with the data folder, also while the server runs."""

    help = "Check that every stored picture is there and whole; exits with 1 where something is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--repair",
            action="store_true",
            help="Make thumbnails, previews and measures anew and mend modes; no original is touched.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object with counts and findings.")
        parser.add_argument("--decode", action="store_true", help="Decode thumbnails and previews to their end.")
        parser.add_argument(
            "--read-bucket",
            action="store_true",
            help="Read all that the bucket has, too, rather than compare names and sizes.",
        )
        parser.add_argument("--threads", type=int, default=0, help="Threads that read files (0: one a core and one).")
        parser.add_argument(
            "--grace",
            type=float,
            default=GRACE.total_seconds(),
            metavar="SECONDS",
            help="Files younger than this are not told as left behind (default: %(default)g).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, mend what is asked for, and say what was found."""
        try:
            self._verify(options)
        except BucketAway as error:
            raise CommandError(error.strerror) from error

    def _verify(self, options: dict[str, Any]) -> None:
        started = time.monotonic()
        verification = Verification(
            grace=timedelta(seconds=options["grace"]),
            decode=options["decode"],
            threads=options["threads"],
            read_bucket=options["read_bucket"],
        )
        repairer = Repairer() if options["repair"] else None
        found: list[dict[str, Any]] = []
        repaired = 0
        for finding in verification.findings(self._progress()):
            is_repaired = repairer is not None and repairer.repair(finding)
            repaired += is_repaired
            if options["json"]:
                found.append(_as_json(finding, is_repaired))
            else:
                self._tell(finding, is_repaired=is_repaired)
        measured = repairer.measure_all() if repairer is not None else 0
        tally = verification.tally
        total = tally.counts.total()
        if options["json"]:
            seconds = round(time.monotonic() - started, 2)
            self.stdout.write(json.dumps(_outcome(tally, found, repaired, measured, seconds)))
        else:
            self._sum_up(tally, total, repaired, measured)
        if total > repaired:
            sys.exit(1)

    def _progress(self) -> Callable[[float], None]:
        """Write how far it is to a terminal, and nowhere else."""
        if not self.stderr.isatty():
            return lambda share: None

        def tell(share: float) -> None:
            self.stderr.write(f"\r{share:4.0%}", ending="" if share < 1 else "\n")
            self.stderr.flush()

        return tell

    def _tell(self, finding: Finding, *, is_repaired: bool) -> None:
        mark = _(" (repaired)") if is_repaired else ""
        self.stdout.write(f"{finding.kind}{mark}  {finding.path}\n    {finding.sentence}")

    def _sum_up(self, tally: Tally, total: int, repaired: int, measured: int) -> None:
        looked = {"images": tally.images, "files": tally.files}
        if total == 0:
            self.stdout.write(_("%(images)d images and %(files)d files: everything is there and whole.") % looked)
        else:
            found = ", ".join(f"{count} {kind}" for kind, count in tally.counts.most_common())
            text = ngettext(
                "%(images)d images and %(files)d files: %(total)d finding (%(found)s), %(repaired)d repaired.",
                "%(images)d images and %(files)d files: %(total)d findings (%(found)s), %(repaired)d repaired.",
                total,
            )
            self.stdout.write(text % {**looked, "total": total, "found": found, "repaired": repaired})
        if measured:
            self.stdout.write(_("%(count)d images were measured for likeness and sharpness.") % {"count": measured})
        elif tally.unmeasured:
            text = _("%(count)d images are not measured for likeness yet; --repair does that.")
            self.stdout.write(text % {"count": tally.unmeasured})


def _as_json(finding: Finding, is_repaired: bool) -> dict[str, Any]:
    facts = asdict(finding)
    return {**facts, "kind": str(finding.kind), "repaired": is_repaired}


def _outcome(tally: Tally, found: list[dict[str, Any]], repaired: int, measured: int, seconds: float) -> dict[str, Any]:
    return {
        "images": tally.images,
        "files": tally.files,
        "bytes": tally.bytes,
        "seconds": seconds,
        "unmeasured": tally.unmeasured - measured,
        "measured": measured,
        "repaired": repaired,
        "counts": {str(kind): count for kind, count in sorted(tally.counts.items())},
        "findings": found,
    }
