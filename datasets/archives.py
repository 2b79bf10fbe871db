"""Zips, read by offset and never by name: what is in one, and the bytes of each entry. Pure.

The list comes from the directory at a zip's end, read here byte by byte: Python's `zipfile` gives a whole archive up
for one odd name, knows no limits, and finds no zip where something was appended. All limits are told from the
directory before anything is unpacked, and what a directory says is counted again while an entry is read.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from datasets import names

STORED, DEFLATED = 0, 8

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4sLQL")
_LOCATOR_MARK = b"PK\x06\x07"
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_MARK = b"PK\x06\x06"
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_CENTRAL_MARK = b"PK\x01\x02"
_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_MARK = b"PK\x03\x04"

_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED_FLAGS = 0x2041  # by password, strong, or with a hidden directory
_UTF8_FLAG = 0x800
_ZIP64_EXTRA, _UNICODE_PATH_EXTRA = 0x0001, 0x7075

# A comment has at most 65,535 bytes; what a download appended is looked past as well.
_END_WITHIN = 1024 * 1024
_BLOCK_BYTES = 1024 * 1024
# The directory is held in memory while it is read; names of people's files are far shorter than this on average.
_DIRECTORY_BYTES_AN_ENTRY = 256
_DIRECTORY_BYTES_AT_LEAST = 1024 * 1024


class ArchiveError(Exception):
    """An archive or an entry of it cannot be taken in.

    Attributes:
        code: a name of `datasets.reasons.Reason`.
        detail: what its sentence needs.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class ArchiveRefused(ArchiveError):
    """The whole archive is refused; nothing of it is read."""


class EntryRefused(ArchiveError):
    """One entry is refused; the others are not touched by it."""


@dataclass(frozen=True)
class Limits:
    """What an archive may hold at most.

    Attributes:
        most_entries: files and folders.
        largest_entry: bytes of one file, unpacked.
        largest_total: bytes of all files that are read, unpacked.
        largest_ratio: unpacked bytes for each packed one, of an entry and of the whole.
        ratio_counts_from: unpacked bytes from which the ratio is looked at: drawings of one colour pack well.
    """

    most_entries: int
    largest_entry: int
    largest_total: int
    largest_ratio: int = 200
    ratio_counts_from: int = 256_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry's bytes lie, and what its archive says of them.

    Attributes:
        offset: of its local header in the file.
        packed: bytes that it takes there.
        size: bytes that come out.
        method: `STORED` or `DEFLATED` where it can be read.
        crc: of what comes out.
        until: where the next entry or the directory begins: its bytes lie before that.
    """

    offset: int
    packed: int
    size: int
    method: int
    crc: int
    until: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive.

    Attributes:
        name: the last part of its path: data, never a path.
        folder: the parts before, without any that lead elsewhere.
        place: where its bytes lie.
        problem: why it is not read: a name of `datasets.reasons.Reason`, or empty.
        detail: what the problem's sentence needs.
        is_left_out: the problem is that nobody needs it; else it is a fault to be told.
    """

    name: str
    folder: str
    place: Place
    problem: str = ""
    detail: str = ""
    is_left_out: bool = False


@dataclass(frozen=True)
class Listing:
    """What an archive holds, in natural order; folders are no entries."""

    entries: list[Entry]

    @cached_property
    def readable(self) -> int:
        """How many entries can be read."""
        return sum(not entry.problem for entry in self.entries)

    @cached_property
    def refusal(self) -> str:
        """Why nothing can be read of it: a name of `datasets.reasons.Reason`; empty where something can."""
        if self.readable:
            return ""
        faults = {entry.problem for entry in self.entries if not entry.is_left_out}
        if faults == {"ARCHIVE_ENCRYPTED"}:
            return "ARCHIVE_ENCRYPTED"
        return "ARCHIVE_UNREADABLE" if faults else "ARCHIVE_NO_IMAGES"


