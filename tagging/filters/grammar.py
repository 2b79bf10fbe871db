"""From words to the tree: NOT binds closest, then AND, which may be left out, then OR. Pure."""

from __future__ import annotations

from collections.abc import Callable

from tagging.filters.errors import FilterError
from tagging.filters.patterns import canonical
from tagging.filters.tokens import FOREIGN_KEYS, Word, is_sign, read_keyword, read_word, skip_blanks
from tagging.filters.tree import (
    FORMATS,
    KINDS,
    NUMBERS,
    PARTS,
    SOURCES,
    STATES,
    And,
    By,
    Caption,
    Category,
    Format,
    From,
    Has,
    Is,
    Name,
    Node,
    Path,
    State,
    Tag,
    all_of,
    any_of,
    none_of,
)
from tagging.filters.values import read_bucket, read_cut, read_number, read_ratio, read_time
from tagging.text import one_line

# A statement holds no more, and a person reads less.
MOST_CHARACTERS = 4_000
MOST_CONDITIONS = 100
MOST_DEPTH = 20
_OTHER_SPELLINGS = {"jpg": "jpeg", "tif": "tiff", "tag": "tags", "captions": "caption"}


def parse_filter(text: str) -> Node:
    """Return what a filter asks for; an empty one asks for nothing (`And(())`), so every image has it.

    Raises:
        FilterError: it cannot be read; the error says where.
    """
    if len(text) > MOST_CHARACTERS:
        raise FilterError("long", "", MOST_CHARACTERS, len(text))
    parser = _Parser(text)
    node = parser.alternatives(0)
    if parser.at < len(text):
        raise FilterError("unopened", ")", parser.at, parser.at + 1)
    return node


class _Parser:
    """Reads a filter from left to right; `at` is how far it is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.conditions = 0

    def alternatives(self, depth: int) -> Node:
        """Read up to the end, or to the parenthesis that closes."""
        nodes = [self._sequence(depth)]
        while (found := self._keyword())[0] == "OR":
            self._want_operand(nodes[-1], found)
            self.at = found[2]
            nodes.append(self._sequence(depth))
            self._want_operand(nodes[-1], found)
        return any_of(nodes) if len(nodes) > 1 else nodes[0]

    def _sequence(self, depth: int) -> Node:
        nodes: list[Node] = []
        while not self._is_over():
            found = self._keyword()
            if found[0] == "OR":
                break
            if found[0] == "AND":
                self._want_operand(all_of(nodes), found)
                self.at = found[2]
                if self._is_over() or self._keyword()[0] in {"AND", "OR"}:
                    raise FilterError("operand", *self._place(found))
            nodes.append(self._condition(depth))
        return all_of(nodes)

    def _condition(self, depth: int) -> Node:
        """Read one condition with what says "not" before it."""
        turned = False
        while (found := self._keyword())[0] == "NOT":
            self.at = found[2]
            turned = not turned
            if self._is_over() or self._keyword()[0] in {"AND", "OR"}:
                raise FilterError("operand", *self._place(found))
        start = self.at
        if is_sign(self.text, start):
            self.at += 1
            turned = not turned
            if self.text[self.at : self.at + 1].strip() in {"", ")"}:
                raise FilterError("empty", self.text[start : self.at], start, self.at)
        node = self._group(depth + 1) if self.text[self.at] == "(" else self._word(start)
        return none_of(node) if turned else node

    def _group(self, depth: int) -> Node:
        start = self.at
        if depth > MOST_DEPTH:
            raise FilterError("deep", "(", start, start + 1)
        self.at += 1
        node = self.alternatives(depth)
        if self.at >= len(self.text):
            raise FilterError("open", "(", start, start + 1)
        self.at += 1
        if node == And(()):
            raise FilterError("empty", self.text[start : self.at], start, self.at)
        follows = self.text[self.at : self.at + 1]
        if follows.strip() not in {"", ")"} and not read_keyword(self.text, self.at)[0]:
            raise FilterError("after_group", follows, start, self.at + 1)
        return node

    def _word(self, start: int) -> Node:
        self.conditions += 1
        word = read_word(self.text, self.at)
        # With its sign, as a person would take it away.
        word = Word(word.key, word.value, start, max(word.end, start + 1))
        self.at = word.end
        if self.conditions > MOST_CONDITIONS:
            raise FilterError("many", "", word.start, word.end)
        if word.key in FOREIGN_KEYS:
            raise FilterError("foreign", word.key, word.start, word.end)
        if not word.value.strip():
            raise FilterError("empty", self.text[word.start : word.end], word.start, word.end)
        return _MAKERS[word.key](word)

    def _is_over(self) -> bool:
        self.at = skip_blanks(self.text, self.at)
        return self.at >= len(self.text) or self.text[self.at] == ")"

    def _keyword(self) -> tuple[str, int, int]:
        """Return the keyword that comes next, if any, with its place."""
        self.at = skip_blanks(self.text, self.at)
        keyword, end = read_keyword(self.text, self.at)
        return keyword, self.at, end

    def _want_operand(self, node: Node, found: tuple[str, int, int]) -> None:
        if node == And(()):
            raise FilterError("operand", *self._place(found))

    def _place(self, found: tuple[str, int, int]) -> tuple[str, int, int]:
        return self.text[found[1] : found[2]], found[1], found[2]


def _one_of(word: Word, known: tuple[str, ...]) -> str:
    value = word.value.strip().lower().replace("_", "-").replace(" ", "-")
    value = value if value in known else _OTHER_SPELLINGS.get(value, value)
    if value not in known:
        raise FilterError(word.key, word.value, word.start, word.end)
    return value


def _words(word: Word) -> str:
    words = one_line(word.value)
    if not words:
        raise FilterError("empty", word.value, word.start, word.end)
    return canonical(words)


_MAKERS: dict[str, Callable[[Word], Node]] = {
    "": lambda word: Tag(_words(word)),
    "tag": lambda word: Tag(_words(word)),
    "category": lambda word: Category(_words(word)),
    "caption": lambda word: Caption(_words(word)),
    "name": lambda word: Name(_words(word)),
    "path": lambda word: Path(_words(word)),
    "by": lambda word: By(_words(word)),
    "is": lambda word: Is(_one_of(word, KINDS)),
    "state": lambda word: State(_one_of(word, STATES)),
    "has": lambda word: Has(_one_of(word, PARTS)),
    "format": lambda word: Format(_one_of(word, FORMATS)),
    "source": lambda word: From(_one_of(word, SOURCES)),
    "ar": read_ratio,
    "at": read_time,
    "bucket": read_bucket,
    "cut": read_cut,
    **dict.fromkeys(NUMBERS, read_number),
}
