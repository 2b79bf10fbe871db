"""Restore a backup: everything is built beside what is there, and put into its place in one step at the end."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets import remote
from datasets.files import RESERVED_BYTES, make_folder, sha256_of
from tagger_project.auth import LOCAL_OWNER
from tagger_project.backup.checking import check_backup
from tagger_project.backup.making import leaves
from tagger_project.backup.manifest import Manifest, read_manifest
from tagger_project.backup.pieces import Changed, Pieces, copy_checked, damaged, settle
from tagger_project.backup.places import data_dir, leave, place, refuse_other_connections, uses_sqlite
from tagger_project.backup.problems import BackupProblem, DamagedBackup, PartsLeftOut, database_reason
from tagger_project.backup.rows import AnyModel, all_rows, load_table, read_lines, set_last_ids, tables_of
from tagger_project.schema import applied_migrations, unknown_migrations
from tagger_project.supervisor.data_folder import locked, make_data_folder, refuse_network_disk
from tagger_project.supervisor.refusal import CannotStart
from tagging.models import ExportJob

_STAGED = "restoring"
# Only such places are written to, whatever a list says.
_PLACES = re.compile(
    r"blobs/(originals|previews|thumbnails)/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z]{3,4}|incoming/[0-9a-f]{2}/[0-9]+\.part"
)
# Packed rows grow to about so much in a database.
_ROWS_GROW = 12


def restore(folder: Path, *, replace: bool) -> Manifest:
    """Restore a backup into this installation; if that fails, whatever was here is as it was.

    Args:
        folder: the backup.
        replace: take the place of what is here.

    Raises:
        BackupProblem: it cannot be restored, and why.
        PartsLeftOut: all is restored but what unfinished imports had received.
        OSError: the disk is full or refuses.
    """
    folder = folder.expanduser().absolute()
    manifest = read_manifest(folder)
    _refuse_newer(manifest)
    with _alone():
        if not replace:
            _refuse_what_is_here()
        _refuse_damage(folder)
        _refuse_lack_of_room(manifest)
        pieces = Pieces(folder, trust=False)
        filled = place()
        try:
            with filled.filling():
                _fill(manifest, pieces)
            settle(_bring_files(manifest, pieces))
            _keep_in_bucket(manifest, pieces)
            filled.swap()
        except BaseException as error:
            leave(filled)
            shutil.rmtree(data_dir() / _STAGED, ignore_errors=True)
            if isinstance(error, DatabaseError):
                raise BackupProblem(database_reason(error)) from error
            raise
        _put_parts_in_place()
    return manifest


# --- Refusals ---------------------------------------------------------------------------------------


def _refuse_newer(manifest: Manifest) -> None:
    unknown = unknown_migrations(manifest.schema)
    if unknown:
        raise BackupProblem(
            _(
                "The backup was made by a newer edition of this program (%(program)s, with the change %(name)s). "
                "Restore it with that edition or a later one."
            )
            % {"program": manifest.program, "name": ".".join(unknown[0])}
        )


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the installation for this process.

    Raises:
        BackupProblem: the program runs.
    """
    try:
        make_data_folder(data_dir())
        if uses_sqlite():
            refuse_network_disk(data_dir())
        with locked(data_dir()):
            if not uses_sqlite():
                refuse_other_connections()
            _refuse_workers()
            yield
    except CannotStart as error:
        raise BackupProblem(str(error)) from error


def _refuse_workers() -> None:
    if settings.BROKER_IS_PRIVATE:
        return  # the program's own broker runs with the program, which holds the data folder
    try:
        answers = current_app.control.ping(timeout=1.0, limit=1)
    except Exception:
        return  # a broker that is away has nobody at work
    if answers:
        raise BackupProblem(_("A worker is at work. Stop web, sockets, worker and beat, and restore again."))


def _refuse_what_is_here() -> None:
    conditions = {
        "datasets_dataset": ("", []),
        "tagging_tag": ("", []),
        "auth_user": (" WHERE username <> %s", [LOCAL_OWNER]),
    }
    here = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in here & set(conditions):
            where, values = conditions[table]
            cursor.execute(f"SELECT 1 FROM {table}{where} LIMIT 1", values)  # noqa: S608 (names from above)
            if cursor.fetchone() is not None:
                raise BackupProblem(
                    _(
                        "There is something here already. To put the backup into its place, say --replace: "
                        "what is here now is gone then. Make a backup of it first."
                    )
                )


def _refuse_damage(folder: Path) -> None:
    found = list(check_backup(folder, sizes_only=True))
    if found:
        told = "\n".join(found[:10])
        more = len(found) - 10
        raise DamagedBackup(told + (f"\n… {more}" if more > 0 else ""))