def list_entries(path: Path, limits: Limits) -> Listing:
    """Return what a zip holds, having read nothing but its directory.

    Raises:
        ArchiveRefused: it is no zip, damaged, or breaks a limit as a whole.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        directory = _find_directory(file)
        content = _read_directory(file, directory, limits)
    # Twice over the same bytes, because what is kept of 200,000 entries has to stay small.
    starts = _check_places(_raw_entries(content, directory, limits))
    entries = []
    for raw in _raw_entries(content, directory, limits):
        if not _is_folder(raw):
            after = bisect_right(starts, raw.offset)
            until = starts[after] if after < len(starts) else directory.offset
            entries.append(_entry(raw, until, limits))
    _check_totals(entries, path.stat().st_size, limits)
    entries.sort(key=_natural_order)
    return Listing(entries)


def read_entry(path: Path, place: Place) -> Iterator[bytes]:
    """Yield an entry's bytes in blocks, never more than it said; whole and true only where the last block came.

    Raises:
        EntryRefused: they are not what the directory says of them.
        OSError: the archive cannot be read.
    """
    with path.open("rb") as file:
        _seek_to_data(file, place)
        blocks = _stored(file, place.packed) if place.method == STORED else _inflated(file, place.packed)
        crc, size = 0, 0
        for block in blocks:
            size += len(block)
            if size > place.size:
                raise EntryRefused("ENTRY_DAMAGED")
            crc = zlib.crc32(block, crc)
            yield block
    if size != place.size or crc != place.crc:
        raise EntryRefused("ENTRY_DAMAGED")


# --- The directory ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Directory:
    """Where the list of entries lies; `shift` is what stands before the zip in its file."""

    offset: int
    size: int
    shift: int


@dataclass(frozen=True, slots=True)
class _Raw:
    """An entry as its directory states it."""

    name: bytes
    extra: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    attributes: int
    offset: int


def _find_directory(file: BinaryIO) -> _Directory:
    length = file.seek(0, os.SEEK_END)
    if length == 0:
        raise ArchiveRefused("EMPTY")
    start = max(0, length - _END_WITHIN)
    tail = _read_at(file, start, length - start)
    begins_like_one = _read_at(file, 0, 4) == _LOCAL_MARK
    at = tail.rfind(_END_MARK)
    while at >= 0:
        directory = _directory_before(file, tail[at : at + _END.size], start + at)
        # The end of a zip that lies in this one, as its last file, is not the end of this one.
        if directory is not None and not (begins_like_one and directory.shift):
            return directory
        at = tail.rfind(_END_MARK, 0, at)
    raise ArchiveRefused("ARCHIVE_DAMAGED" if begins_like_one else "NOT_A_ZIP")


def _directory_before(file: BinaryIO, record: bytes, end: int) -> _Directory | None:
    """Return the directory that an end record at `end` speaks of, if there is one."""
    if len(record) < _END.size:
        return None
    _mark, _disk, _first_disk, _here, _count, size, offset, _comment = _END.unpack(record)
    found = _end64(file, end)
    if found is not None:
        end, size, offset = found
    elif size == _FULL_32 or offset == _FULL_32:
        return None
    start = end - size
    if start < offset or (size and _read_at(file, start, 4) != _CENTRAL_MARK):
        return None
    return _Directory(start, size, start - offset)


def _end64(file: BinaryIO, end: int) -> tuple[int, int, int] | None:
    """Return position, size and offset of the long end record before the short one, if there is one."""
    locator = _read_at(file, end - _LOCATOR.size, _LOCATOR.size) if end >= _LOCATOR.size else b""
    if not locator.startswith(_LOCATOR_MARK):
        return None
    stated = _LOCATOR.unpack(locator)[2]
    for at in (stated, end - _LOCATOR.size - _END64.size):
        record = _read_at(file, at, _END64.size) if 0 <= at < end else b""
        if len(record) == _END64.size and record.startswith(_END64_MARK):
            return at, *_END64.unpack(record)[8:]
    return None


def _read_directory(file: BinaryIO, directory: _Directory, limits: Limits) -> bytes:
    most_bytes = max(_DIRECTORY_BYTES_AT_LEAST, _DIRECTORY_BYTES_AN_ENTRY * limits.most_entries)
    if directory.size > most_bytes:
        raise ArchiveRefused("ARCHIVE_TOO_MANY", str(limits.most_entries))
    return _read_at(file, directory.offset, directory.size)


def _raw_entries(content: bytes, directory: _Directory, limits: Limits) -> Iterator[_Raw]:
    at, count = 0, 0
    while at + _CENTRAL.size <= len(content) and content.startswith(_CENTRAL_MARK, at):
        count += 1
        if count > limits.most_entries:
            raise ArchiveRefused("ARCHIVE_TOO_MANY", str(limits.most_entries))
        entry, at = _read_one(content, at, directory.shift)
        yield entry
    # A digital signature may follow the last entry; a torn entry is no such thing.
    if at < len(content) and not content.startswith(b"PK\x05\x05", at):
        raise ArchiveRefused("ARCHIVE_DAMAGED")


def _read_one(content: bytes, at: int, shift: int) -> tuple[_Raw, int]:
    fields = _CENTRAL.unpack_from(content, at)
    flags, method, (crc, packed, size) = fields[3], fields[4], fields[7:10]
    name_length, extra_length, comment_length, attributes, offset = *fields[10:13], *fields[15:17]
    name_at = at + _CENTRAL.size
    extra_at = name_at + name_length
    after = extra_at + extra_length + comment_length
    if after > len(content):
        raise ArchiveRefused("ARCHIVE_DAMAGED")
    extra = content[extra_at : extra_at + extra_length]
    size, packed, offset = _long_numbers(extra, size, packed, offset)
    name = content[name_at:extra_at]
    return _Raw(name, extra, flags, method, crc, packed, size, attributes, offset + shift), after


def _long_numbers(extra: bytes, *numbers: int) -> tuple[int, ...]:
    """Return the numbers with those that were too large for four bytes taken from where zip64 keeps them."""
    kept = _extra_field(extra, _ZIP64_EXTRA)
    found, at = [], 0
    for number in numbers:
        if number == _FULL_32 and at + 8 <= len(kept):
            number = int.from_bytes(kept[at : at + 8], "little")
            at += 8
        found.append(number)
    return tuple(found)


def _extra_field(extra: bytes, kind: int) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        found, length = struct.unpack_from("<HH", extra, at)
        if found == kind:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def _read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


# --- Limits and judgement -----------------------------------------------------------------------


def _check_places(entries: Iterable[_Raw]) -> list[int]:
    """Return where the entries begin, in order.

    Raises:
        ArchiveRefused: some share bytes: no program makes such a zip, and one of a few kilobytes unpacks to any size.
    """
    places = sorted((entry.offset, entry.packed) for entry in entries)
    for (offset, packed), (following, _packed) in pairwise(places):
        if offset + _LOCAL.size + packed > following:
            raise ArchiveRefused("ARCHIVE_OVERLAP")
    return [offset for offset, _packed in places]


def _is_folder(entry: _Raw) -> bool:
    mode = entry.attributes >> 16
    names_one = entry.name.endswith((b"/", b"\\")) or stat.S_ISDIR(mode)
    return names_one and entry.size == 0


def _entry(raw: _Raw, until: int, limits: Limits) -> Entry:
    *before, last = re.split(r"[/\\]", _decode_name(raw).rstrip("/\\"))
    name = "?" if last in {".", ".."} else names.bare_name(last)
    folder = names.clean_folder("/".join(before))
    place = Place(raw.offset, raw.packed, raw.size, raw.method, raw.crc, until)
    left_out = names.reason_to_leave_out(folder, name)
    if left_out:
        return Entry(name, folder, place, left_out, is_left_out=True)
    problem, detail = _fault(raw, until, limits)
    return Entry(name, folder, place, problem, detail)


def _decode_name(raw: _Raw) -> str:
    """Return the name in letters, whatever alphabet its maker used; what cannot be read is replaced."""
    unicode_path = _extra_field(raw.extra, _UNICODE_PATH_EXTRA)
    if len(unicode_path) > 5 and int.from_bytes(unicode_path[1:5], "little") == zlib.crc32(raw.name):
        return unicode_path[5:].decode("utf-8", "replace")
    if raw.flags & _UTF8_FLAG:
        return raw.name.decode("utf-8", "replace")
    try:
        return raw.name.decode("utf-8")
    except UnicodeDecodeError:
        return raw.name.decode("cp437")


def _fault(raw: _Raw, until: int, limits: Limits) -> tuple[str, str]:
    """Return why a file cannot be read, and what the sentence needs; empty where it can."""
    kind = stat.S_IFMT(raw.attributes >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "ENTRY_LINK", ""
    if raw.flags & _ENCRYPTED_FLAGS:
        return "ARCHIVE_ENCRYPTED", ""
    if raw.method not in {STORED, DEFLATED}:
        return "ENTRY_METHOD", str(raw.method)
    if raw.size == 0:
        return "EMPTY", ""
    if raw.size > limits.largest_entry:
        return "FILE_TOO_LARGE", str(limits.largest_entry)
    if _packs_too_well(raw.size, raw.packed, limits):
        return "ARCHIVE_RATIO", str(limits.largest_ratio)
    return ("", "") if _is_plausible(raw, until) else ("ENTRY_DAMAGED", "")


def _is_plausible(raw: _Raw, until: int) -> bool:
    if raw.offset + _LOCAL.size + raw.packed > until:
        return False
    if raw.method == STORED:
        return raw.packed == raw.size
    # What does not pack grows by a few bytes a block. More of them would be read without ever bringing anything.
    return 0 < raw.packed <= 2 * raw.size + 1024


def _packs_too_well(size: int, packed: int, limits: Limits) -> bool:
    return size > limits.ratio_counts_from and size > packed * limits.largest_ratio


def _check_totals(entries: list[Entry], archive_size: int, limits: Limits) -> None:
    total = sum(entry.place.size for entry in entries if not entry.problem)
    if total > limits.largest_total:
        raise ArchiveRefused("ARCHIVE_TOO_MUCH", f"{total} {limits.largest_total}")
    if _packs_too_well(total, archive_size, limits):
        raise ArchiveRefused("ARCHIVE_RATIO", str(limits.largest_ratio))


def _natural_order(entry: Entry) -> bytes:
    # A text right behind the picture of its name: both come to the workers together. A list of captions behind all the
    # pictures it may name. What is alike stays in its order.
    text = b"\1" if names.is_sidecar_name(entry.name) else b"\0"
    keys = names.natural_bytes(entry.folder), names.natural_bytes(names.bare_stem(entry.name)), text
    return b"\0\0\0".join((b"\1" if names.is_metadata_name(entry.name) else b"\0", *keys))


# --- Bytes --------------------------------------------------------------------------------------


def _seek_to_data(file: BinaryIO, place: Place) -> None:
    header = _read_at(file, place.offset, _LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MARK):
        raise EntryRefused("ENTRY_DAMAGED")
    fields = _LOCAL.unpack(header)
    flags, method, name_length, extra_length = fields[2], fields[3], fields[9], fields[10]
    if flags & _ENCRYPTED_FLAGS:
        raise EntryRefused("ARCHIVE_ENCRYPTED")
    # Its own header may say another length than the directory: what lies behind the next entry's start is not its own.
    start = place.offset + _LOCAL.size + name_length + extra_length
    if method != place.method or start + place.packed > place.until:
        raise EntryRefused("ENTRY_DAMAGED")
    file.seek(start)


def _stored(file: BinaryIO, packed: int) -> Iterator[bytes]:
    while packed > 0:
        block = file.read(min(packed, _BLOCK_BYTES))
        if not block:
            raise EntryRefused("ENTRY_DAMAGED")
        packed -= len(block)
        yield block


def _inflated(file: BinaryIO, packed: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for block in _stored(file, packed):
            while block and not inflater.eof:
                # At most a block at a time: a thousand times as much could come out of this one.
                yield inflater.decompress(block, _BLOCK_BYTES)
                block = inflater.unconsumed_tail
            if inflater.eof:
                return
        yield from _rest(inflater)
    except zlib.error as error:
        raise EntryRefused("ENTRY_DAMAGED") from error


def _rest(inflater: zlib._Decompress) -> Iterator[bytes]:
    while rest := inflater.decompress(b"", _BLOCK_BYTES):
        yield rest
    if not inflater.eof:
        raise EntryRefused("ENTRY_DAMAGED")
