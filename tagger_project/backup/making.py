"""Make a backup while the program is in use: first the rows of one moment, then every file that they name.

Files are written before their rows and removed after them, and nothing is removed while a backup is made
(`datasets.services.pinning`): so each file that a row of that moment names is there when its turn comes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps.registry import Apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets import paths, remote
from datasets.files import sha256_of
from datasets.services.pinning import AlreadyPinned, pinned
from tagger_project.backup.manifest import NAME, Manifest, Piece, read_manifest, write_manifest
from tagger_project.backup.pieces import PIECES, Changed, Pieces
from tagger_project.backup.places import data_dir, one_moment
from tagger_project.backup.problems import BackupProblem, DamagedBackup
from tagger_project.backup.rows import all_rows, read_lines, tables_of, write_lines, write_table
from tagger_project.schema import NewerSchema, applied_migrations, refuse_newer_schema
from tagger_project.version import VERSION

UNFINISHED = "unfinished"
_LOCK = "lock"
# A derived file may be made anew between the sum over it and its copy.
_TRIES = 3


@dataclass
class Wanted:
    """What the rows of the moment need: checksums with their formats, and the bytes of unfinished imports."""

    pictures: dict[str, str] = field(default_factory=dict)
    parts: list[int] = field(default_factory=list)

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield each file's path below the data folder with its SHA-256 where that is known, in the order of paths."""
        root, pictures = Path(), sorted(self.pictures.items())
        for sha256, image_format in pictures:
            yield paths.original_path(root, sha256, image_format).as_posix(), sha256
        for sha256, _format in pictures:
            yield paths.preview_path(root, sha256).as_posix(), ""
        for sha256, _format in pictures:
            yield paths.thumbnail_path(root, sha256).as_posix(), ""
        yield from sorted((paths.incoming_path(root, number).as_posix(), "") for number in self.parts)


def make_backup(folder: Path, *, check: bool = False) -> Manifest:
    """Make a backup in a folder, or bring the one that is there up to date; that one counts until this one is whole.

    Args:
        folder: empty, or with a backup in it.
        check: read every piece that is there already, and write those anew that are not whole.

    Raises:
        BackupProblem: it cannot be made; what was copied stays for the next attempt.
        OSError: a disk is full or refuses.
    """
    folder = folder.expanduser().absolute()
    _refuse_folder(folder)
    with _locked(folder):
        previous = _previous(folder)
        mark = folder / UNFINISHED
        # What an attempt that was cut off has left may be empty after a power cut: it is read before it counts.
        pieces = Pieces(folder, trust=not mark.exists() and not check)
        mark.touch(mode=0o600)
        manifest = _make(pieces, previous)
        # Pieces did not wait for the disk one by one; they count when all of them are there.
        pieces.settle()
        write_manifest(folder, manifest)
        mark.unlink()
        _remove_others(pieces, manifest)
    return manifest


def _make(pieces: Pieces, previous: Manifest | None) -> Manifest:
    try:
        with pinned():
            with one_moment():
                made_at = timezone.now().isoformat()
                schema = _schema()
                apps = MigrationLoader(connection).project_state(_leaves(schema)).apps
                tables = [write_table(model, pieces) for model in tables_of(apps)]
                wanted = _wanted(apps)
            copying = _Copying(pieces, previous)
            lists = list(copying.lists(wanted))
    except AlreadyPinned as error:
        raise BackupProblem(_("Another backup is being made at this moment. Wait for its end.")) from error
    return Manifest(
        made_at=made_at,
        program=VERSION,
        database=connection.vendor,
        schema=schema,
        tables=tables,
        files=lists,
        file_count=copying.count,
        file_bytes=copying.bytes,
        missing=copying.missing,
    )


def _schema() -> list[tuple[str, str]]:
    try:
        refuse_newer_schema()
    except NewerSchema as error:
        raise BackupProblem(str(error)) from error
    schema = applied_migrations()
    if not schema:
        raise BackupProblem(_("There is nothing to back up yet: start the program once."))
    return schema


