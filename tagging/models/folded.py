"""Names as they are compared where case and underscores do not count."""

from __future__ import annotations

from django.db.models import CharField, Func


class Folded(Func):
    """A text in small letters with blanks for underscores, as the database can: some know the capitals of ASCII only.

    The signs stand in the statement itself: an index on an expression is found only where nothing of it is a value.
    """

    template = "LOWER(REPLACE(%(expressions)s, '_', ' '))"
    arity = 1
    output_field = CharField()
