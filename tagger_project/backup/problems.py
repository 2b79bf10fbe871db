"""What can be wrong with a backup, as sentences for the person who typed the command. Django only for words."""

from __future__ import annotations

from django.utils.translation import gettext as _


class BackupProblem(Exception):
    """A backup cannot be made, read or restored; the text says why and what to do."""


class PartsLeftOut(BackupProblem):
    """Rows and pictures are restored; what unfinished imports had received is not in its place."""


class DamagedBackup(BackupProblem):
    """Something in the backup is missing or not what was written."""


def database_reason(error: Exception) -> str:
    """Say in one line what the database said; of its several, the first tells."""
    said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return _("The database does not do what it is asked: %(reason)s") % {"reason": said}
