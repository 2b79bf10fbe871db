"""Where the rows are read and where they are loaded: Django's one connection, pointed at another place for a while.

Migrations that move data use the connection called `default`, whatever one they were started with. So a restore does
not take a second one beside it: for its time, the only one points to the place that is being filled.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections, transaction
from django.utils.translation import gettext as _

from tagger_project.backup.pieces import settle
from tagger_project.backup.problems import BackupProblem
from tagger_project.schema import applied_migrations, unknown_migrations

SCHEMA = "tagger_restoring"
_WITHOUT_WAITING = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON"
_SQLITE = "django.db.backends.sqlite3"


def uses_sqlite() -> bool:
    """Whether the database is a file."""
    return str(connections.settings["default"]["ENGINE"]) == _SQLITE


@contextmanager
def _pointed(changes: dict[str, Any], options: dict[str, Any]) -> Iterator[None]:
    before = connections.settings["default"]
    connections["default"].close()
    connections.settings["default"] = {**before, **changes, "OPTIONS": {**before["OPTIONS"], **options}}
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = before
        del connections["default"]


@contextmanager
def one_moment() -> Iterator[None]:
    """Read all tables as they are at one moment, while others go on writing."""
    if uses_sqlite():
        # The program's transactions begin with the lock for writing; this one only reads, and holds nobody up.
        with _pointed({}, {"transaction_mode": "DEFERRED"}), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM sqlite_master")  # from here on, nothing changes for this reader
            yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class SqlitePlace:
    """A new database file beside the old one, renamed over it in the end."""

    def __init__(self) -> None:
        self.path = Path(connections.settings["default"]["NAME"])
        self.new = self.path.with_name(f"{self.path.name}.restoring")

    def clear(self) -> None:
        """Remove what an earlier restore left that did not come to its end."""
        for ending in ("", "-wal", "-shm", "-journal"):
            self.new.with_name(f"{self.new.name}{ending}").unlink(missing_ok=True)

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Point the connection at the new place, which is empty."""
        self.clear()
        # Nothing in it counts before the swap, which waits for the disk once.
        with _pointed({"NAME": self.new}, {"init_command": _WITHOUT_WAITING}):
            yield

    def swap(self) -> None:
        """Put the new database in the place of the old one, in one step.

        Raises:
            BackupProblem: somebody has the old one open.
        """
        _fold(self.new)
        settle([self.new])
        if self.path.exists():
            connection.close()
            _fold(self.path)
        self.new.chmod(0o600)
        self.new.replace(self.path)
        settle([self.path])


def _fold(path: Path) -> None:
    """Bring everything into the file itself: a log that stays beside it would be played into its successor."""
    try:
        with sqlite3.connect(path, timeout=1, isolation_level=None) as database:
            mode = database.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        database.close()
    except sqlite3.OperationalError:
        mode = "locked"
    except sqlite3.DatabaseError:
        # A damaged one has nothing that could be brought in: a backup is what is to help.
        for ending in ("-wal", "-shm"):
            path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
        return
    if mode != "delete":
        raise BackupProblem(_("The database %(path)s is in use. Stop the program and restore again.") % {"path": path})


class PostgresPlace:
    """A new schema in the same database; its tables are moved into the old one's place in one transaction."""

    def clear(self) -> None:
        """Remove what an earlier restore left that did not come to its end."""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Point the connection at the new place, which is empty."""
        self.clear()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        with _pointed({}, {"options": f"-c search_path={SCHEMA}", "pool": False}):
            yield

    def swap(self) -> None:
        """Put the new tables in the place of the old ones, in one transaction.

        Raises:
            BackupProblem: somebody works with the old ones.
        """
        refuse_other_connections()
        quote = connection.ops.quote_name
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '10s'")
            cursor.execute("SELECT current_schema()")
            home = quote(cursor.fetchone()[0])
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SCHEMA])
            new = [name for (name,) in cursor.fetchall()]
            for name in sorted({*new, *_own_tables()}):
                cursor.execute(f"DROP TABLE IF EXISTS {home}.{quote(name)} CASCADE")
            for name in new:
                # Sequences and indexes of a table go with it.
                cursor.execute(f"ALTER TABLE {SCHEMA}.{quote(name)} SET SCHEMA {home}")
            cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def _own_tables() -> set[str]:
    """The tables that this program has here now, by its models; others in the same database stay.

    Of an app that a newer edition has changed, also those by its name: they would stand in that edition's way later.
    """
    known = set(connection.introspection.django_table_names(include_views=False))
    newer = tuple({f"{app}_" for app, _name in unknown_migrations(applied_migrations())})
    return {name for name in connection.introspection.table_names() if name in known or name.startswith(newer)}


def refuse_other_connections() -> None:
    """Refuse to go on while others are connected to the PostgreSQL database.

    Raises:
        BackupProblem: somebody is.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        others = cursor.fetchone()[0]
    if others:
        raise BackupProblem(
            _(
                "The database is in use: %(count)s other connections are open. "
                "Stop web, sockets, worker and beat, and restore again."
            )
            % {"count": others}
        )


Place = SqlitePlace | PostgresPlace


def place() -> Place:
    """Where a restore fills this installation's database."""
    return SqlitePlace() if uses_sqlite() else PostgresPlace()


def leave(filled: Place) -> None:
    """Clear a place that will not be used; a database that is gone meanwhile is no reason to hide why."""
    with suppress(Exception):
        filled.clear()


def data_dir() -> Path:
    """The data folder."""
    folder: Path = settings.DATA_DIR
    return folder
