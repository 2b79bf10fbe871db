"""Tags and captions as text: how they are spelled, split, joined, and composed for a trainer. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST_TAG = 200
LONGEST_CAPTION = 20_000
SEPARATOR = ", "

# Characters that are invisible or turn the reading direction around: they make two tags that look the same differ.
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x061C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A)]
)
# Joiners that scripts and emoji are spelled with.
for _needed in (0x200C, 0x200D):
    del _INVISIBLE[_needed]


class BadTagName(ValueError):
    """What was typed is no tag; the text is a code: `empty`, `comma`, `long`."""


def one_line(text: str) -> str:
    """Return text in NFC on one line: white space runs folded to one blank, no control or invisible characters."""
    folded = " ".join(text.translate(_INVISIBLE).split())
    return unicodedata.normalize("NFC", "".join(c for c in folded if unicodedata.category(c) not in {"Cc", "Cs"}))


def normalise_tag_name(text: str) -> str:
    """Return the one spelling of a tag.

    Parentheses, underscores and upper case stay as typed: `miku_(vocaloid)` and `ohwx` are what trainers get.

    Raises:
        BadTagName: nothing is left, it holds a comma, or it has more than 200 characters.
    """
    name = one_line(text)
    if not name:
        raise BadTagName("empty")
    if "," in name:
        raise BadTagName("comma")
    if len(name) > LONGEST_TAG:
        raise BadTagName("long")
    return name


def parse_tag_list(text: str) -> list[str]:
    """Return the tags of a list with commas or line breaks, in order, each once; what is no tag is left out."""
    names: dict[str, None] = {}
    for part in re.split(r"[,\n\r]", text):
        try:
            names.setdefault(normalise_tag_name(part))
        except BadTagName:
            continue
    return list(names)


def join_tag_list(names: Iterable[str]) -> str:
    """Return tags as trainers read them: `a, b, c`."""
    return SEPARATOR.join(names)


@dataclass(frozen=True)
class SidecarWords:
    """What a sidecar says: a list of tags, or prose."""

    tags: list[str]
    caption: str


def read_sidecar_text(text: str) -> SidecarWords:
    """Tell a list of tags from prose, and return either.

    Tags are short parts between commas; prose has sentences, or parts of many words. A part's mean length decides:
    in booru-style lists it lies under three words, in captions above six.
    """
    parts = parse_tag_list(text)
    if not parts:
        return SidecarWords([], one_line(text)[:LONGEST_CAPTION])
    words = [len(part.split()) for part in parts]
    sentence = re.search(r"[.!?…。](\s|$)", text) is not None and max(words) > 4
    too_long = any(len(one_line(part)) > LONGEST_TAG for part in re.split(r"[,\n\r]", text))
    if sentence or too_long or sum(words) / len(words) > 4 or (len(parts) == 1 and words[0] > 4):
        return SidecarWords([], one_line(text)[:LONGEST_CAPTION])
    return SidecarWords(parts, "")


def compose_caption_text(*, trigger_word: str, tags: Sequence[str], caption: str) -> str:
    """Return the one line that a trainer reads: trigger word, tags in order, then the prose.

    The trigger word stands first and once. The line has no line break, no BOM and no blank at its ends; it is empty
    only where there is nothing to say, and then no file is written (an empty one stops kohya's trainer).

    Source: design notes on the trainers' own loaders; one line, `, ` between tags.
    """
    first = one_line(trigger_word)
    rest = [one_line(tag) for tag in tags if one_line(tag) != first]
    prose = one_line(caption)
    return join_tag_list(part for part in [first, *rest, prose] if part)
