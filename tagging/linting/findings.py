"""What a rule says of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from tagging.filters.tree import And, Node
from tagging.linting.facts import Facts

Level = Literal["error", "warning", "hint"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""`error`: the training stops or images are lost; `warning`: it trains something else than meant; `hint`: it is good to
know."""

EVERY_IMAGE = And(())
MOST_RENAMED = 1_000
"""A fix renames no more tags at once."""


@dataclass(frozen=True)
class Mending:
    """What is done to words, on the images that a finding shows; all of it is one entry of the history.

    Attributes:
        renames: tags, each with those that come in its place; none take it off.
        pattern: a regular expression that is replaced in captions; empty for none.
        replacement: what comes in its place.
        without_twins: of tags that differ in case and underscores only, the first stays.
    """

    renames: tuple[tuple[str, tuple[str, ...]], ...] = ()
    pattern: str = ""
    replacement: str = ""
    without_twins: bool = False


@dataclass(frozen=True)
class Fix:
    """What one click does: it mends words, or it changes options of the export.

    Attributes:
        id: its name within the rule.
        mending: what is done to words; `None` for options.
        options: keys of `ExportOptions` with their new values, those of a group within a mapping of their own.
        named: what its label names.
    """

    id: str
    mending: Mending | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    named: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Found:
    """What a rule found.

    Attributes:
        level: how bad it is for the trainer.
        images: which images, of those that the export is for; `EVERY_IMAGE` for all, `None` for none of its images.
        wording: which of the rule's sentences; empty for the first.
        named: what the sentence names.
        fix: what mends it.
        is_absolute: the images are not among those of the export: they are told as they are.
        count: on how many images, where that was counted already.
    """

    level: Level
    images: Node | None = EVERY_IMAGE
    wording: str = ""
    named: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    fix: Fix | None = None
    is_absolute: bool = False
    count: int | None = None


Look = Callable[[Facts], Found | None]


@dataclass(frozen=True)
class Rule:
    """One thing that can go wrong.

    Attributes:
        id: its name, for ever: links and documents use it.
        look: finds it; `None` where there is nothing.
        profiles: the slugs of those whom it concerns; empty for all.
    """

    id: str
    look: Look
    profiles: frozenset[str] = frozenset()

    def concerns(self, profile: str) -> bool:
        """Whether a profile has to do with it."""
        return not self.profiles or profile in self.profiles
