"""`manage.py split_tag TAG PART PART …`: one word that says several things becomes several."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from tagging.management.rewording import RewordingCommand
from tagging.services.rewording import Kind, Rewording


class Command(RewordingCommand):
    """Split a tag."""

    help = "Put several tags in the place of one, on the images of a dataset or of a filter, or everywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("tag", help="The tag that goes.")
        parser.add_argument("parts", nargs="+", metavar="PART", help="The tags that come, in order.")
        parser.add_argument("--filter", default="", help="Only on the images that this filter asks for.")
        super().add_arguments(parser)

    def asked(self, options: dict[str, Any]) -> list[Rewording]:
        """Return the one split."""
        parts = tuple(options["parts"])
        return [Rewording(Kind.SPLIT, options["tag"], parts, dataset=options["dataset"], filter=options["filter"])]
