"""`manage.py migrate`: Django's own, that leaves alone what a newer program has written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from tagger_project.schema import NewerSchema, refuse_newer_schema


class Command(migrate.Command):
    """Refuses tables that this program does not know, where Django would say that there is nothing to do."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring the tables up to date.

        Raises:
            CommandError: a newer program has changed them.
        """
        if options["database"] == "default":
            try:
                refuse_newer_schema()
            except NewerSchema as error:
                raise CommandError(str(error)) from error
        super().handle(*args, **options)
