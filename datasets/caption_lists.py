"""Lists of captions: what one file says of many pictures. Pure.

Four shapes are known: kohya's `meta_*.json` (`{"1.png": {"tags": "a, b", "caption": "…"}}`), lines of JSON as in
Hugging Face's `metadata.jsonl` (`{"file_name": "1.png", "text": "…"}`) or kohya's (`image_path`), an array of such
rows, and the `manifest.json` of this program's exports, which holds tags and prose apart. A list is data from anywhere:
what is no row is counted and told, never guessed at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from datasets import names

MOST_ROWS = 50_000
LONGEST_TEXT = 64_000
MOST_NUMBERS_TOLD = 5

Reading = Literal["GUESS", "TAGS", "EXACT"]

_NAMES = ("file_name", "image_path")
# A row with kohya's keys may repeat both, joined, under `text`: that would be the same words twice.
_TEXTS: tuple[tuple[str, Reading], ...] = (("tags", "TAGS"), ("caption", "GUESS"))
_JOINED = "text"
# In the manifest of an export.
_FILES, _EXACT = "files", "words"
_PICTURES = frozenset(("png", "jpg", "jpeg", "jfif", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "jxl"))
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]|file:")


class NotAList(Exception):
    """The file is no list of captions."""


class TooManyRows(Exception):
    """The list has more rows than are taken."""


@dataclass(frozen=True)
class ListedText:
    """What a list says of one picture, in one reading.

    Attributes:
        folder: the picture's, relative to the list's own.
        name: the picture's whole name; without its extension where `is_stem`.
        is_stem: the list gives no extension.
        reading: `TAGS` where the list says that these are tags; `EXACT` where it holds tags and prose apart, as JSON
            with `tags` and `caption`; else `GUESS`.
        text: not empty.
    """

    folder: str
    name: str
    is_stem: bool
    reading: Reading
    text: str


@dataclass
class CaptionList:
    """What was read of a list.

    Attributes:
        texts: in the list's order; of two rows of one picture the last counts, as for the trainers.
        broken: numbers of the lines (of JSON: of the entries) that are no row.
        trigger_word: what a manifest says of its dataset; empty else.
    """

    texts: list[ListedText] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    trigger_word: str = ""


def parse(text: str, *, as_lines: bool, most: int | None = None) -> CaptionList:
    """Read a list.

    Args:
        text: the file's content.
        as_lines: each line is a row (`.jsonl`).
        most: enough after so many entries; only the beginning of the text is looked at then.

    Raises:
        NotAList: no entry of it is a row.
        TooManyRows: more than `MOST_ROWS`.
    """
    found = CaptionList()
    by_picture: dict[tuple[str, str], list[ListedText]] = {}
    entries = _lines(text) if as_lines else _entries(text, found) if most is None else _first_entries(text)
    is_row = False
    for number, (name, row) in entries:
        if number > MOST_ROWS:
            raise TooManyRows
        texts = _texts_of(name, row)
        if texts is None:
            found.broken.append(number)
        else:
            is_row = True
            if texts:
                by_picture[texts[0].folder, texts[0].name] = texts
        if most is not None and len(by_picture) >= most:
            break
    if not is_row:
        raise NotAList
    found.texts = [each for texts in by_picture.values() for each in texts]
    return found


def _none(constant: str) -> None:
    """Tables write NaN where nothing is."""


def _lines(text: str) -> Iterator[tuple[int, tuple[str, Any]]]:
    # Only at line feeds: a JSON string may hold the other line ends of Unicode as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line, parse_constant=_none)
            except (ValueError, RecursionError):
                row = None
            yield number, ("", row)


def _entries(text: str, found: CaptionList) -> Iterator[tuple[int, tuple[str, Any]]]:
    try:
        whole = json.loads(text, parse_constant=_none)
    except (ValueError, RecursionError) as error:
        raise NotAList from error
    if isinstance(whole, dict) and isinstance(whole.get(_FILES), list):
        found.trigger_word = _trigger_in(whole)
        # A manifest lists all files; those that are no pictures are no broken rows.
        pictures = (row for row in whole[_FILES] if isinstance(row, dict) and _EXACT in row)
        yield from enumerate((("", row) for row in pictures), start=1)
    elif isinstance(whole, dict):
        yield from enumerate(whole.items(), start=1)
    elif isinstance(whole, list):
        yield from enumerate((("", row) for row in whole), start=1)
    else:
        raise NotAList


def _first_entries(text: str) -> Iterator[tuple[int, tuple[str, Any]]]:
    """The entries as far as the text goes: it may be the beginning of a long file."""
    blank, decoder = re.compile(r"[\s,]*"), json.JSONDecoder(parse_constant=_none)
    start = text.lstrip()[:1]
    place = text.find(start) + 1
    number = 0
    try:
        while start in {"{", "["}:
            place = _end_of(blank, text, place)
            name = ""
            if start == "{":
                name, place = decoder.raw_decode(text, place)
                place = _end_of(re.compile(r"\s*:\s*"), text, place)
                if name == _FILES and text[place : place + 1] == "[":
                    rows = _first_entries(text[place:])
                    yield from ((at, row) for at, row in rows if isinstance(row[1], dict) and _EXACT in row[1])
                    return
            row, place = decoder.raw_decode(text, place)
            number += 1
            yield number, (str(name), row)
    except (ValueError, RecursionError):
        return


def _end_of(pattern: re.Pattern[str], text: str, place: int) -> int:
    match = pattern.match(text, place)
    return match.end() if match else place


def _texts_of(name: str, row: Any) -> list[ListedText] | None:
    """Return what a row says, nothing where it says nothing, and `None` where it is no row."""
    if not isinstance(row, dict):
        return None
    if not name and isinstance(row.get(_EXACT), dict):
        return _exact_texts(row)
    name = name or next((row[key] for key in _NAMES if isinstance(row.get(key), str)), "")
    if not name or not row.keys() & {"tags", "caption", "text", "image_size", *_NAMES}:
        return None
    said = [(reading, _words(row[key])) for key, reading in _TEXTS if row.get(key) is not None]
    if not any(text for _, text in said) and row.get(_JOINED) is not None:
        said.append(("GUESS", _words(row[_JOINED])))
    if any(text is None for _, text in said):
        return None
    folder, name, is_stem = _place_of(name)
    if not name:
        return None
    return [ListedText(folder, name, is_stem, reading, text) for reading, text in said if text]


def _exact_texts(row: dict[str, Any]) -> list[ListedText] | None:
    """Return what a manifest says of a picture; that it has no words is said too."""
    words = row[_EXACT]
    tags, caption = words.get("tags", []), _words(words.get("caption", ""))
    if not isinstance(row.get("name"), str) or not isinstance(tags, list) or caption is None:
        return None
    names_of_tags = [_words(tag) if isinstance(tag, str) else None for tag in tags]
    folder, name, is_stem = _place_of(row["name"])
    if not name or None in names_of_tags:
        return None
    text = json.dumps({"tags": names_of_tags, "caption": caption}, ensure_ascii=False)
    return [ListedText(folder, name, is_stem, "EXACT", text)] if len(text) <= LONGEST_TEXT else None


def _trigger_in(manifest: dict[str, Any]) -> str:
    dataset = manifest.get("dataset")
    word = dataset.get("trigger_word") if isinstance(dataset, dict) else ""
    return (_words(word) or "") if isinstance(word, str) else ""


def _words(value: Any) -> str | None:
    """Return a text, or a list of tags joined; `None` where it is neither, or longer than words about a picture are."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return None
    # NUL and half an emoji can be spelled in JSON, but no database stores them.
    return value.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()


def _place_of(path: str) -> tuple[str, str, bool]:
    """Return folder, name, and whether the name has no extension of a picture.

    Of a path from the root of somebody's disk only the last part says something here.
    """
    name = names.bare_name(path)
    folder = "" if _ABSOLUTE.match(path) else names.clean_folder(re.sub(r"[^/\\]*$", "", path))
    if name in {"?", ".", ".."}:
        return folder, "", False
    return folder, name, name.rpartition(".")[2].lower() not in _PICTURES or "." not in name
