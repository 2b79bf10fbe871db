"""The one form in which images of a version are written: the same images give the same bytes. Pure.

Images are cut by their place, 512 to a part, so that a change touches one part whatever comes or goes elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tagging.trainers.records import FrozenDataset, FrozenImage, FrozenTag

# What a part begins with: another number would say that images are written another way.
FORM = 1
PLACES_A_PART = 512
# The facts of an image in the order in which they are written; its tags and its caption follow.
FACTS = (
    "position",
    "sha256",
    "format",
    "width",
    "height",
    "byte_size",
    "orientation",
    "is_plain",
    "colour",
    "dhash",
    "sharpness",
    "original_name",
    "relative_path",
    "review_state",
)
TAGS, CAPTION = len(FACTS), len(FACTS) + 1
# Fast, and within some percent of the smallest.
_LEVEL = 6

# An image's facts stand in the order of the record's.
_make: Callable[..., FrozenImage] = FrozenImage
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

# An image as it is written: its facts, its tags as [name, category, name, category, …], and its caption.
Row = Sequence[Any]


class UnknownForm(Exception):
    """A part was written by a later edition of the program."""


class NotAsWritten(Exception):
    """What is stored is not what this part is known by."""


def part_of(position: int) -> int:
    """Return the number of the part in which a place is written."""
    return position // PLACES_A_PART


def write_part(rows: Sequence[Row]) -> bytes:
    """Return a part with these images, in order of their places."""
    return _encode([FORM, *rows]).encode()


def digest_of(part: bytes) -> str:
    """Return what a part is known by."""
    return hashlib.sha256(part).hexdigest()


def digest_of_all(head: FrozenDataset, digests: Sequence[str]) -> str:
    """Return what a whole state is known by: its head and its parts in order."""
    return digest_of(_encode([FORM, head.name, head.file_prefix, head.trigger_word, *digests]).encode())


def pack(part: bytes) -> bytes:
    """Return a part as it is stored."""
    return zlib.compress(part, _LEVEL)


def unpack(stored: bytes, digest: str) -> bytes:
    """Return a stored part as it was written.

    Raises:
        NotAsWritten: it is another one, or none.
    """
    try:
        part = zlib.decompress(stored)
    except zlib.error as error:
        raise NotAsWritten(digest) from error
    if digest_of(part) != digest:
        raise NotAsWritten(digest)
    return part


def read_rows(stored: bytes) -> list[list[Any]]:
    """Return the images of a stored part as they are written.

    Raises:
        UnknownForm: a later edition of the program wrote it.
    """
    return rows_of(zlib.decompress(stored))


def rows_of(part: bytes) -> list[list[Any]]:
    """Return the images of a part as they are written.

    Raises:
        UnknownForm: a later edition of the program wrote it.
    """
    rows: list[list[Any]]
    form, *rows = json.loads(part)
    if form != FORM:
        raise UnknownForm(form)
    return rows


def read_part(stored: bytes) -> Iterator[FrozenImage]:
    """Yield the images of a stored part."""
    return map(as_image, read_rows(stored))


def as_image(row: Row) -> FrozenImage:
    """Return an image from what is written of it."""
    tags, caption = row[TAGS], row[CAPTION]
    return _make(*row[:TAGS], tuple(map(FrozenTag, tags[::2], tags[1::2])), caption)


def as_row(image: FrozenImage) -> list[Any]:
    """Return what is written of an image."""
    facts = [getattr(image, name) for name in FACTS]
    return [*facts, [text for tag in image.tags for text in (tag.name, tag.category)], image.caption]
