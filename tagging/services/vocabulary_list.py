"""Read a list of tags line by line: `name,category,count,"alias,alias"`, in UTF-8, UTF-16 or Windows-1252."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from tagging.services.vocabulary import TagRefused, checked_name
from tagging.spreadsheets import unguarded

_LOOKED_AT = 4_096
_LONGEST_LINE = 1_000_000
_HEADINGS = frozenset({"name", "tag", "tags", "tag_name"})


class ListUnreadable(Exception):
    """The file cannot be read as a list; the text is a sentence."""


@dataclass(frozen=True)
class Row:
    """A line of the list.

    Attributes:
        line: its number, from 1.
        name: as tags are spelled; empty where the line is no tag.
        category: as it stands there; empty where none does.
        count: `None` where none stands there.
        aliases: as they stand there.
        problems: sentences about what could not be taken.
    """

    line: int
    name: str = ""
    category: str = ""
    count: int | None = None
    aliases: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def read_list(path: Path) -> Iterator[Row]:
    """Yield the rows of a list; empty lines and a heading are passed over.

    A row never goes on over a line's end, as no name does: a quotation mark too many spoils its own line alone.

    Raises:
        ListUnreadable: there is no such file, or it is no text.
    """
    try:
        for line, text, problem in _lines(path):
            if text.strip() and not (line == 1 and _is_heading(text)):
                yield _row(line, text, problem)
    except OSError as error:
        raise ListUnreadable(
            _("“%(path)s” cannot be read: %(why)s.") % {"path": path, "why": error.strerror or error}
        ) from error
    except UnicodeError as error:
        raise ListUnreadable(
            _("“%(path)s” begins as UTF-16 and is not. Save it as UTF-8 and load it again.") % {"path": path}
        ) from error


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield each line with its number and what is to be said about its letters."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with path.open(encoding="utf-16", newline=None) as texts:
            for number, text in enumerate(texts, start=1):
                yield number, text, ""
        return
    if b"\x00" in start:
        raise ListUnreadable(
            _('“%(path)s” is no text. A list of tags is a CSV file: name,category,count,"alias,alias".')
            % {"path": path}
        )
    with path.open("rb") as file:
        number = 0
        while content := file.readline(_LONGEST_LINE):
            number += 1
            text, problem = _decode(content.removeprefix(codecs.BOM_UTF8) if number == 1 else content)
            yield number, text, problem


def _decode(content: bytes) -> tuple[str, str]:
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        told = _("This line is not in UTF-8; it was read as Windows-1252. Look at its accents.")
        return content.decode("cp1252", "replace"), told


def _is_heading(text: str) -> bool:
    fields = text.strip().casefold().split(",")
    return fields[0].strip("\"' ") in _HEADINGS and not any(field.strip("\"' ").isdigit() for field in fields[1:3])


def _row(line: int, text: str, problem: str) -> Row:
    problems = [problem] if problem else []
    try:
        cells = next(csv.reader([text.rstrip("\r\n")], strict=True, skipinitialspace=True))
    except (csv.Error, StopIteration):
        shown = text.strip()[:60]
        told = _('“%(text)s…” has a quotation mark that does not end. Write it as name,category,count,"alias,alias".')
        return Row(line, problems=(*problems, told % {"text": shown}))
    # As `write_list` keeps formulas from spreadsheets.
    fields = [unguarded(cell) for cell in cells]
    try:
        name = checked_name(fields[0])
    except TagRefused as error:
        return Row(line, problems=(*problems, str(error)))
    count = _count(fields[2] if len(fields) > 2 else "", name, problems)
    # Aliases without quotation marks are further columns.
    aliases = tuple(alias for field in fields[3:] for alias in field.split(",") if alias.strip())
    return Row(line, name, fields[1].strip() if len(fields) > 1 else "", count, aliases, tuple(problems))


def _count(text: str, name: str, problems: list[str]) -> int | None:
    digits = text.strip().replace(",", "").replace(" ", "")
    if not digits:
        return None
    if digits.isascii() and digits.isdigit() and len(digits) <= 18:
        return int(digits)
    told = _("“%(name)s” is loaded without its count: “%(count)s” is no number.")
    problems.append(told % {"name": name, "count": text.strip()[:40]})
    return None
