"""`manage.py verify_backup DIR`: is all of a backup there and as it was written?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tagger_project.backup.checking import check_backup
from tagger_project.backup.manifest import read_manifest
from tagger_project.backup.problems import BackupProblem
from tagger_project.backup.restoring import describe


class Command(BaseCommand):
    """Reads all of a backup; needs neither the database nor the data folder."""

    help = "Read every piece of a backup and compare checksums; exits with 1 where one is missing or damaged."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the argument."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="The folder of the backup.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, and say what was found."""
        folder: Path = options["folder"].expanduser().absolute()
        found = False
        try:
            for sentence in check_backup(folder):
                found = True
                self.stdout.write(sentence)
            manifest = read_manifest(folder)
        except BackupProblem as error:
            raise CommandError(str(error)) from error
        if found:
            sys.exit(1)
        what = {"what": describe(manifest), "moment": manifest.made_at}
        self.stdout.write(_("The backup of %(moment)s is whole: %(what)s.") % what)
