"""The manifest: what a backup consists of, with a sum over itself. It is renamed into place when all of it is there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from datasets.files import write_whole
from tagger_project.backup.problems import BackupProblem, DamagedBackup

NAME = "manifest.json"
# Another form of what lies in a backup gets another number here, and readers for both.
FORM = 1


@dataclass(frozen=True)
class Piece:
    """A file of the backup, named by the SHA-256 of its content.

    Attributes:
        name: its SHA-256 with an ending.
        size: in bytes.
        rows: how many lines it has, where it has any.
    """

    name: str
    size: int
    rows: int = 0


@dataclass(frozen=True)
class Table:
    """The rows of one table, in pieces.

    Attributes:
        model: as `app.model`.
        fields: the columns in the order in which each line has them.
        last_id: the highest number that a row was ever given, where the database gives them; 0 where it does not.
    """

    model: str
    fields: list[str]
    pieces: list[Piece]
    last_id: int = 0

    @property
    def rows(self) -> int:
        """How many it has."""
        return sum(piece.rows for piece in self.pieces)


@dataclass(frozen=True)
class Manifest:
    """One whole backup.

    Attributes:
        made_at: when its rows were read, in ISO form.
        program: the edition that made it.
        database: where the rows came from, `sqlite` or `postgresql`.
        schema: the migrations that the database had gone through.
        tables: their rows.
        files: pieces that list the files, one a line, in the order of their paths.
        file_count: how many files there are; `file_bytes` what they take.
        missing: files that rows name and that were not there, or not whole, when the backup was made.
    """

    made_at: str
    program: str
    database: str
    schema: list[tuple[str, str]]
    tables: list[Table]
    files: list[Piece]
    file_count: int
    file_bytes: int
    missing: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many there are in all tables."""
        return sum(table.rows for table in self.tables)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make a backup the whole one: in one step, also for the disk.

    Raises:
        OSError: the disk is full or refuses; then the manifest of before stays.
    """
    body = {"form": FORM, **asdict(manifest)}
    text = json.dumps({**body, "sum": _sum(body)}, indent=1)
    write_whole(folder / NAME, text.encode())


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        BackupProblem: there is none, or it is of a newer form.
        DamagedBackup: it is not as it was written.
    """
    path = folder / NAME
    try:
        body = json.loads(path.read_bytes())
        told = body.pop("sum")
    except FileNotFoundError as error:
        sentence = _("%(folder)s holds no whole backup: there is no %(name)s in it.")
        raise BackupProblem(sentence % {"folder": folder, "name": NAME}) from error
    except PermissionError as error:
        raise BackupProblem(_("%(path)s may not be read by you.") % {"path": path}) from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise DamagedBackup(_("%(path)s is damaged: it cannot be read.") % {"path": path}) from error
    if told != _sum(body):
        raise DamagedBackup(_("%(path)s is damaged: it was changed after it was written.") % {"path": path})
    if body.pop("form") != FORM:
        raise BackupProblem(
            _("%(folder)s was made by a newer edition of this program. Restore it with that edition.")
            % {"folder": folder}
        )
    return _manifest(body)


def _manifest(body: dict[str, Any]) -> Manifest:
    tables = [Table(**{**table, "pieces": [Piece(**each) for each in table["pieces"]]}) for table in body["tables"]]
    schema = [(str(app), str(name)) for app, name in body["schema"]]
    files = [Piece(**each) for each in body["files"]]
    return Manifest(**{**body, "tables": tables, "schema": schema, "files": files})


def _sum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
