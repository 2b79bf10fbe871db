"""What `rename_tag`, `merge_tags` and `split_tag` share: the numbers, then the work, as text or as JSON."""

from __future__ import annotations

import json
import uuid
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tagging.management.commands.export_dataset import find_dataset
from tagging.queries.rewording import Forecast
from tagging.services.rewording import Reworded, Rewording, RewordingRefused, carry_out, forecast_all
from tagging.services.vocabulary import TagRefused


class RewordingCommand(BaseCommand):
    """Say what is touched, and do it unless it is only asked for."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments that all three have."""
        parser.add_argument("--dataset", help="In this dataset alone, by name or number; without it everywhere.")
        parser.add_argument("--reason", default="", help="Why, as the histories tell it.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be touched.")
        parser.add_argument("--json", action="store_true", help="Print the outcome as JSON.")

    def asked(self, options: dict[str, Any]) -> list[Rewording]:
        """Return what is asked for, one after the other."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, do, report."""
        if options["dataset"]:
            options["dataset"] = find_dataset(options["dataset"])
        results: list[tuple[Forecast, Reworded | None]] = []
        try:
            # All are looked at first: what is refused is refused before anything is done.
            told = forecast_all(self.asked(options))
            for rewording, each in zip(self.asked(options), told, strict=True):
                done = None
                if not options["dry_run"]:
                    done = carry_out(rewording, by=None, key=uuid.uuid4(), reason=options["reason"])
                results.append((each, done))
        except (RewordingRefused, TagRefused) as error:
            raise CommandError(str(error)) from error
        self._report(results, as_json=options["json"])

    def _report(self, results: Sequence[tuple[Forecast, Reworded | None]], *, as_json: bool) -> None:
        if as_json:
            rows = [
                {
                    **asdict(told),
                    "images": told.images,
                    "both": told.both,
                    "in_trash": told.in_trash,
                    "dry_run": done is None,
                    "done": done.images if done else 0,
                }
                for told, done in results
            ]
            self.stdout.write(json.dumps(rows))
            return
        for told, done in results:
            self._tell(told, done)

    def _tell(self, told: Forecast, done: Reworded | None) -> None:
        into = ", ".join(f"“{name}”" for name in told.into)
        self.stdout.write(_("“%(tag)s” → %(into)s") % {"tag": told.tag, "into": into})
        for row in told.datasets:
            text = _("  %(name)s: %(images)d images, %(both)d of them with both, %(in_trash)d more in the trash")
            self.stdout.write(text % asdict(row))
        text = _("  %(aliases)d aliases, %(implications)d implications, %(quick_tags)d quick tags move along")
        self.stdout.write(text % asdict(told))
        if told.lost_implications:
            text = _("  %(count)d implications say nothing new or would lead in a circle, and go")
            self.stdout.write(text % {"count": told.lost_implications})
        if done is None:
            self.stdout.write(_("This is what would be done; nothing was changed."))
            return
        text = ngettext("Done on %(count)d image.", "Done on %(count)d images.", done.images)
        self.stdout.write(text % {"count": done.images})


def no_alias(parser: ArgumentParser) -> None:
    """Declare the wish to keep no alias."""
    parser.add_argument("--no-alias", action="store_true", help="The old name does not become an alias.")
