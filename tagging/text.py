"""Tags and captions as text: how they are spelled, split, joined, and composed for a trainer. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST_TAG = 200
LONGEST_CAPTION = 20_000
SEPARATOR = ", "

# A tag has one to four words; a mean above that is the mark of prose.
_MOST_WORDS_OF_A_TAG = 4
# Between commas, booru-style lists have fewer than two words on average: a full stop in them belongs to a name.
_WORDS_OF_A_LIST = 2
# A full stop after a word (not after `dr.` or `s.a.c.`), and then the end or a capital letter. `!` and `?` end the
# names of too many series to say anything.
_SENTENCE_END = re.compile(r"\w{3,}[.…][\"'”’)]*($| [^\W\d_a-z])")
_WRITTEN_WITHOUT_BLANKS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_CHARACTERS_OF_A_WORD = 4

# A word in the sense of a spelling: where a name has none (`^_^`, `o_o`), its signs stay as they are.
_WORD = re.compile(r"[^\W_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")

# Characters that are invisible or turn the reading direction around: they make two tags that look the same differ.
_INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x061C,
        0xFEFF,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2065),
        *range(0x2066, 0x206A),
    ]
)
# Joiners that scripts and emoji are spelled with; at the ends of a tag they join nothing.
_JOINERS = "\u200c\u200d"
for _needed in map(ord, _JOINERS):
    del _INVISIBLE[_needed]


class BadTagName(ValueError):
    """What was typed is no tag; the text is a code: `empty`, `comma`, `long`."""


def one_line(text: str) -> str:
    """Return text in NFC on one line: white space runs folded to one blank, no control or invisible characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # the same, twenty times as fast: lists bring hundreds of thousands
    kept = "".join(c for c in text.translate(_INVISIBLE) if c.isspace() or unicodedata.category(c) not in {"Cc", "Cs"})
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def normalise_tag_name(text: str) -> str:
    """Return the one spelling of a tag.

    Parentheses, underscores and upper case stay as typed: `miku_(vocaloid)` and `ohwx` are what trainers get.

    Raises:
        BadTagName: nothing visible is left, it holds a comma, or it has more than 200 characters.
    """
    name = one_line(text).strip(f" {_JOINERS}")
    if all(unicodedata.category(c) in {"Cf", "Mn"} for c in name):
        raise BadTagName("empty")
    if "," in name:
        raise BadTagName("comma")
    if len(name) > LONGEST_TAG:
        raise BadTagName("long")
    return name


def spell_tag(name: str, spelling: str) -> str:
    """Return a normalised name with `SPACES` or `UNDERSCORES` between its words; in any other spelling as it is.

    Parentheses stay, and so do faces: `>_<` and `o_o` are no words.
    """
    if spelling not in {"SPACES", "UNDERSCORES"} or not _WORD.search(name):
        return name
    joined = name.replace("_", " ") if spelling == "SPACES" else name.replace(" ", "_")
    return one_line(joined) or name


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

    Tags are short parts between commas or line breaks; prose has sentences, or parts of many words. A part's mean
    length decides: in booru-style lists it lies under three words, in captions above six. A list as the boorus
    themselves write it, with blanks between tags and underscores inside, is told by its underscores.
    """
    parts = [part for part in map(one_line, re.split(r"[,\n\r]", text)) if part]
    if not parts:
        return SidecarWords([], "")
    if len(parts) == 1 and _is_booru_line(parts[0]):
        parts = parts[0].split()
    elif _is_prose(parts, one_line(text)):
        return SidecarWords([], one_line(text)[:LONGEST_CAPTION].rstrip())
    return SidecarWords(parse_tag_list("\n".join(parts)), "")


def read_text_as(text: str, reading: str) -> SidecarWords:
    """Read a text as `TAGS` or `PROSE` whatever it looks like, or tell one from the other (`GUESS`).

    An `EXACT` one is JSON that holds both apart: prose keeps its lines.
    """
    if reading == "EXACT":
        words = json.loads(text)
        return SidecarWords(parse_tag_list("\n".join(words["tags"])), words["caption"].strip()[:LONGEST_CAPTION])
    if reading == "TAGS":
        line = one_line(text)
        return SidecarWords(parse_tag_list("\n".join(line.split()) if _is_booru_list(text) else text), "")
    if reading == "PROSE":
        return SidecarWords([], one_line(text)[:LONGEST_CAPTION].rstrip())
    return read_sidecar_text(text)


def count_lost(text: str, words: SidecarWords) -> int:
    """Return how many parts of a text its reading leaves out for their length; a caption that is cut counts as one."""
    if words.tags or not words.caption:
        return sum(len(one_line(part)) > LONGEST_TAG for part in re.split(r"[,\n\r]", text))
    return int(len(one_line(text)) > LONGEST_CAPTION)


def _is_booru_list(text: str) -> bool:
    return not re.search(r"[,\n\r]", text.strip()) and _is_booru_line(one_line(text))


def _is_booru_line(part: str) -> bool:
    words = part.split()
    joined = sum("_" in word for word in words)
    return joined >= 2 and joined * 4 >= len(words)


def _is_prose(parts: Sequence[str], line: str) -> bool:
    words = [_count_words(part) for part in parts]
    mean = sum(words) / len(words)
    if mean > _MOST_WORDS_OF_A_TAG or "。" in line or any(len(part) > LONGEST_TAG for part in parts):
        return True
    if len(parts) == 1:
        return words[0] >= 2 and line.endswith(".")
    long_enough = mean > _WORDS_OF_A_LIST and max(words) >= _MOST_WORDS_OF_A_TAG
    return long_enough and _SENTENCE_END.search(line) is not None


def _count_words(part: str) -> int:
    """Count words; where a script has no blanks between them, about four characters make one."""
    return sum(max(1, len(_WRITTEN_WITHOUT_BLANKS.findall(word)) // _CHARACTERS_OF_A_WORD) for word in part.split())


def compose_caption_text(*, trigger_word: str, tags: Sequence[str], caption: str) -> str:
    """Return the one line that a trainer reads: trigger word, tags in order, then the prose.

    The trigger word stands first and once: prose that starts with it does not bring it again. The line has no line
    break, no BOM and no blank at its ends; it is empty only where there is nothing to say, and then no file is written
    (an empty one stops kohya's trainer).

    Source: design notes on the trainers' own loaders; one line, `, ` between tags.
    """
    first = one_line(trigger_word)
    rest = [one_line(tag) for tag in tags if one_line(tag) != first]
    prose = one_line(caption)
    if first and prose.startswith(first) and prose[len(first) :][:1] in {"", " ", ","}:
        if not rest:
            return prose
        prose = prose[len(first) :].lstrip(", ")
    return join_tag_list(part for part in [first, *rest, prose] if part)
