"""Zips written byte by byte, so that what they say of themselves can be wrong."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

REGULAR, LINK, FOLDER, DEVICE = 0o100644, 0o120777, 0o040755, 0o020666


@dataclass(frozen=True)
class Member:
    """One entry; what is `None` is told truly.

    Attributes:
        name: in bytes, as it stands in the zip.
        content: unpacked.
        packed: what stands in the zip; `None`: the content, packed by `method`.
        size: what the directory says comes out.
        crc: what the directory says of it.
        local_name: the name in front of the bytes.
        local_extra: what else stands in front of the bytes.
        at: where the directory says that it begins.
    """

    name: bytes
    content: bytes = b""
    method: int = 0
    packed: bytes | None = None
    size: int | None = None
    crc: int | None = None
    flags: int = 0
    mode: int = REGULAR
    extra: bytes = b""
    local_name: bytes | None = None
    local_extra: bytes = b""
    at: int | None = None

    @property
    def stored(self) -> bytes:
        """The bytes that stand in the zip."""
        if self.packed is not None:
            return self.packed
        return zlib.compress(self.content, 9)[2:-4] if self.method == 8 else self.content


def pack(*members: Member, comment: bytes = b"", long: bool = False) -> bytes:
    """Return a zip; `long` states its numbers in the fields of zip64 only."""
    body, directory = bytearray(), bytearray()
    for member in members:
        at = len(body) if member.at is None else member.at
        body += _local(member)
        directory += _central(member, at, long)
    end = len(body) + len(directory)
    tail = bytearray()
    count, size, offset = len(members), len(directory), len(body)
    if long:
        tail += struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
        tail += struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
        count, size, offset = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    tail += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, offset, len(comment))
    return bytes(body + directory + tail) + comment


def _numbers(member: Member) -> tuple[int, int, int]:
    crc = zlib.crc32(member.content) if member.crc is None else member.crc
    return crc, len(member.stored), len(member.content) if member.size is None else member.size


def _local(member: Member) -> bytes:
    name = member.name if member.local_name is None else member.local_name
    lengths = len(name), len(member.local_extra)
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, member.flags, member.method, 0, 0, *_numbers(member), *lengths)
    return head + name + member.local_extra + member.stored


def _central(member: Member, at: int, long: bool) -> bytes:
    crc, packed, size = _numbers(member)
    extra = member.extra
    if long:
        extra += struct.pack("<HH3Q", 1, 24, size, packed, at)
        packed = size = at = 0xFFFFFFFF
    return (
        struct.pack(
            "<4s6H3L5H2L",
            *(b"PK\x01\x02", 0x0314, 20, member.flags, member.method, 0, 0, crc, packed, size),
            *(len(member.name), len(extra), 0, 0, 0, member.mode << 16, at),
        )
        + member.name
        + extra
    )
