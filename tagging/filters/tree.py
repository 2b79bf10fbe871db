"""What a filter asks for, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

STATES = ("untagged", "in-progress", "ready", "approved", "changes-requested")
KINDS = ("untagged", "tagged")


@dataclass(frozen=True)
class Tag:
    """Has a tag of this name; `*` in it stands for anything."""

    pattern: str


@dataclass(frozen=True)
class Is:
    """Has neither a tag nor a caption, or has either."""

    kind: Literal["untagged", "tagged"]


@dataclass(frozen=True)
class State:
    """Its review is this far: one of `STATES`."""

    state: str


@dataclass(frozen=True)
class Caption:
    """Its caption holds this text."""

    text: str


@dataclass(frozen=True)
class Name:
    """Its file name holds this text; with `*` it is like it as a whole."""

    pattern: str


@dataclass(frozen=True)
class Not:
    """What is below is not so."""

    node: Node


@dataclass(frozen=True)
class And:
    """All that is below is so; nothing below is true of every image."""

    nodes: tuple[Node, ...]


Node = Tag | Is | State | Caption | Name | Not | And
