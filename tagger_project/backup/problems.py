"""What can be wrong with a backup, as sentences for the person who typed the command. Django only for words."""


class BackupProblem(Exception):
    """A backup cannot be made, read or restored; the text says why and what to do."""


class DamagedBackup(BackupProblem):
    """Something in the backup is missing or not what was written."""
