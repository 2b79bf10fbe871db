"""What a filter asks for, as a tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

STATES: Final = ("untagged", "in-progress", "ready", "approved", "changes-requested")
KINDS: Final = ("untagged", "tagged", "duplicate", "small", "blurred", "extreme", "plain", "turned", "namesake")
PARTS: Final = (
    "tags", "caption", "deprecated", "single", "twins", "capitals", "beyond-ascii", "lines", "invisible", "trigger",
    "trigger-tag"
)  # fmt: skip
SOURCES: Final = ("person", "sidecar", "bulk", "rule", "model")
FORMATS: Final = ("jpeg", "png", "webp", "gif", "bmp", "tiff", "avif")
CUTTERS: Final = ("kohya", "ai-toolkit", "onetrainer", "musubi-tuner", "diffusion-pipe", "simpletuner")
NUMBERS: Final = ("tags", "chars", "tokens", "t5", "w", "h", "size")


@dataclass(frozen=True)
class Tag:
    """Has a tag of this name; a pattern, see `tagging.filters.patterns`."""

    pattern: str


@dataclass(frozen=True)
class Category:
    """Has a tag of a category of this name."""

    pattern: str


@dataclass(frozen=True)
class Caption:
    """Its caption holds this."""

    pattern: str


@dataclass(frozen=True)
class Name:
    """Its file name holds this; with a wildcard it is like it as a whole."""

    pattern: str


@dataclass(frozen=True)
class Path:
    """Its folder and file name hold this; with a wildcard they are like it as a whole."""

    pattern: str


@dataclass(frozen=True)
class By:
    """This person put a tag on it, or wrote its caption last."""

    pattern: str


@dataclass(frozen=True)
class Is:
    """One of `KINDS`."""

    kind: str


@dataclass(frozen=True)
class State:
    """Its review is this far: one of `STATES`."""

    state: str


@dataclass(frozen=True)
class Has:
    """Has one of `PARTS`."""

    part: str


@dataclass(frozen=True)
class Format:
    """Its file is one of `FORMATS`."""

    name: str


@dataclass(frozen=True)
class From:
    """Has a tag that came in one of the ways of `SOURCES`."""

    source: str


@dataclass(frozen=True)
class Number:
    """One of `NUMBERS` lies between these, both included; `None` leaves a side open."""

    of: str
    least: int | None
    most: int | None


@dataclass(frozen=True)
class Ratio:
    """Its width by its height lies between these; `None` leaves a side open."""

    low: float | None
    high: float | None
    with_low: bool = True
    with_high: bool = True


@dataclass(frozen=True)
class Dimensions:
    """It is so many pixels wide and high."""

    width: int
    height: int


@dataclass(frozen=True)
class Bucket:
    """A trainer sorts it into this one of `tagging.buckets`."""

    width: int
    height: int


@dataclass(frozen=True)
class Cut:
    """A trainer at a resolution cuts off such a share of it, in hundredths."""

    trainer: str
    resolution: int
    sign: str
    percent: float


@dataclass(frozen=True)
class On:
    """A tag was put on it, or its caption written, on one of these days in UTC, both included."""

    first: date | None
    last: date | None


@dataclass(frozen=True)
class Ago:
    """A tag was put on it, or its caption written, less than so many hours ago; or, `longer`, not less."""

    hours: int
    longer: bool = False


@dataclass(frozen=True)
class Not:
    """What is below is not so."""

    node: Node


@dataclass(frozen=True)
class And:
    """All that is below is so; nothing below is true of every image."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    """Something of what is below is so."""

    nodes: tuple[Node, ...]


Node = (
    Tag | Category | Caption | Name | Path | By | Is | State | Has | Format | From | Number | Ratio | Dimensions
    | Bucket | Cut | On | Ago | Not | And | Or
)  # fmt: skip


def all_of(nodes: Iterable[Node]) -> Node:
    """Join by AND, without a level more than is needed."""
    flat = tuple(inner for node in nodes for inner in (node.nodes if isinstance(node, And) else (node,)))
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(nodes: Iterable[Node]) -> Node:
    """Join by OR, at least one, without a level more than is needed."""
    flat = tuple(inner for node in nodes for inner in (node.nodes if isinstance(node, Or) else (node,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def none_of(node: Node) -> Node:
    """Turn around; twice is not at all."""
    return node.node if isinstance(node, Not) else Not(node)
