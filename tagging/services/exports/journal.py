"""What is known to be in an archive that is not finished: a line for each picture. No Django.

It says all that the further files, the manifest and the directory say of it: they are written from here, and the
version is not read again.

A mark says that all bytes that the lines before it speak of are on the disk. Whoever goes on after a death believes the
lines up to the last mark, and cuts off what lies behind in the archive.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tagging.services.exports.zips import Entry
from tagging.trainers.layouts import LaidOut, Place

_MARK = b"on disk\n"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Written:
    """A picture that is in the archive.

    Attributes:
        number: which, from 1.
        end: where the archive ends behind it.
        picture: its file.
        text: that of its text, where it has one.
        laid_out: what the files know of it that speak of all pictures.
        facts: what the manifest says of it.
    """

    number: int
    end: int
    picture: Entry
    text: Entry | None
    laid_out: LaidOut
    facts: dict[str, Any]

    @property
    def entries(self) -> list[Entry]:
        """Its files in order."""
        return [self.picture] if self.text is None else [self.picture, self.text]


class Journal:
    """The lines of one archive; they are read from the disk, however many there are.

    Attributes:
        last: the number of the last picture; 0 for none.
        end: where the archive ends behind it.
    """

    def __init__(self, path: Path, size: int) -> None:
        """Read up to the last mark; from nothing where the archive has not the `size` that it speaks of."""
        self._path = path
        self.last = self.end = 0
        whole = self._find_mark()
        if self.end > size:
            whole = self.last = self.end = 0
        self._file: IO[bytes] = path.open("ab")
        self._file.truncate(whole)

    def add(self, written: Written) -> None:
        """Write a line."""
        self._file.write(_encode(_as_row(written)).encode() + b"\n")
        self.last, self.end = written.number, written.end

    def mark(self) -> None:
        """Say that the bytes are on the disk of all that was added."""
        self._file.write(_MARK)
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file; what was not marked is written, and believed by nobody."""
        self._file.close()

    def __iter__(self) -> Iterator[Written]:
        """Yield all pictures in order."""
        self._file.flush()
        with self._path.open("rb") as file:
            for line in file:
                if line != _MARK:
                    yield _read(json.loads(line))

    def _find_mark(self) -> int:
        """Note what the line before the last mark says, and return where that mark ends."""
        if not self._path.exists():
            return 0
        place, whole, before, newest = 0, 0, b"", b""
        with self._path.open("rb") as file:
            for line in file:
                place += len(line)
                if line == _MARK:
                    whole, newest = place, before
                else:
                    before = line
        try:
            written = _read(json.loads(newest))
        except (ValueError, TypeError):
            return 0  # there is none, or an earlier edition of the program wrote it
        self.last, self.end = written.number, written.end
        return whole


def _as_row(written: Written) -> list[object]:
    text, laid_out = written.text, written.laid_out
    return [
        written.number,
        written.end,
        _as_list(written.picture),
        None if text is None else _as_list(text),
        [laid_out.place.text_name, laid_out.text, laid_out.width, laid_out.height],
        written.facts,
    ]


def _as_list(entry: Entry) -> list[object]:
    return [entry.name, entry.size, entry.crc, entry.sha256, entry.at]


def _read(row: list[Any]) -> Written:
    number, end, picture, text, (text_name, line, *size), facts = row
    entry, words = Entry(*picture), facts["words"]
    laid_out = LaidOut(Place(entry.name, text_name), line, tuple(words["tags"]), words["caption"], *size)
    return Written(int(number), int(end), entry, None if text is None else Entry(*text), laid_out, facts)
