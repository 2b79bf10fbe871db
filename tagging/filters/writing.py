"""From the tree back to text: what `parse_filter` reads as the same tree. Pure."""

from __future__ import annotations

from tagging.filters.errors import FilterError
from tagging.filters.grammar import parse_filter
from tagging.filters.tree import (
    Ago,
    And,
    Bucket,
    By,
    Caption,
    Category,
    Cut,
    Dimensions,
    Format,
    From,
    Has,
    Is,
    Name,
    Node,
    Not,
    Number,
    On,
    Or,
    Path,
    Ratio,
    State,
    Tag,
)


def write_filter(node: Node) -> str:
    """Return a filter that asks for this, with no more parentheses and quotes than it takes."""
    if isinstance(node, Or):
        return " OR ".join(_operand(each) if isinstance(each, Or) else write_filter(each) for each in node.nodes)
    if isinstance(node, And):
        return " ".join(_operand(each) for each in node.nodes)
    if isinstance(node, Not):
        return f"-{_operand(node.node)}"
    return _condition(node)


def _operand(node: Node) -> str:
    text = write_filter(node)
    return f"({text})" if isinstance(node, And | Or) else text


def _condition(node: Node) -> str:
    if isinstance(node, Tag):
        return node.pattern if _can_be_bare(node.pattern, node.pattern, node) else f"tag:{_quoted(node.pattern)}"
    if isinstance(node, Category | Caption | Name | Path | By):
        key = type(node).__name__.lower()
        bare = f"{key}:{node.pattern}"
        return bare if _can_be_bare(node.pattern, bare, node) else f"{key}:{_quoted(node.pattern)}"
    if isinstance(node, Is):
        return f"is:{node.kind}"
    if isinstance(node, State):
        return f"state:{node.state}"
    if isinstance(node, Has):
        return f"has:{node.part}"
    if isinstance(node, Format):
        return f"format:{node.name}"
    if isinstance(node, From):
        return f"source:{node.source}"
    return _measure(node)


def _measure(node: Node) -> str:
    if isinstance(node, Number):
        return f"{node.of}:{_span(node.least, node.most)}"
    if isinstance(node, Dimensions | Bucket):
        return f"{'size' if isinstance(node, Dimensions) else 'bucket'}:{node.width}x{node.height}"
    if isinstance(node, Cut):
        return f"cut:{node.trainer}@{node.resolution}{node.sign}{node.percent:g}"
    if isinstance(node, On):
        return f"at:{_span(node.first, node.last)}"
    if isinstance(node, Ago):
        return f"at:{'>' if node.longer else '<'}{node.hours}h"
    if isinstance(node, Ratio):
        if node.low is None:
            return f"ar:<{'=' * node.with_high}{node.high}"
        return f"ar:{node.low}..{node.high}" if node.high is not None else f"ar:>{'=' * node.with_low}{node.low}"
    raise TypeError(node)


def _span(low: object, high: object) -> str:
    if low == high:
        return f"={low}"
    return f"{'' if low is None else low}..{'' if high is None else high}"


def _quoted(pattern: str) -> str:
    return '"' + pattern.replace('"', '""') + '"'


def _can_be_bare(pattern: str, text: str, node: Node) -> bool:
    """Whether it is read so wherever it may stand: alone, after a sign, before a parenthesis, beside any other word."""
    # What comes later may close a quote that was none.
    if pattern.startswith("'"):
        return False
    try:
        return parse_filter(text) == node and parse_filter(f"(-{text})") == Not(node)
    except FilterError:
        return False
