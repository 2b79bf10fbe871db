"""`manage.py load_vocabulary FILE`: the field's lists of tags, with categories, counts and aliases."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tagging.services.loading import Loaded, Problem, load_vocabulary
from tagging.services.vocabulary_list import ListUnreadable

_SHOWN = 20


class Command(BaseCommand):
    """Add the tags and aliases of a list to the vocabulary."""

    help = (
        'Load a list of tags: a CSV file with name,category,count,"alias,alias" a line, the category as Danbooru\'s '
        "number (0 general, 1 artist, 3 copyright, 4 character, 5 meta) or word. Loading it again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path, help="The list.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be loaded.")
        parser.add_argument("--json", action="store_true", help="Print the outcome as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say what became of the lines."""
        try:
            loaded = load_vocabulary(options["file"], dry_run=options["dry_run"])
        except ListUnreadable as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"dry_run": options["dry_run"], **asdict(loaded)}))
            return
        self._report(loaded, dry_run=options["dry_run"])

    def _report(self, loaded: Loaded, *, dry_run: bool) -> None:
        if dry_run:
            self.stdout.write(_("This is what would be done; nothing was changed."))
        self.stdout.write(
            _("%(rows)d lines: %(new)d new tags, %(changed)d changed, %(same)d as they were.") % asdict(loaded)
        )
        self.stdout.write(_("%(new_aliases)d new aliases, %(same_aliases)d as they were.") % asdict(loaded))
        self._tell(_("Clashes: what was there first stays."), loaded.clashes)
        self._tell(_("Not taken, or not all of it:"), loaded.bad)
        if loaded.untold:
            self.stdout.write(_("And %(count)d more of both kinds.") % {"count": loaded.untold})

    def _tell(self, title: str, problems: list[Problem]) -> None:
        if not problems:
            return
        self.stdout.write(f"{title} ({len(problems)})")
        for problem in problems[:_SHOWN]:
            self.stdout.write(_("  line %(line)d: %(text)s") % asdict(problem))
        if len(problems) > _SHOWN:
            self.stdout.write(_("  … and more: --json tells them."))
