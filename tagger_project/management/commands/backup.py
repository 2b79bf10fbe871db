"""`manage.py backup DIR`: database and files together, also while the program runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from tagger_project.backup.checking import check_backup
from tagger_project.backup.making import make_backup
from tagger_project.backup.problems import BackupProblem, database_reason
from tagger_project.backup.restoring import describe
from tagger_project.full_disk import is_disk_full


class Command(BaseCommand):
    """Makes a backup, or brings the one in the folder up to date."""

    help = "Back up the database and all files into a folder; again into the same folder, only what is new is copied."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="An empty folder, or one with a backup in it.")
        parser.add_argument(
            "--verify", action="store_true", help="Read all of the backup and write anew what is not whole in it."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, and say what is in it; exits with 1 where files are missing that rows name."""
        folder: Path = options["folder"]
        try:
            manifest = make_backup(folder, check=options["verify"])
            found = list(check_backup(folder)) if options["verify"] else []
        except BackupProblem as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(database_reason(error)) from error
        except OSError as error:
            raise CommandError(_reason(error, folder)) from error
        for sentence in found:
            self.stderr.write(sentence)
        self.stdout.write(_("Backed up to %(folder)s: %(what)s.") % {"folder": folder, "what": describe(manifest)})
        for path in manifest.missing[:10]:
            self.stderr.write(_("Missing or damaged in the data folder: %(path)s") % {"path": path})
        if manifest.missing:
            self.stderr.write(
                _("%(count)d files that rows name are missing or damaged. `manage.py verify` tells more.")
                % {"count": len(manifest.missing)}
            )
        if found or manifest.missing:
            sys.exit(1)


def _reason(error: OSError, folder: Path) -> str:
    if is_disk_full(error):
        return _(
            "The disk of %(folder)s is full. Make room and start again: what was copied is kept, "
            "and the last whole backup there counts until then."
        ) % {"folder": folder}
    what = {"path": error.filename or folder, "reason": error.strerror or error}
    return _("The backup stopped at %(path)s: %(reason)s. Start it again when that is mended.") % what
