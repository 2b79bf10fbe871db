"""Zips that are the same whenever they are written: in the order given, stored, with one time and one mode for all.

A file is only ever added to at its end, so one whose writer died is cut back to the last entry that is known of and
goes on from there. Pictures are compressed already: deflating them costs forty times the time and saves one part in
five hundred. No Django.

Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from tagging.services.exports.summing import SumThread

_BLOCK_BYTES: Final = 1024 * 1024
# Up to here a file is read once and held; a larger one is read twice, the second time from the system's memory.
_HELD_BYTES: Final = 4 * 1024 * 1024
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_END_64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64: Final = struct.Struct("<4sIQI")
# The first of January 1980, the earliest that the format knows.
_TIME, _DATE = 0, (1 << 5) | 1
_UTF8 = 1 << 11
_MADE_ON_UNIX = 3 << 8
_PLAIN_FILE = 0o100644 << 16
_VERSION, _VERSION_64 = 20, 45
_MOST_32, _MOST_16 = 0xFFFFFFFF, 0xFFFF


class ContentChanged(OSError):
    """A file was another one when it was read again."""


class Content(Protocol):
    """What lies in an entry: it can be read more than once and is the same each time."""

    def blocks(self) -> Iterator[bytes]:
        """Yield it in blocks."""


@dataclass(frozen=True, slots=True)
class Held:
    """Content in memory."""

    content: bytes

    def blocks(self) -> Iterator[bytes]:
        """Yield it in one piece."""
        yield self.content


@dataclass(frozen=True, slots=True)
class Stored:
    """Content of a file."""

    path: Path

    def blocks(self) -> Iterator[bytes]:
        """Yield it block by block.

        Raises:
            OSError: the file is gone or cannot be read.
        """
        # Without a buffer, and in one piece where that is small: each copy in memory is seen in the time it takes.
        with self.path.open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size <= _HELD_BYTES:
                yield file.readall()
                return
            while block := file.read(_BLOCK_BYTES):
                yield block


@dataclass(frozen=True, slots=True)
class Entry:
    """A file inside the archive.

    Attributes:
        name: its path, with `/`.
        size: its bytes.
        crc: their CRC-32.
        sha256: their SHA-256.
        at: where its header begins.
    """

    name: str
    size: int
    crc: int
    sha256: str
    at: int


class Writer(Protocol):
    """Takes files, whatever it makes of them.

    Attributes:
        end: how many bytes are written.
    """

    end: int

    def add(self, name: str, content: Content) -> Entry:
        """Write a file."""

    def sync(self) -> None:
        """Wait until everything is on the disk."""

    def finish(self, entries: Iterable[Entry]) -> None:
        """Be told that nothing is added any more."""


class ZipWriter:
    """Writes entries behind each other; to be closed, as a thread of its own sums up what it writes.

    Attributes:
        end: how many bytes are written.
    """

    def __init__(self, file: IO[bytes], *, end: int = 0) -> None:
        """Go on behind `end`; what lies beyond is cut off."""
        self._file = file
        self._file.truncate(end)
        self._file.seek(end)
        self.end = end
        self._thread = SumThread()
        # Of the whole archive, as long as it is written in one go: one that goes on is summed up at its end.
        self._sum = self._thread.begin() if end == 0 else None

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of what is written; `None` where an earlier writer began it."""
        return None if self._sum is None else self._sum.hexdigest()

    def add(self, name: str, content: Content) -> Entry:
        """Write a file.

        Raises:
            OSError: the content cannot be read, or nothing can be written.
            ContentChanged: it was another one when it was read again.
        """
        held, size, crc = _look_at(content)
        at, sha256 = self.end, self._thread.begin()
        self._write(_local_header(name, size, crc))
        written_size, written_crc = (size, crc) if held is not None else (0, 0)
        for block in content.blocks() if held is None else held:
            # The file's sum is awaited at its end, that of the archive is not: so it is asked for first.
            sha256.add(block)
            self._write(block)
            if held is None:
                written_size, written_crc = written_size + len(block), zlib.crc32(block, written_crc)
        if (written_size, written_crc) != (size, crc):
            raise ContentChanged(name)
        return Entry(name, size, crc, sha256.hexdigest(), at)

    def sync(self) -> None:
        """Wait until everything is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def finish(self, entries: Iterable[Entry]) -> None:
        """Write the directory of all entries; nothing can be added afterwards."""
        begin, count, headers = self.end, 0, bytearray()
        for entry in entries:
            headers += _central_header(entry)
            count += 1
            if len(headers) > _BLOCK_BYTES:
                self._write(bytes(headers))
                headers.clear()
        self._write(bytes(headers))
        self._write(_end_record(count, begin, self.end))

    def close(self) -> None:
        """Let go of the thread; the file is its owner's."""
        self._thread.close()

    def _write(self, block: bytes) -> None:
        if self._sum is not None:
            self._sum.add(block)
        rest = memoryview(block)
        while rest:
            # A file without a buffer may take less than all.
            rest = rest[self._file.write(rest) :]
        self.end += len(block)


def _look_at(content: Content) -> tuple[list[bytes] | None, int, int]:
    """Return the blocks where they are few enough to be held, the size, and the CRC-32."""
    held: list[bytes] | None = []
    size, crc = 0, 0
    for block in content.blocks():
        size += len(block)
        crc = zlib.crc32(block, crc)
        if held is not None:
            held = None if size > _HELD_BYTES else [*held, block]
    return held, size, crc


def _flags(name: bytes) -> int:
    return 0 if name.isascii() else _UTF8


def _local_header(name: str, size: int, crc: int) -> bytes:
    encoded = name.encode()
    is_large = size >= _MOST_32
    extra = struct.pack("<2H2Q", 1, 16, size, size) if is_large else b""
    told = _MOST_32 if is_large else size
    version = _VERSION_64 if is_large else _VERSION
    facts = (version, _flags(encoded), 0, _TIME, _DATE, crc, told, told, len(encoded), len(extra))
    return _LOCAL.pack(b"PK\3\4", *facts) + encoded + extra


def _central_header(entry: Entry) -> bytes:
    name = entry.name.encode()
    large = [entry.size, entry.size] if entry.size >= _MOST_32 else []
    if entry.at >= _MOST_32:
        large.append(entry.at)
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version = _VERSION_64 if large else _VERSION
    size, at = min(entry.size, _MOST_32), min(entry.at, _MOST_32)
    facts = (_MADE_ON_UNIX | version, version, _flags(name), 0, _TIME, _DATE, entry.crc, size, size)
    ends = (len(name), len(extra), 0, 0, 0, _PLAIN_FILE, at)
    return _CENTRAL.pack(b"PK\1\2", *facts, *ends) + name + extra


def _end_record(count: int, begin: int, end: int) -> bytes:
    size = end - begin
    large = b""
    if count >= _MOST_16 or size >= _MOST_32 or begin >= _MOST_32:
        versions = (_MADE_ON_UNIX | _VERSION_64, _VERSION_64)
        large = _END_64.pack(b"PK\6\6", _END_64.size - 12, *versions, 0, 0, count, count, size, begin)
        large += _LOCATOR_64.pack(b"PK\6\7", 0, end, 1)
    small = (min(count, _MOST_16), min(count, _MOST_16), min(size, _MOST_32), min(begin, _MOST_32))
    return large + _END.pack(b"PK\5\6", 0, 0, *small, 0)
