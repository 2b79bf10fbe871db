"""`manage.py migrate`: Django's own, that leaves alone what a newer program has written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from datasets.remote import claim_place
from tagger_project.bucket import BucketAway, BucketRefuses
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
            self._check_bucket()
        super().handle(*args, **options)

    def _check_bucket(self) -> None:
        """Refuse keys that the bucket refuses; every start comes through here. One that is away may come back."""
        try:
            claim_place()
        except BucketRefuses as error:
            raise CommandError(error.strerror) from error
        except BucketAway as error:
            self.stderr.write(str(error.strerror))
