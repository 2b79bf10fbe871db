"""Rows as lines of JSON, the same from either database and into either."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

from django.apps.registry import Apps
from django.core.management.color import no_style
from django.db import connection, models
from django.utils.translation import gettext as _

from tagger_project.backup.manifest import Piece, Table
from tagger_project.backup.pieces import Pieces
from tagger_project.backup.problems import DamagedBackup

ENDING = ".jsonl.gz"
ROWS_A_PIECE = 50_000
_AT_ONCE = 1000
# Somebody who is signed in is not so after a restore, and a backup that is stolen signs nobody in.
LEFT_OUT = frozenset({"sessions.session"})

AnyModel = type[models.Model]


def tables_of(apps: Apps) -> list[AnyModel]:
    """Return the models whose rows belong to a backup: each after those that it refers to, where there is no circle."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in LEFT_OUT
    ]
    ordered: dict[str, AnyModel] = {}
    for model in sorted(found, key=lambda each: each._meta.label_lower):
        _after_what_it_needs(model, ordered, set())
    return [model for model in ordered.values() if model in found]


def _after_what_it_needs(model: AnyModel, ordered: dict[str, AnyModel], above: set[str]) -> None:
    label = model._meta.label_lower
    if label in ordered or label in above:
        return
    for field in model._meta.local_fields:
        related = field.related_model
        if isinstance(related, type) and issubclass(related, models.Model):
            _after_what_it_needs(related, ordered, {*above, label})
    ordered[label] = model


def all_rows(model: AnyModel) -> models.QuerySet[Any]:
    """Return the rows of a table, past the managers of its model, which may leave some out."""
    return models.QuerySet(model)


def columns(model: AnyModel) -> list[models.Field[Any, Any]]:
    """Return the columns of a table that are stored; what the database works out itself is none of them."""
    return [field for field in model._meta.local_concrete_fields if not getattr(field, "generated", False)]


# --- Out ------------------------------------------------------------------------------------------


def write_table(model: AnyModel, pieces: Pieces) -> Table:
    """Write the rows of a table as pieces.

    To be called inside a transaction that sees one moment. Rows come and go one by one: memory does not grow with them.

    Raises:
        OSError: the disk of the backup is full or refuses.
    """
    fields = columns(model)
    names = [field.attname for field in fields]
    rows = all_rows(model).order_by("pk").values_list(*names).iterator(chunk_size=2000)
    found = list(_pieces(rows, pieces))
    return Table(model._meta.label_lower, names, found, _last_id(model))


def write_lines(lines: Iterator[Any], pieces: Pieces) -> Piece | None:
    """Write up to a piece full of lines; nothing where there are none."""
    path, count = pieces.new_path(), 0
    try:
        # The same rows have to make the same bytes: without a time and a name in the header.
        with path.open("xb") as file, gzip.GzipFile("", "wb", compresslevel=3, fileobj=file, mtime=0) as packed:
            path.chmod(0o600)
            for line in islice(lines, ROWS_A_PIECE):
                packed.write(json.dumps(line, default=_plain, separators=(",", ":")).encode() + b"\n")
                count += 1
        return pieces.keep(path, ENDING, count) if count else None
    finally:
        path.unlink(missing_ok=True)


def _pieces(lines: Iterator[Any], pieces: Pieces) -> Iterator[Piece]:
    while (piece := write_lines(lines, pieces)) is not None:
        yield piece


def _plain(value: object) -> object:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode("ascii")
        case uuid.UUID() | Decimal():
            return str(value)
    raise TypeError(f"{type(value).__name__} has no form in a backup.")


# --- In -------------------------------------------------------------------------------------------


def read_lines(piece: Piece, pieces: Pieces) -> Iterator[Any]:
    """Read the lines of a piece that was found whole.

    Raises:
        DamagedBackup: it is missing or not whole.
    """
    with pieces.open(piece) as file, gzip.GzipFile(fileobj=file) as packed:
        for line in packed:
            yield json.loads(line)


def load_table(model: AnyModel, table: Table, pieces: Pieces) -> int:
    """Load the rows of a table into an empty one, with their numbers; returns how many.

    To be called inside a transaction.

    Raises:
        DamagedBackup: rows are missing or of other columns.
    """
    fields = _fields(model, table)
    readers = [_reader(field) for field in fields]
    loaded = 0
    for piece in table.pieces:
        lines = read_lines(piece, pieces)
        while some := list(islice(lines, _AT_ONCE)):
            made = [_row(model, table.fields, readers, line) for line in some]
            all_rows(model).bulk_create(made, batch_size=_AT_ONCE)
            loaded += len(made)
    if loaded != table.rows:
        raise DamagedBackup(_("The backup is damaged: rows of %(table)s are missing.") % {"table": table.model})
    return loaded


def _fields(model: AnyModel, table: Table) -> list[models.Field[Any, Any]]:
    by_name = {field.attname: field for field in columns(model)}
    if set(by_name) != set(table.fields):
        raise DamagedBackup(
            _("The backup does not fit its own schema: the columns of %(table)s differ.") % {"table": table.model}
        )
    for field in by_name.values():
        if isinstance(field, models.DateField | models.TimeField):
            # These are copies of the model's own: what a row says of its moment is true, not the moment of loading.
            field.auto_now = field.auto_now_add = False
    return [by_name[name] for name in table.fields]


def _row(model: AnyModel, names: Sequence[str], readers: Sequence[Any], line: Sequence[Any]) -> models.Model:
    values = {
        name: value if value is None or read is None else read(value)
        for name, read, value in zip(names, readers, line, strict=True)
    }
    return model(**values)


def _reader(field: models.Field[Any, Any]) -> Any:
    """Return what makes a value of what JSON has in its place; nothing where that is the value."""
    if isinstance(field, models.ForeignKey):
        field = field.target_field
    match field:
        case models.BinaryField():
            return base64.b64decode
        case models.DateTimeField():
            return datetime.fromisoformat
        case models.JSONField():
            return None
    return field.to_python


# --- Numbers of rows --------------------------------------------------------------------------------


def _last_id(model: AnyModel) -> int:
    """Return the highest number that was given, also to a row that is gone: it is not to be given again."""
    field = model._meta.auto_field
    if field is None:
        return 0
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        else:
            quote = connection.ops.quote_name
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [quote(table), field.column])
            cursor.execute(f"SELECT last_value FROM {cursor.fetchone()[0]} WHERE is_called")  # noqa: S608 (a name of the catalogue's)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def set_last_ids(loaded: Sequence[tuple[AnyModel, Table]]) -> None:
    """Let new rows be numbered behind all that were ever there."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model for model, _table in loaded]):
            cursor.execute(statement)
        for model, table in loaded:
            field = model._meta.auto_field
            if field is not None and table.last_id:
                _raise_last_id(cursor, model._meta.db_table, str(field.column), table.last_id)


def _raise_last_id(cursor: Any, table: str, column: str, last: int) -> None:
    if connection.vendor == "sqlite":
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s AND seq < %s", [table, last])
        cursor.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT %s, %s "
            "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = %s)",
            [table, last, table],
        )
    else:
        sequence = [connection.ops.quote_name(table), column]
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [*sequence, last])
