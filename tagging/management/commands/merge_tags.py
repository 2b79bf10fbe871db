"""`manage.py merge_tags TAG … --into TAG`: several words for one thing become one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from tagging.management.rewording import RewordingCommand, no_alias
from tagging.services.rewording import Kind, Rewording


class Command(RewordingCommand):
    """Merge tags into another one."""

    help = (
        "Put one tag in the place of others. An image that has both keeps the one that stays where it stands. "
        "The old names become aliases, and their aliases and implications those of the tag that stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("tags", nargs="+", metavar="TAG", help="The tags that go.")
        parser.add_argument("--into", required=True, help="The tag that stays.")
        no_alias(parser)
        super().add_arguments(parser)

    def asked(self, options: dict[str, Any]) -> list[Rewording]:
        """Return a merge for each tag."""
        keep = not options["no_alias"]
        return [
            Rewording(Kind.MERGE, tag, (options["into"],), dataset=options["dataset"], keep_alias=keep)
            for tag in dict.fromkeys(options["tags"])
        ]
