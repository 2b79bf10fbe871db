"""`manage.py rename_tag OLD NEW`: another name for a tag, on all images or on those of a dataset."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from tagging.management.rewording import RewordingCommand, no_alias
from tagging.services.rewording import Kind, Rewording


class Command(RewordingCommand):
    """Rename a tag."""

    help = "Give a tag another name. The old name becomes an alias, so that typing it still finds the tag."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("tag", help="The tag as it is called now.")
        parser.add_argument("name", help="Its new name.")
        no_alias(parser)
        super().add_arguments(parser)

    def asked(self, options: dict[str, Any]) -> list[Rewording]:
        """Return the one rename."""
        keep = not options["no_alias"]
        return [Rewording(Kind.RENAME, options["tag"], (options["name"],), dataset=options["dataset"], keep_alias=keep)]