def _leaves(schema: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return leaves(MigrationLoader(None, ignore_no_migrations=True), schema)


def leaves(loader: MigrationLoader, schema: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the last migrations of each app among these: all others come before them."""
    known = [key for key in schema if key in loader.graph.nodes]
    followed = {parent.key for key in known for parent in loader.graph.node_map[key].parents if parent.key[0] == key[0]}
    return [key for key in known if key not in followed]


def _wanted(apps: Apps) -> Wanted:
    wanted = Wanted()
    here = {model._meta.label_lower: model for model in apps.get_models()}
    for name in ("datasets.image", "datasets.keptpicture"):
        if name in here:
            rows = all_rows(here[name]).order_by().values_list("sha256", "format")
            wanted.pictures.update(rows.iterator(chunk_size=2000))
    items = all_rows(here["datasets.importitem"]).order_by()
    # A file that still waits for bytes is sent from its beginning; one inside an archive is fetched from there again.
    unread = items.filter(state__in=["HELD", "RECEIVED", "PROCESSING"])
    if any(field.name == "archive" for field in items.model._meta.local_fields):
        archives = unread.filter(archive__isnull=False).values_list("archive", flat=True).distinct()
        wanted.parts = sorted({*unread.filter(archive=None).values_list("pk", flat=True), *archives})
    else:
        wanted.parts = sorted(unread.values_list("pk", flat=True))
    return wanted


class _Copying:
    """Copies files, and lists them."""

    def __init__(self, pieces: Pieces, previous: Manifest | None) -> None:
        self.pieces = pieces
        self.missing: list[str] = []
        self.count = self.bytes = 0
        self._before = _listed(pieces, previous)
        self._next = next(self._before, None)

    def lists(self, wanted: Wanted) -> Iterator[Piece]:
        """Copy all files and yield the pieces that list them."""
        lines = self._lines(wanted)
        while (piece := write_lines(lines, self.pieces)) is not None:
            yield piece

    def _lines(self, wanted: Wanted) -> Iterator[list[Any]]:
        for path, sha256 in wanted.files():
            before = self._as_before(path)
            line = self._copied(path, sha256, before)
            if line is None:
                self.missing.append(path)
                # Gone or broken here, and whole in the backup: this is what one makes backups for.
                line = before if before is not None and self.pieces.has(before[1], before[2]) else None
            if line is not None:
                self.count += 1
                self.bytes += line[2]
                yield line

    def _as_before(self, path: str) -> list[Any] | None:
        while self._next is not None and self._next[0] < path:
            self._next = next(self._before, None)
        return self._next if self._next is not None and self._next[0] == path else None

    def _copied(self, path: str, sha256: str, before: list[Any] | None) -> list[Any] | None:
        source = data_dir() / path
        for _attempt in range(_TRIES):
            try:
                if remote.is_set() and not source.exists() and self._has(before):
                    return before  # what the bucket alone has is written once
                with remote.borrow(source) as here:
                    return self._copied_from(here, path, sha256, before)
            except (FileNotFoundError, remote.Damaged):
                return None
            except Changed:
                continue
        return None

    def _copied_from(self, source: Path, path: str, sha256: str, before: list[Any] | None) -> list[Any]:
        status = source.stat()
        if before is not None and before[2:] == [status.st_size, status.st_mtime_ns] and self._has(before):
            return before
        piece = self.pieces.bring(source, f"{sha256 or sha256_of(source)}{Path(path).suffix}")
        return [path, piece.name, piece.size, status.st_mtime_ns]

    def _has(self, before: list[Any] | None) -> bool:
        return before is not None and self.pieces.has(before[1], before[2])


def _listed(pieces: Pieces, manifest: Manifest | None) -> Iterator[list[Any]]:
    try:
        for piece in manifest.files if manifest is not None else []:
            yield from read_lines(piece, pieces)
    except DamagedBackup:
        return  # what was listed behind it is copied or read again


def _previous(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)
    except BackupProblem:
        return None


def _remove_others(pieces: Pieces, manifest: Manifest) -> None:
    """Remove what only the backup of before needed, and what cut off attempts left."""
    needed = {piece.name for table in manifest.tables for piece in table.pieces}
    needed |= {piece.name for piece in manifest.files}
    needed |= {line[1] for piece in manifest.files for line in read_lines(piece, pieces)}
    for path in pieces.names():
        if path.name not in needed:
            path.unlink(missing_ok=True)


def _refuse_folder(folder: Path) -> None:
    data: Path = settings.DATA_DIR
    if folder.resolve().is_relative_to(data.resolve()) or data.resolve().is_relative_to(folder.resolve()):
        raise BackupProblem(
            _("%(folder)s and the data folder lie in each other. Name a folder elsewhere, best on another disk.")
            % {"folder": folder}
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = {path.name for path in folder.iterdir()}
    except OSError as error:
        sentence = _("The folder %(folder)s cannot be used: %(reason)s.")
        raise BackupProblem(sentence % {"folder": folder, "reason": error.strerror}) from error
    if not _is_ours(found - {"lost+found"}):
        raise BackupProblem(
            _("%(folder)s is not empty and holds no backup. Name an empty folder.") % {"folder": folder}
        )
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise BackupProblem(_("The folder %(folder)s cannot be written by you.") % {"folder": folder})


def _is_ours(found: set[str]) -> bool:
    """Whether a folder with these names in it may be written to: what is there is replaced and cleared away.

    Other things may lie beside a backup that is there. A name alone makes none: many a project has a `manifest.json`.
    """
    holds_backup = PIECES in found and bool(found & {NAME, UNFINISHED})
    return holds_backup or found <= {UNFINISHED, _LOCK}


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / _LOCK).open("a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            sentence = _("Another backup into %(folder)s is being made at this moment. Wait for its end.")
            raise BackupProblem(sentence % {"folder": folder}) from error
        yield
