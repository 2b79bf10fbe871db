"""From tokens to the tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

from tagging.filters.tokens import FilterError, Token, read_tokens
from tagging.filters.tree import KINDS, STATES, And, Caption, Is, Name, Node, Not, State, Tag
from tagging.text import one_line


def parse_filter(text: str) -> And:
    """Return what a filter asks for; an empty one asks for nothing, so every image has it.

    Raises:
        FilterError: it cannot be read; the error says where.
    """
    return And(tuple(_node(token) for token in read_tokens(text)))


def _node(token: Token) -> Node:
    node = _MAKERS[token.key](token)
    return Not(node) if token.is_negated else node


def _one_of(token: Token, known: tuple[str, ...]) -> str:
    value = token.value.strip().lower().replace("_", "-").replace(" ", "-")
    if value not in known:
        raise FilterError(token.key, token.value, token.start, token.end)
    return value


def _words(token: Token) -> str:
    words = one_line(token.value)
    if not words:
        raise FilterError("empty", token.value, token.start, token.end)
    return words


# `_one_of` has made sure of the literal.
_MAKERS: dict[str, Callable[[Token], Node]] = {
    "": lambda token: Tag(_words(token)),
    "tag": lambda token: Tag(_words(token)),
    "is": lambda token: Is(cast('Literal["untagged", "tagged"]', _one_of(token, KINDS))),
    "state": lambda token: State(_one_of(token, STATES)),
    "caption": lambda token: Caption(_words(token)),
    "name": lambda token: Name(_words(token)),
}
