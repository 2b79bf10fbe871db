"""`manage.py restore DIR`: what `manage.py backup` has put into a folder, here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from tagger_project.backup.problems import BackupProblem, PartsLeftOut, database_reason
from tagger_project.backup.restoring import describe, restore
from tagger_project.full_disk import is_disk_full


class Command(BaseCommand):
    """Restores a backup of this edition or an earlier one, from either database."""

    help = "Restore a backup into this installation, whose program is stopped; if it fails, nothing has changed here."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="The folder of the backup.")
        parser.add_argument("--replace", action="store_true", help="Take the place of what is here.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore it, and say what was in it."""
        folder: Path = options["folder"]
        try:
            manifest = restore(folder, replace=options["replace"])
        except PartsLeftOut as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                _("%(reason)s\nNothing was changed here.") % {"reason": database_reason(error)}
            ) from error
        except BackupProblem as error:
            raise CommandError(_("%(reason)s\nNothing was changed here.") % {"reason": error}) from error
        except OSError as error:
            raise CommandError(_("%(reason)s\nNothing was changed here.") % {"reason": _reason(error)}) from error
        self.stdout.write(
            _("Restored %(what)s, as of %(moment)s.") % {"what": describe(manifest), "moment": manifest.made_at}
        )
        if manifest.missing:
            self.stderr.write(
                _("%(count)d files were missing already when the backup was made. `manage.py verify` names them.")
                % {"count": len(manifest.missing)}
            )


def _reason(error: OSError) -> str:
    if is_disk_full(error):
        return _("The disk is full. Make room and start again.")
    return _("It stopped at %(path)s: %(reason)s.") % {
        "path": error.filename or "?",
        "reason": error.strerror or error,
    }
