"""An export as a folder. No Django."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tagging.services.exports.zips import Content, Entry, look_at


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
        held, size, crc, sha256 = look_at(content)
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(content.blocks() if held is None else held)
        entry = Entry(name, size, crc, sha256, self.end)
        self.end += size
        return entry

    def sync(self) -> None:
        """Wait for nothing: nobody goes on with a folder."""

    def finish(self, entries: Iterable[Entry]) -> None:
        """Write no directory: the folder is one."""
