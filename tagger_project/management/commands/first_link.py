"""`manage.py first_link`: the link that makes the first account, where no `manage.py up` prints it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tagger_project import auth
from tagger_project.accounts.first_account import FirstAccountRefused, make_link


class Command(BaseCommand):
    """Prints a link that works once, for a day."""

    help = "Print a link that makes the first account. It works once, for a day; an earlier link ends."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--address", default=likely_address(), help="Where the pages are, as browsers type it.")

    def handle(self, **arguments: Any) -> None:
        """Print the link, and nothing else.

        Raises:
            CommandError: there are accounts, or none are wanted.
        """
        if auth.is_open():
            raise CommandError(_("There are no accounts in open mode. Set AUTH_MODE=password first."))
        try:
            self.stdout.write(make_link(arguments["address"]))
        except FirstAccountRefused as error:
            raise CommandError(str(error)) from error


def likely_address() -> str:
    """Where browsers find the pages, as far as the settings tell."""
    if settings.CSRF_TRUSTED_ORIGINS:
        return str(settings.CSRF_TRUSTED_ORIGINS[0])
    scheme = "https" if settings.SESSION_COOKIE_SECURE else "http"
    return f"{scheme}://{next(iter(settings.ALLOWED_HOSTS), 'localhost')}"
