"""Where a file lives: a checksum or an item's number in, a path out. Pure.

Nothing here takes a name that a person gave: names are data in a column.
"""

from __future__ import annotations

import re
from pathlib import Path

_EXTENSIONS = {
    "JPEG": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "GIF": "gif",
    "BMP": "bmp",
    "TIFF": "tiff",
    "AVIF": "avif",
}

CONTENT_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
}


# The folders below `blobs`: each picture has one file in each.
KINDS = ("originals", "thumbnails", "previews")


class BadChecksum(ValueError):
    """What was given is not a SHA-256 in lower-case hexadecimal."""


def extension(image_format: str) -> str:
    """The file extension of one of the seven formats, lower case and without a dot."""
    return _EXTENSIONS[image_format]


def is_checksum(text: str) -> bool:
    """Whether a text is a SHA-256 in lower-case hexadecimal."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def _shard(root: Path, kind: str, sha256: str) -> Path:
    if not is_checksum(sha256):
        raise BadChecksum(f"{sha256!r} is not a SHA-256.")
    return root / "blobs" / kind / sha256[:2]


def original_path(root: Path, sha256: str, image_format: str) -> Path:
    """Where the untouched picture lies, below the data folder `root`."""
    return _shard(root, "originals", sha256) / f"{sha256}.{extension(image_format)}"


def thumbnail_path(root: Path, sha256: str) -> Path:
    """Where the small picture of the grid lies (WebP, longer side 512)."""
    return _shard(root, "thumbnails", sha256) / f"{sha256}.webp"


def preview_path(root: Path, sha256: str) -> Path:
    """Where the picture of the tagging page lies (WebP, longer side 1600)."""
    return _shard(root, "previews", sha256) / f"{sha256}.webp"


def incoming_path(root: Path, item_id: int) -> Path:
    """Where the bytes of a file gather until a worker has read it."""
    return root / "incoming" / f"{item_id % 256:02x}" / f"{int(item_id)}.part"
