"""How tags are written: what joins them, how they are spelled, in which order, and which of them stay in front."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from tagging.text import one_line, spell_tag
from tagging.trainers.records import FrozenTag

Underscores = Literal["keep", "spaces", "underscores"]
Order = Literal["as_tagged", "alphabet", "category", "category_then_alphabet"]
UNDERSCORES: tuple[Underscores, ...] = get_args(Underscores)
ORDERS: tuple[Order, ...] = get_args(Order)

_SPELLINGS = {"keep": "", "spaces": "SPACES", "underscores": "UNDERSCORES"}
_BARE_PARENTHESIS = re.compile(r"(?<!\\)([()])")


@dataclass(frozen=True, slots=True)
class TagStyle:
    r"""How tags are written into a text.

    Attributes:
        separator: what stands between two tags.
        underscores: the blanks in a tag's name as they are, as `spaces`, or as `underscores`; faces stay.
        escape_parentheses: `name \(series\)`; only for what reads prompts with weights. Else as they are.
        order: as a person put them, or sorted. Categories go by their names; tags without one come last.
        kept: `None` where the trainer reads the tags in this order; else it shuffles them, and all that stands before
            the tags and this many of them stay in front.
        marker: what stands in the text behind that part (kohya: `|||`); without it the trainer's configuration counts.
        secondary: what joins neighbours of one category so that they are shuffled together (kohya: `;;;`).
        keeps_prose_start: prose that begins with the trigger word, directly behind the trigger word, brings its own:
            `ohwx woman` stays. Else the trigger word is followed by what the template says.
    """

    separator: str = ", "
    underscores: Underscores = "keep"
    escape_parentheses: bool = False
    order: Order = "as_tagged"
    kept: int | None = None
    marker: str | None = None
    secondary: str | None = None
    keeps_prose_start: bool = True

    @property
    def changes_names(self) -> bool:
        """Whether a tag may be written otherwise than it is stored."""
        return self.underscores != "keep" or self.escape_parentheses

    def spell(self, name: str) -> str:
        """Return a tag as it is written, on one line; empty where nothing is left."""
        return _spell(name, _SPELLINGS[self.underscores], escape_parentheses=self.escape_parentheses)

    def sort(self, tags: Iterable[FrozenTag]) -> list[FrozenTag]:
        """Return tags in the order in which they are written."""
        if self.order == "as_tagged":
            return list(tags)
        if self.order == "alphabet":
            return sorted(tags, key=_by_name)
        if self.order == "category":
            return sorted(tags, key=_by_category)
        return sorted(tags, key=lambda tag: (_by_category(tag), _by_name(tag)))

    def join(self, tags: Sequence[tuple[str, str]]) -> str:
        """Return written tags, each with its category, as one text."""
        text = ""
        before: str | None = None
        for name, category in tags:
            if text:
                text += self.secondary if self.secondary and category and category == before else self.separator
            text += name
            before = category
        return text


# The same few thousand names come again and again in an export.
@lru_cache(maxsize=65_536)
def _spell(name: str, spelling: str, *, escape_parentheses: bool) -> str:
    spelled = spell_tag(one_line(name), spelling)
    return _BARE_PARENTHESIS.sub(r"\\\1", spelled) if escape_parentheses else spelled


def _by_name(tag: FrozenTag) -> tuple[str, str]:
    return tag.name.casefold(), tag.name


def _by_category(tag: FrozenTag) -> tuple[bool, str]:
    return not tag.category, tag.category.casefold()
