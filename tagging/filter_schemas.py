"""What the API gives to a filter box and to the list of tags beside it."""

from __future__ import annotations

from ninja import Field, Schema

from tagging.queries.completions import Completions
from tagging.queries.tag_counts import TagCounts


class CompletionOut(Schema):
    """What can stand there."""

    text: str
    label: str
    count: int | None = Field(description="On how many images; null where that is not counted.")


class CompletionsOut(Schema):
    """What can stand in the place of what stands from `start` up to `end`."""

    start: int
    end: int
    items: list[CompletionOut]

    @classmethod
    def of(cls, found: Completions) -> CompletionsOut:
        """Build it from what was found."""
        items = [CompletionOut(text=item.text, label=item.label, count=item.count) for item in found.items]
        return cls(start=found.start, end=found.end, items=items)


class TagCountOut(Schema):
    """A tag, its category by word and by colour, empty where it has none, and on how many images it is."""

    name: str
    category: str
    colour: str
    count: int


class TagCountsOut(Schema):
    """How many images match, and the tags on them."""

    images: int
    tags: list[TagCountOut]

    @classmethod
    def of(cls, found: TagCounts) -> TagCountsOut:
        """Build it from what was counted."""
        return cls(images=found.images, tags=[TagCountOut(**vars(tag)) for tag in found.tags])
