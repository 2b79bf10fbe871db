"""`manage.py make_token NAME --user USER --scope read …`: a token for a script, without the page."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tagger_project.api.tokens import TokenRefused, make_token
from tagger_project.models.api_token import Scope


class Command(BaseCommand):
    """Makes an API token and prints its secret, once."""

    help = "Make an API token for a person and print it; nobody can read it again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Take whose it is and what it may do."""
        parser.add_argument("name", help="what it is for, such as “nightly export”")
        parser.add_argument("--user", required=True, help="whose token it is: their user name")
        parser.add_argument("--scope", action="append", required=True, choices=Scope.values, help="as often as wished")
        parser.add_argument("--days", type=int, default=90, help="how long it works; 0 for ever (default: 90)")

    def handle(self, **options: Any) -> None:
        """Make it."""
        user = get_user_model().objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody is called “{options['user']}”. Look at the names in the admin.")
        expires_at = timezone.now() + timedelta(days=options["days"]) if options["days"] else None
        try:
            _token, secret = make_token(user, name=options["name"], scopes=options["scope"], expires_at=expires_at)
        except TokenRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(secret)