def _refuse_lack_of_room(manifest: Manifest) -> None:
    rows = sum(piece.size for table in manifest.tables for piece in table.pieces)
    needed = manifest.file_bytes + rows * _ROWS_GROW + RESERVED_BYTES
    # What is there already takes no room again; only who is short of room has it counted.
    free = shutil.disk_usage(data_dir()).free
    if free < needed and free < needed - _bytes_here():
        raise BackupProblem(
            _("The disk of %(folder)s is too small: the backup needs about %(needed)d MB, and %(free)d MB are free.")
            % {"folder": data_dir(), "needed": needed // 10**6, "free": free // 10**6}
        )


def _bytes_here() -> int:
    return sum(path.stat().st_size for path in (data_dir() / "blobs").rglob("*") if path.is_file())


# --- Rows -------------------------------------------------------------------------------------------


def _fill(manifest: Manifest, pieces: Pieces) -> None:
    """Make the tables as they were, load the rows, and bring both up to this program."""
    executor = MigrationExecutor(connection)
    targets = leaves(executor.loader, manifest.schema)
    executor.migrate(targets)
    if lacking := set(manifest.schema) - set(applied_migrations()):
        raise DamagedBackup(_("The backup’s schema cannot be made: %(name)s.") % {"name": ".".join(min(lacking))})
    apps = MigrationExecutor(connection).loader.project_state(targets).apps
    _load(tables_of(apps), manifest, pieces)
    ContentType.objects.clear_cache()
    call_command("migrate", interactive=False, verbosity=0)
    connection.check_constraints()
    # The archives of exports are in no backup: they can be made again from their versions.
    exports = ExportJob.objects.filter(state=ExportJob.State.DONE, files_removed_at=None)
    exports.update(files_removed_at=timezone.now())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _load(found: list[AnyModel], manifest: Manifest, pieces: Pieces) -> None:
    by_name = {model._meta.label_lower: model for model in found}
    if set(by_name) != {table.model for table in manifest.tables}:
        raise DamagedBackup(_("The backup does not fit its own schema: its tables are others."))
    for model in reversed(found):
        all_rows(model)._raw_delete(connection.alias)  # what migrations put there is in the backup too
    tables = {table.model: table for table in manifest.tables}
    ordered = [(model, tables[name]) for name, model in by_name.items()]
    for model, table in ordered:
        with transaction.atomic():
            load_table(model, table, pieces)
    set_last_ids(ordered)


# --- Files ------------------------------------------------------------------------------------------


def _bring_files(manifest: Manifest, pieces: Pieces) -> list[Path]:
    """Put every file into its place unless it is there; the bytes of unfinished imports aside, for after the swap.

    Pictures are known by their checksum, so what comes does not stand in the way of what is there. Imports are known
    by a number, which means another one here.

    Returns:
        What was written.
    """
    staged = data_dir() / _STAGED
    shutil.rmtree(staged, ignore_errors=True)
    written: list[Path] = []
    for piece in manifest.files:
        for path, name, size, _time in read_lines(piece, pieces):
            if _PLACES.fullmatch(path) is None:
                raise DamagedBackup(_("The backup is damaged: %(path)s is no place for a file.") % {"path": path})
            target = (staged if path.startswith("incoming/") else data_dir()) / path
            if _bring(pieces.path(name), target, name.partition(".")[0], size):
                written.append(target)
    return written


def _keep_in_bucket(manifest: Manifest, pieces: Pieces) -> None:
    """Let the bucket have what the rows name before they are in their place; where there is none, nothing."""
    if not remote.is_set():
        return
    remote.claim_place()
    remote.forget_marks()
    lines = (line for piece in manifest.files for line in read_lines(piece, pieces))
    for _path in remote.keep_many(data_dir() / path for path, *_rest in lines if path.startswith("blobs/")):
        pass


def _bring(source: Path, target: Path, sha256: str, size: int) -> bool:
    """Bring a file unless it is there whole; returns whether it was not."""
    try:
        if target.stat().st_size == size and sha256_of(target) == sha256:
            return False
    except FileNotFoundError:
        pass
    try:
        copy_checked(source, target, sha256)
    except Changed as error:
        raise DamagedBackup(damaged(source)) from error
    return True


def _put_parts_in_place() -> None:
    """The rows are those of the backup from now on, and so are the bytes that belong to their numbers."""
    try:
        _exchange_parts()
    except OSError as error:
        raise PartsLeftOut(
            _(
                "The backup is restored, but what unfinished imports had received could not be put into "
                "%(folder)s: %(reason)s. Mend that before you start the program, and restore again with --replace."
            )
            % {"folder": data_dir() / "incoming", "reason": error.strerror}
        ) from error


def _exchange_parts() -> None:
    staged, incoming = data_dir() / _STAGED, data_dir() / "incoming"
    make_folder(staged / "incoming")
    if incoming.exists():
        incoming.replace(staged / "before")
    (staged / "incoming").replace(incoming)
    shutil.rmtree(staged, ignore_errors=True)


def describe(manifest: Manifest) -> str:
    """Return what a backup holds, in one sentence."""
    return ngettext(
        "%(rows)d rows and %(files)d file, %(megabytes)d MB",
        "%(rows)d rows and %(files)d files, %(megabytes)d MB",
        manifest.file_count,
    ) % {"rows": manifest.rows, "files": manifest.file_count, "megabytes": round(manifest.file_bytes / 10**6)}
