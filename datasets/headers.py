"""What a file's first bytes say of the picture in it, before a library looks at it. Pure Python, no Django."""

from __future__ import annotations

import math
import resource
from typing import Final

MOST_BYTES: Final = 32
"""As much of a file's start as the functions here look at."""

# What Python, Pillow and its libraries take before there is a picture.
_BEFORE_THE_PICTURE: Final = 64 * 1024**2


def is_picture(start: bytes) -> bool:
    """Whether a file starts like one of the formats: then it is one, and broken further on."""
    return (
        start.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*"))
        or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")
        or start[4:12] in {b"ftypavif", b"ftypavis"}
    )


def webp_size(start: bytes) -> tuple[int, int] | None:
    """Return the width and height that a WebP states, or `None` for anything else.

    Pillow tells it only after the library has laid out two canvases of that size.
    """
    if start[:4] != b"RIFF" or start[8:12] != b"WEBP" or len(start) < 30:
        return None
    kind = start[12:16]
    if kind == b"VP8X":
        return int.from_bytes(start[24:27], "little") + 1, int.from_bytes(start[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(start[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(start[26:28], "little") & 0x3FFF, int.from_bytes(start[28:30], "little") & 0x3FFF
    return None


def fits_into_memory(size: int) -> bool:
    """Whether so many bytes fit into the address space that this process may have."""
    limit, _hard = resource.getrlimit(resource.RLIMIT_AS)
    return size + _BEFORE_THE_PICTURE <= (math.inf if limit == resource.RLIM_INFINITY else limit)
