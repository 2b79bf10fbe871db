"""What the API of histories takes and gives."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from tagging.queries.history import Blame, HistoryPage
from tagging.services.undoing import Undone


class TagToldOut(Schema):
    """A tag of an entry: what was done to it, and on how many images."""

    name: str
    kind: Literal["ADD", "REMOVE", "MOVE"]
    images: int


class CaptionToldOut(Schema):
    """The beginnings of a caption's text, before and after."""

    before: str
    after: str


class WhoWhenOut(Schema):
    """Somebody at a moment; `who` is empty for nobody by name."""

    who: str
    when: datetime


class ImageToldOut(Schema):
    """An image of an entry."""

    id: int
    name: str


class EntryOut(Schema):
    """One entry of a history: what was done in one go."""

    id: int
    by: str = Field(description="Empty for nobody by name.")
    at: datetime
    source: str
    how: str = Field(description="The source in words.")
    reason: str
    undoes: int | None = Field(description="The entry that this one took back.")
    images: int
    image: ImageToldOut | None = Field(description="The first of them.")
    added: int
    removed: int
    moved: int
    captions: int
    tags: list[TagToldOut] = Field(description="The tags it concerns most, at most eight.")
    more_tags: int
    caption: CaptionToldOut | None = Field(description="Of the first caption it changed.")
    taken_back: WhoWhenOut | None = Field(description="Who took it back, if that stands; a part of it may be left.")


class HistoryOut(Schema):
    """Entries, newest first."""

    entries: list[EntryOut]
    next: int | None

    @classmethod
    def of(cls, page: HistoryPage) -> HistoryOut:
        """Build it from what was read."""
        return cls(entries=[EntryOut.from_orm(entry) for entry in page.entries], next=page.next)


class BlameOut(Schema):
    """How a tag got onto an image; `change` is null where that was before there was a history."""

    tag: str
    by: str
    at: datetime
    source: str
    how: str
    reason: str
    change: int | None
    is_put_back: bool = Field(description="It was there before, and came back when something was taken back.")


class BlamesOut(Schema):
    """The tags of an image in order."""

    tags: list[BlameOut]

    @classmethod
    def of(cls, blames: Sequence[Blame]) -> BlamesOut:
        """Build it from what was read."""
        return cls(tags=[BlameOut.from_orm(blame) for blame in blames])


class UndoIn(Schema):
    """What takes back an entry."""

    key: uuid.UUID = Field(description="Made by the sender, unique for ever: sent twice it counts once.")
    after: int = Field(0, ge=0, lt=2**63, description="Go on after this image, as the answer before said.")


class LeftAloneOut(Schema):
    """A word that stays as it is now; `tag` is empty for the caption."""

    image_id: int
    image_name: str
    tag: str
    why: str


class UndoneOut(Schema):
    """What became of taking back an entry."""

    change: int | None = Field(description="The entry that took it back: to undo the undo.")
    images: int
    reverted: int
    left: int = Field(description="How many words stay as they are now.")
    left_images: int
    kept: list[LeftAloneOut] = Field(description="The first 200 of them.")
    next: int | None

    @classmethod
    def of(cls, undone: Undone) -> UndoneOut:
        """Build it from what was done."""
        return cls(
            change=undone.change.pk if undone.change else None,
            images=undone.images,
            reverted=undone.reverted,
            left=undone.left,
            left_images=undone.left_images,
            kept=[LeftAloneOut.from_orm(kept) for kept in undone.kept],
            next=undone.next,
        )
