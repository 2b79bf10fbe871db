"""An export as a folder. No Django."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path

from tagging.services.exports.zips import Content, Entry


class FolderWriter:
    """Writes files below a folder.

    Attributes:
        end: how many bytes are written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.end = 0

    def add(self, name: str, content: Content) -> Entry:
        """Write a file.

        Raises:
            OSError: it cannot be read or written.
        """
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        size, crc, sha256 = 0, 0, hashlib.sha256()
        with path.open("wb") as file:
            for block in content.blocks():
                file.write(block)
                size += len(block)
                crc = zlib.crc32(block, crc)
                sha256.update(block)
        entry = Entry(name, size, crc, sha256.hexdigest(), self.end)
        self.end += size
        return entry

    def sync(self) -> None:
        """Wait for nothing: nobody goes on with a folder."""

    def finish(self, entries: Iterable[Entry]) -> None:
        """Write no directory: the folder is one."""
