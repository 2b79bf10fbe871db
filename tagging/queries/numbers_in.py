"""Many numbers in one value of a statement, however many they are."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Lookup, Q, Value
from django.db.models.sql.compiler import SQLCompiler


def is_one_of(field: str, numbers: Iterable[int]) -> Q:
    """Return that a whole number is one of these; `IN` has a largest number of values, this has none."""
    return Q(_IsOneOf(F(field), Value(json.dumps(list(numbers)))))


class _IsOneOf(Lookup[int]):
    lookup_name = "is_one_of"
    prepare_rhs = False

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        return self._in("SELECT value FROM json_each({})", compiler, connection)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        return self._in("SELECT value::bigint FROM json_array_elements_text({}::json)", compiler, connection)

    def _in(
        self, list_of: str, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        return f"{left} IN ({list_of.format(right)})", (*left_values, *right_values)
