"""What a person is about to write at a place of a filter that need not be whole. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tagging.filters.errors import FilterError
from tagging.filters.grammar import MOST_CHARACTERS, parse_filter
from tagging.filters.patterns import literal
from tagging.filters.tokens import is_sign, read_keyword, read_word, skip_blanks
from tagging.filters.tree import Tag
from tagging.filters.writing import write_filter


@dataclass(frozen=True)
class Unfinished:
    """The condition at the caret.

    Attributes:
        key: as in `tagging.filters.tokens.Word`.
        typed: its value up to the caret.
        start: where what is put in its place begins: behind its sign, before its key.
        end: where it ends.
    """

    key: str
    typed: str
    start: int
    end: int


def unfinished_at(text: str, caret: int) -> Unfinished:
    """Return the condition that the caret stands in or right behind; an empty one where it stands between two."""
    text = text[:MOST_CHARACTERS]
    caret = max(0, min(caret, len(text)))
    at = 0
    while (at := skip_blanks(text, at)) < caret:
        keyword, end = read_keyword(text, at)
        if text[at] in "()":
            at += 1
        elif keyword and end < caret:
            at = end
        else:
            start = at + is_sign(text, at)
            word_end = _end_of_word(text, start)
            if caret <= word_end:
                return _unfinished(text, start, caret, word_end) if start <= caret else Unfinished("", "", caret, caret)
            at = max(word_end, at + 1)
    return Unfinished("", "", caret, caret)


def write_tag(name: str) -> str:
    """Return the shortest filter that asks for a tag: blanks and underscores are one."""
    bare = write_filter(Tag(literal(name.replace(" ", "_"))))
    return bare if not bare.startswith("tag:") else write_filter(Tag(literal(name)))


def write_value(key: str, value: str) -> str:
    """Return the condition of a key and a value that is a name."""
    bare = f"{key}:{literal(value)}"
    try:
        whole = parse_filter(bare) == parse_filter(f'{key}:"{_doubled(value)}"')
    except FilterError:
        whole = False
    return bare if whole else f'{key}:"{_doubled(value)}"'


def _doubled(value: str) -> str:
    return literal(value).replace('"', '""')


def _end_of_word(text: str, start: int) -> int:
    try:
        return read_word(text, start).end
    except FilterError as error:
        return error.end


def _unfinished(text: str, start: int, caret: int, end: int) -> Unfinished:
    before = text[:caret]
    try:
        word = read_word(before, start)
    except FilterError as error:
        # A quote that is still open: what stands behind it is the value.
        word = read_word(before[: error.start], start)
        return Unfinished(word.key, before[error.start + 1 :], start, end)
    return Unfinished(word.key, word.value, start, end)
