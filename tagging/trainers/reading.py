"""Read a caption template: words, separators, placeholders and parts that may be missing. Pure.

{trigger}, {tags:character,copyright}, {tags:-meta}{?. By {tags:artist}} {{literal}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tagging.text import one_line

LONGEST_TEMPLATE = 2000
TAGS, TRIGGER, CAPTION = "tags", "trigger", "caption"
SLOT_WORDS = (TRIGGER, TAGS, CAPTION, "name", "folder", "n", "dataset", "width", "height")
# What a template calls tags that have no category.
NO_CATEGORY = "none"

_PART = re.compile(r"\{\{|\}\}|\{\?|\{[^{}]*\}|[{}]|[^{}]+", re.DOTALL)
# Signs that stand between words: without a word on either side they say nothing.
_SEPARATING = r"[\s,;.:|/\-–—、。，]"
_ONLY_SEPARATING = frozenset(",;|、。，")
_LITERAL = re.compile(rf"({_SEPARATING}*)(.*?)({_SEPARATING}*)", re.DOTALL)


class BadTemplate(ValueError):
    """A template that cannot be read; the text is a code, of which `tagging.queries.template_sentences` has the words.

    Attributes:
        code: `unopened`, `unclosed`, `nested`, `unknown`, `selector`, `category`, `mixed`, `empty` or `long`.
        at: where it is, from 0.
        word: what stands there.
    """

    def __init__(self, code: str, at: int, word: str = "") -> None:
        super().__init__(code)
        self.code, self.at, self.word = code, at, word


@dataclass(frozen=True, slots=True)
class Word:
    """Words that are written as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Separator:
    """What stands between two things, and vanishes with either."""

    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder.

    Attributes:
        word: one of `SLOT_WORDS`.
        categories: of `tags`: those that are meant, folded; empty for all that no other placeholder names.
        is_exclusion: all but those are meant.
    """

    word: str
    categories: frozenset[str] = frozenset()
    is_exclusion: bool = False

    @property
    def takes_the_rest(self) -> bool:
        """Whether it is given what no other placeholder names."""
        return self.is_exclusion or not self.categories


@dataclass(frozen=True, slots=True)
class Optional:
    """A part that is written only where one of its placeholders is not empty."""

    nodes: tuple[Word | Separator | Slot, ...]


Leaf = Word | Separator | Slot
Node = Leaf | Optional


@lru_cache(maxsize=1024)
def fold_category(name: str) -> str:
    """Return a category's name as placeholders compare it."""
    return one_line(name).casefold()


def read_nodes(text: str) -> tuple[Node, ...]:
    """Return what a template consists of.

    Raises:
        BadTemplate: it cannot be read.
    """
    if len(text) > LONGEST_TEMPLATE:
        raise BadTemplate("long", LONGEST_TEMPLATE)
    nodes: list[Node] = []
    inner: list[Leaf] | None = None
    opened = 0
    for at, part in _parts(text):
        leaves: list[Leaf] = []
        if part == "{?":
            if inner is not None:
                raise BadTemplate("nested", at, part)
            inner, opened = [], at
            continue
        if part == "}":
            if inner is None:
                raise BadTemplate("unopened", at, part)
            nodes.append(_closed(inner, opened))
            inner = None
            continue
        leaves.extend(_leaves(part, at))
        (nodes if inner is None else inner).extend(leaves)
    if inner is not None:
        raise BadTemplate("unclosed", opened, "{?")
    if not any(not isinstance(node, Separator) for node in nodes):
        raise BadTemplate("empty", 0)
    return tuple(nodes)


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield places and parts; doubled braces become part of the words around them."""
    begin, words = 0, ""
    for found in _PART.finditer(text):
        part = found[0]
        literal = {"{{": "{", "}}": "}"}.get(part, part)
        if literal != part or part[0] not in "{}":
            begin = begin if words else found.start()
            words += f"\0{literal}" if literal != part else part.replace("\0", "")
            continue
        if words:
            yield begin, words
            words = ""
        yield found.start(), part
    if words:
        yield begin, words


def _closed(inner: list[Leaf], at: int) -> Optional:
    if not any(isinstance(leaf, Slot) for leaf in inner):
        raise BadTemplate("empty", at, "{?")
    return Optional(tuple(inner))


def _leaves(part: str, at: int) -> Iterator[Leaf]:
    if part == "{":
        raise BadTemplate("unclosed", at, part)
    if part[0] == "{":
        yield _slot(part[1:-1], at)
        return
    found = _LITERAL.fullmatch(part.replace("\0", ""))
    assert found is not None  # noqa: S101 - it matches every text
    before, words, after = found.groups()
    if words:
        before, sign = _without_sign(before, is_first=at == 0)
        words = sign + words
    if separator := _separator(before):
        yield Separator(separator)
    if line := one_line(words):
        yield Word(line)
    if separator := _separator(after):
        yield Separator(separator)


def _without_sign(before: str, *, is_first: bool) -> tuple[str, str]:
    """Split off what belongs to the word behind it: the colon of `, :d`, not that of `{n}:d`."""
    blank = max((found.start() for found in re.finditer(r"\s", before)), default=-1)
    sign = before[blank + 1 :]
    if (blank < 0 and not is_first) or _ONLY_SEPARATING & set(sign):
        return before, ""
    return before[: blank + 1], sign


def _separator(text: str) -> str:
    """Return a separator with single blanks, none before a comma, and no comma twice."""
    return re.sub(r",+(?:\s*,)*", ",", re.sub(r"\s+(?=,)", "", re.sub(r"\s+", " ", text)))


def _slot(text: str, at: int) -> Slot:
    word, colon, selector = text.partition(":")
    word = word.strip().lower()
    if word not in SLOT_WORDS:
        raise BadTemplate("unknown", at, text.strip())
    if not colon:
        return Slot(word)
    if word != TAGS:
        raise BadTemplate("selector", at, word)
    names = [fold_category(name) for name in selector.split(",")]
    is_exclusion = names[0].startswith("-")
    if not is_exclusion and any(name.startswith("-") for name in names):
        raise BadTemplate("mixed", at, selector.strip())
    bare = [name.removeprefix("-").strip() if is_exclusion else name for name in names]
    if not all(bare):
        raise BadTemplate("category", at, text.strip())
    return Slot(word, frozenset("" if name == NO_CATEGORY else name for name in bare), is_exclusion)
