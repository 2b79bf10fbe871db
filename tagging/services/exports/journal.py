"""What is known to be in an archive that is not finished: a line for each picture. No Django.

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

_MARK = b"on disk\n"


@dataclass(frozen=True, slots=True)
class Written:
    """A picture that is in the archive, with its text where it has one, and where the archive ends behind it."""

    number: int
    end: int
    picture: Entry
    text: Entry | None

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
        text = None if written.text is None else _as_row(written.text)
        row = [written.number, written.end, _as_row(written.picture), text]
        self._file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
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
        """Note where the last mark stands, and return it."""
        if not self._path.exists():
            return 0
        place, whole, newest = 0, 0, (0, 0)
        with self._path.open("rb") as file:
            for line in file:
                place += len(line)
                if line == _MARK:
                    whole, (self.last, self.end) = place, newest
                    continue
                try:
                    written = _read(json.loads(line))
                except (ValueError, TypeError):
                    break  # cut off by a death
                newest = (written.number, written.end)
        return whole


def _as_row(entry: Entry) -> list[object]:
    return [entry.name, entry.size, entry.crc, entry.sha256, entry.at]


def _read(row: list[Any]) -> Written:
    number, end, picture, text = row
    return Written(int(number), int(end), Entry(*picture), None if text is None else Entry(*text))
