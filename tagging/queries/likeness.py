"""Patterns of the filter language as conditions; case and underscores do not count in them."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.lookups import Exact
from django.db.models.sql.compiler import SQLCompiler

from tagging.filters.patterns import Wild, is_wild, read_pattern
from tagging.models import Folded

_OF_LIKE = {Wild.ANYTHING: "%", Wild.ONE: "_"}


def is_like(text: Combinable | str, pattern: str) -> Q:
    """Return that a text, or the field of this name, is like a pattern as a whole."""
    if is_wild(pattern):
        return _is_like(text, _written(pattern))
    # Asked so, an index on what is compared is found.
    plain = "".join(part for part in read_pattern(pattern) if isinstance(part, str)).replace("_", " ")
    condition = Q()
    for spelling in _spellings(plain):
        condition |= Q(Exact(Folded(text), Value(spelling)))
    return condition


def holds(text: Combinable | str, pattern: str) -> Q:
    """Return that a text, or the field of this name, has something like the pattern in it."""
    return _is_like(text, f"%{_written(pattern)}%")


def is_named(text: Combinable | str, pattern: str) -> Q:
    """Return that a text has this in it; or, with a wildcard, is like it as a whole."""
    return is_like(text, pattern) if is_wild(pattern) else holds(text, pattern)


def begins_like(field: str, pattern: str) -> Q:
    """Narrow many words to those with this first letter, along the index of a field."""
    parts = read_pattern(pattern)
    first = parts[0][0] if parts and isinstance(parts[0], str) else ""
    if not (first.isascii() and first.isalpha()):
        return Q()
    condition = Q()
    for letter in (first.lower(), first.upper()):
        # Behind the last letter each collation has something else.
        end = Q() if letter in "zZ" else Q((f"{field}__lt", chr(ord(letter) + 1)))
        condition |= Q(end, (f"{field}__gte", letter))
    return condition


def _is_like(text: Combinable | str, written: str) -> Q:
    condition = Q()
    for spelling in _spellings(written):
        condition |= Q(_Like(Folded(text), Value(spelling)))
    return condition


def _spellings(written: str) -> list[str]:
    """Return how a text may be stored, folded: a database that knows the capitals of ASCII only leaves others."""
    small = "".join(sign.lower() if sign.isascii() else sign for sign in written)
    return list(dict.fromkeys([written.lower(), small]))


def _written(pattern: str) -> str:
    return "".join(_OF_LIKE[part] if isinstance(part, Wild) else _literal(part) for part in read_pattern(pattern))


def _literal(text: str) -> str:
    return text.replace("_", " ").replace("!", "!!").replace("%", "!%")


class _Like(Lookup[str]):
    """`LIKE` with a pattern of our own: Django's lookups escape every sign of it."""

    lookup_name = "like"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        """Write it; `!` goes before signs that mean themselves."""
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        return f"{left} LIKE {right} ESCAPE '!'", (*left_values, *right_values)
