"""Whether an image of a version is what a filter asks for, told from what is written of it. Pure.

A version knows words and measures, and nothing of who did what and when, nor of other images. What cannot be told from
it is refused rather than answered wrongly. Upper and lower case are the same in every script.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any

from datasets.quality import BLURRED_BELOW, EXTREME_RATIO, TOO_SMALL_PIXELS
from tagging.buckets import bucket_of
from tagging.filters import tree
from tagging.filters.patterns import Wild, is_wild, read_pattern
from tagging.text import SEPARATOR
from tagging.trainers.records import FrozenImage

Judge = Callable[[FrozenImage], bool]
# Returns the names of the tags that a pattern is another spelling of.
FindAliases = Callable[[str], Collection[str]]
Further = Callable[[tree.Node], Judge | None]

_WILD = {Wild.ANYTHING: ".*", Wild.ONE: "."}


class NotJudged(Exception):
    """A condition that cannot be told from a version; `args[0]` is its node."""


def judge_by(node: tree.Node, find_aliases: FindAliases, further: Further | None = None) -> Judge:
    """Return what tells of an image whether it is what a filter asks for.

    Args:
        node: the filter.
        find_aliases: asked once for each tag of the filter.
        further: tells of conditions that are told from more than the image; `None` where it does not know one either.

    Raises:
        NotJudged: something of it cannot be told from a version.
    """
    if isinstance(node, tree.And):
        all_of = [judge_by(each, find_aliases, further) for each in node.nodes]
        return lambda image: all(judge(image) for judge in all_of)
    if isinstance(node, tree.Or):
        any_of = [judge_by(each, find_aliases, further) for each in node.nodes]
        return lambda image: any(judge(image) for judge in any_of)
    if isinstance(node, tree.Not):
        inner = judge_by(node.node, find_aliases, further)
        return lambda image: not inner(image)
    known = further(node) if further is not None else None
    if known is not None:
        return known
    if isinstance(node, tree.Tag):
        return _has_tag(node.pattern, find_aliases(node.pattern))
    return _leaf(node)


def _leaf(node: tree.Node) -> Judge:
    if isinstance(node, tree.Is) and node.kind in _KINDS:
        return _KINDS[node.kind]
    if isinstance(node, tree.Has) and node.part in _PARTS:
        return _PARTS[node.part]
    if type(node) not in _MAKERS or (isinstance(node, tree.Number) and node.of not in _NUMBERS):
        raise NotJudged(node)
    return _MAKERS[type(node)](node)


def _has_tag(pattern: str, aliases: Collection[str]) -> Judge:
    # The same names come again and again.
    is_like = lru_cache(maxsize=20_000)(_like(pattern))
    return lambda image: any(tag.name in aliases or is_like(tag.name) for tag in image.tags)


def _has_category(node: tree.Category) -> Judge:
    is_like = lru_cache(maxsize=1_000)(_like(node.pattern))
    return lambda image: any(tag.category != "" and is_like(tag.category) for tag in image.tags)


def _has_caption(node: tree.Caption) -> Judge:
    is_like = _like(f"*{node.pattern}*")
    return lambda image: image.caption != "" and is_like(image.caption)


def _is_named(node: tree.Name) -> Judge:
    is_like = _named(node.pattern)
    return lambda image: is_like(image.original_name)


def _is_at(node: tree.Path) -> Judge:
    is_like = _named(node.pattern)
    return lambda image: is_like(f"{image.relative_path}/{image.original_name}")


def _is_between(node: tree.Number) -> Judge:
    count = _NUMBERS[node.of]
    least, most = node.least, node.most
    return lambda image: (least is None or count(image) >= least) and (most is None or count(image) <= most)


def _is_shaped(node: tree.Ratio) -> Judge:
    def judge(image: FrozenImage) -> bool:
        shape = image.width / image.height
        is_above = node.low is None or shape > node.low or (node.with_low and shape == node.low)
        return is_above and (node.high is None or shape < node.high or (node.with_high and shape == node.high))

    return judge


def _is_of_state(node: tree.State) -> Judge:
    state = node.state.upper().replace("-", "_")
    return lambda image: image.review_state == state


def _length_of_text(image: FrozenImage) -> int:
    parts = [*(tag.name for tag in image.tags), *([image.caption] if image.caption else [])]
    return len(SEPARATOR.join(parts))


_NUMBERS: dict[str, Callable[[FrozenImage], int]] = {
    "tags": lambda image: len(image.tags),
    "chars": _length_of_text,
    "w": lambda image: image.width,
    "h": lambda image: image.height,
    "size": lambda image: image.byte_size,
}
_KINDS: dict[str, Judge] = {
    "tagged": lambda image: bool(image.tags or image.caption),
    "untagged": lambda image: not (image.tags or image.caption),
    "small": lambda image: image.width * image.height < TOO_SMALL_PIXELS,
    "blurred": lambda image: image.sharpness is not None and image.sharpness < BLURRED_BELOW,
    "extreme": lambda image: max(image.width, image.height) > min(image.width, image.height) * EXTREME_RATIO,
    "plain": lambda image: image.is_plain,
    "turned": lambda image: image.orientation > 1,
}
_PARTS: dict[str, Judge] = {
    "tags": lambda image: bool(image.tags),
    "caption": lambda image: image.caption != "",
}
_MAKERS: dict[type[Any], Callable[[Any], Judge]] = {
    tree.Category: _has_category,
    tree.Caption: _has_caption,
    tree.Name: _is_named,
    tree.Path: _is_at,
    tree.State: _is_of_state,
    tree.Format: lambda node: lambda image: image.format == node.name.upper(),
    tree.Number: _is_between,
    tree.Ratio: _is_shaped,
    tree.Dimensions: lambda node: lambda image: (image.width, image.height) == (node.width, node.height),
    tree.Bucket: lambda node: lambda image: bucket_of(image.width, image.height) == (node.width, node.height),
}


def _named(pattern: str) -> Callable[[str], bool]:
    """A text has this in it; or, with a wildcard, is like it as a whole."""
    return _like(pattern if is_wild(pattern) else f"*{pattern}*")


def _like(pattern: str) -> Callable[[str], bool]:
    parts = [_WILD[part] if isinstance(part, Wild) else re.escape(_fold(part)) for part in read_pattern(pattern)]
    expression = re.compile("".join(parts), re.DOTALL)
    return lambda text: expression.fullmatch(_fold(text)) is not None


def _fold(text: str) -> str:
    return text.replace("_", " ").lower()
