"""Which edition of the tables a database has, and whether this program knows it."""

from __future__ import annotations

import functools
from collections.abc import Collection

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

Migration = tuple[str, str]


class NewerSchema(Exception):
    """The tables were made by a newer program; the text says so and what to do."""


class OlderSchema(Exception):
    """The tables have not been brought up to date yet."""


@functools.cache
def known_migrations() -> frozenset[Migration]:
    """The migrations that this program brings, with those that a merged one stands for."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    replaced = {each for migration in loader.disk_migrations.values() for each in migration.replaces}
    return frozenset({*loader.disk_migrations, *replaced})


def applied_migrations() -> list[Migration]:
    """The migrations that the database has gone through, in order of their names; none of an empty one."""
    return sorted(MigrationRecorder(connection).applied_migrations())


def unknown_migrations(applied: Collection[Migration]) -> list[Migration]:
    """Those of them that this program does not know."""
    return sorted(set(applied) - known_migrations())


def refuse_newer_schema() -> None:
    """Refuse tables that a newer program has changed: what it keeps there would be lost or misread here.

    Raises:
        NewerSchema: they are.
    """
    unknown = unknown_migrations(applied_migrations())
    if unknown:
        raise NewerSchema(
            _(
                "The database was written by a newer edition of this program (it has the change %(name)s). "
                "Start that edition, or restore a backup that this one made."
            )
            % {"name": ".".join(unknown[0])}
        )


def check_schema() -> None:
    """Check that the tables are those of this program.

    Raises:
        NewerSchema: a newer one has changed them.
        OlderSchema: `manage.py migrate` has still to run.
    """
    refuse_newer_schema()
    applied = set(applied_migrations())
    if missing := [leaf for leaf in _newest_migrations() if leaf not in applied]:
        raise OlderSchema(".".join(missing[0]))


@functools.cache
def _newest_migrations() -> list[Migration]:
    return list(MigrationLoader(None, ignore_no_migrations=True).graph.leaf_nodes())
