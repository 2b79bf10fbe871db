"""Whether an image of a version is what a rule shows: told from the whole where filters leave it open. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from tagging.filters.judging import Judge
from tagging.filters.tree import Cut, Has, Is, Node
from tagging.linting import marks
from tagging.suggesting.folding import fold
from tagging.trainers.bucketing import BUCKETERS
from tagging.trainers.records import FrozenImage

CUT_SIGNS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
)
_HUNDREDTHS = 100


@dataclass(frozen=True)
class Whole:
    """What is told of an image from all others of its version, and from the vocabulary.

    Attributes:
        trigger: the trigger word as it is written; empty for none.
        single: tags on one image alone.
        deprecated: tags that are not used any more.
        alike: places of images that look like another.
        namesakes: places of images that share their name with another but for the extension.
    """

    trigger: str
    single: frozenset[str]
    deprecated: frozenset[str]
    alike: frozenset[int]
    namesakes: frozenset[int]

    def judge(self, node: Node) -> Judge | None:
        """Return what tells of an image whether a condition is so; `None` for one that this does not know."""
        if isinstance(node, Cut):
            return _is_cut(node)
        if node == Has("trigger"):
            return _has_trigger(self.trigger)
        if node == Has("trigger-tag"):
            return self._has_trigger_tag()
        if node in (Has("single"), Has("deprecated")):
            names = self.single if node == Has("single") else self.deprecated
            return lambda image: any(tag.name in names for tag in image.tags)
        if node in (Is("duplicate"), Is("namesake")):
            places = self.alike if node == Is("duplicate") else self.namesakes
            return lambda image: image.position in places
        return _OF_WORDS.get(node)

    def _has_trigger_tag(self) -> Judge:
        trigger, folded = self.trigger, fold(self.trigger)
        return lambda image: any(
            trigger != "" and tag.name != trigger and fold(tag.name) == folded for tag in image.tags
        )


def _is_cut(node: Cut) -> Judge:
    holds, bucketer = CUT_SIGNS[node.sign], BUCKETERS[node.trainer]

    # Many pictures have few sizes.
    @lru_cache(maxsize=10_000)
    def loses(width: int, height: int) -> bool:
        return holds(bucketer.fit(width, height, node.resolution).cut * _HUNDREDTHS, node.percent)

    return lambda image: loses(image.width, image.height)


def _has_trigger(trigger: str) -> Judge:
    if not trigger:
        return lambda image: False
    within = re.compile(marks.trigger_in_prose(trigger), re.IGNORECASE)
    begins = re.compile(marks.prose_begins_otherwise(trigger), re.IGNORECASE)
    as_written = re.compile(marks.prose_begins(trigger))

    def judge(image: FrozenImage) -> bool:
        text = image.caption
        return bool(within.search(text) or (begins.search(text) and not as_written.search(text)))

    return judge


def _has_twins(image: FrozenImage) -> bool:
    return len({fold(tag.name) for tag in image.tags}) < len(image.tags)


def _in_caption(pattern: str) -> Judge:
    has = re.compile(pattern).search
    return lambda image: has(image.caption) is not None


def _has_capitals(image: FrozenImage) -> bool:
    return any(_CAPITAL.search(tag.name) for tag in image.tags)


def _goes_beyond_ascii(image: FrozenImage) -> bool:
    return not (image.caption.isascii() and all(tag.name.isascii() for tag in image.tags))


_CAPITAL = re.compile(marks.CAPITALS)
_OF_WORDS: Mapping[Node, Judge] = MappingProxyType(
    {
        Has("twins"): _has_twins,
        Has("lines"): _in_caption(marks.LINES),
        Has("invisible"): _in_caption(marks.INVISIBLE),
        Has("capitals"): _has_capitals,
        Has("beyond-ascii"): _goes_beyond_ascii,
    }
)
