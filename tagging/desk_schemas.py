"""What the API takes and gives for the desk's quick ways: tags at hand, the trainer's text, one question a picture."""

from __future__ import annotations

from ninja import Field, Schema

from tagging.models import Spelling
from tagging.queries.asking import PicturesToAsk
from tagging.queries.quick_tags import TagAtHand
from tagging.queries.reading import Reading
from tagging.text import LONGEST_CAPTION
from tagging.tokens import MOST_CLIP_TOKENS, MOST_T5_TOKENS


class TagAtHandOut(Schema):
    """A tag, and its category by word and by colour; empty where it has none."""

    name: str
    category: str
    colour: str

    @classmethod
    def of(cls, tag: TagAtHand) -> TagAtHandOut:
        """Build it from what was read."""
        return cls(name=tag.name, category=tag.category, colour=tag.colour)


class QuickTagOut(TagAtHandOut):
    """A tag on a key."""

    slot: int


class QuickTagsOut(Schema):
    """The keys 1 to 9 that have a tag, in order."""

    tags: list[QuickTagOut]

    @classmethod
    def of(cls, tags: dict[int, TagAtHand]) -> QuickTagsOut:
        """Build it from what was read."""
        return cls(tags=[QuickTagOut(slot=slot, **TagAtHandOut.of(tag).dict()) for slot, tag in tags.items()])


class PinIn(Schema):
    """The tag for a key."""

    tag: str = Field(max_length=2000)


class RecentTagsOut(Schema):
    """The tags that this person added last, the newest first."""

    tags: list[TagAtHandOut]


class WordsIn(Schema):
    """Words of an image as the page shows them, stored or not."""

    tags: list[str] = Field(max_length=2000)
    caption: str = Field("", max_length=2 * LONGEST_CAPTION)


class TokensOut(Schema):
    """How many tokens a text is, and how many trainers read."""

    count: int
    limit: int


class ReadingOut(Schema):
    """The text of the caption file; empty: no file is written. A count is null where it cannot be made here."""

    text: str
    clip: TokensOut | None
    t5: TokensOut | None

    @classmethod
    def of(cls, reading: Reading) -> ReadingOut:
        """Build it from what was composed."""
        return cls(
            text=reading.text,
            clip=_tokens(reading.tokens.clip, MOST_CLIP_TOKENS),
            t5=_tokens(reading.tokens.t5, MOST_T5_TOKENS),
        )


def _tokens(count: int | None, limit: int) -> TokensOut | None:
    return None if count is None else TokensOut(count=count, limit=limit)


class VocabularySettings(Schema):
    """How a dataset spells the tags that come in."""

    spelling: Spelling


class PicturesToAskOut(Schema):
    """Numbers of images in dataset order; go on with `after=next`."""

    images: list[int]
    next: int | None
    total: int

    @classmethod
    def of(cls, page: PicturesToAsk) -> PicturesToAskOut:
        """Build it from what was read."""
        return cls(images=page.image_ids, next=page.next, total=page.total)
