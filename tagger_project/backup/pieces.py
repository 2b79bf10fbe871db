"""The pieces of a backup: files named by the SHA-256 of their content, so that none is written twice or over."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from datasets.files import TEMPORARY_PREFIX, leave_room, make_folder, sha256_of
from tagger_project.backup.manifest import Piece
from tagger_project.backup.problems import DamagedBackup

PIECES = "pieces"
_BLOCK_BYTES = 1024 * 1024


class Changed(Exception):
    """A file is not what it was said to be."""


class Pieces:
    """The folder of pieces.

    Args:
        folder: that of the backup.
        trust: a piece that is there with its size counts as whole; else it is read to see.
    """

    def __init__(self, folder: Path, *, trust: bool) -> None:
        self.folder = folder / PIECES
        self.trust = trust
        self._written: list[Path] = []

    def path(self, name: str) -> Path:
        """Where a piece lies."""
        return self.folder / name[:2] / name

    def has(self, name: str, size: int) -> bool:
        """Whether a piece is there and whole."""
        path = self.path(name)
        try:
            if path.stat().st_size != size:
                return False
        except FileNotFoundError:
            return False
        return self.trust or sha256_of(path) == name.partition(".")[0]

    def bring(self, source: Path, name: str) -> Piece:
        """Copy a file to the piece it is to be, unless it is there.

        Raises:
            FileNotFoundError: there is no such file.
            Changed: its content is another one.
            OSError: it cannot be read, or the disk of the backup is full or refuses.
        """
        size = source.stat().st_size
        if not self.has(name, size):
            leave_room(self.folder, size)
            copy_checked(source, self.path(name), name.partition(".")[0])
            self._written.append(self.path(name))
        return Piece(name, size)

    def keep(self, written: Path, ending: str, rows: int) -> Piece:
        """Make a piece of a file that was written into this folder, unless it is there."""
        name = f"{sha256_of(written)}{ending}"
        path = self.path(name)
        size = written.stat().st_size
        if not self.has(name, size):
            make_folder(path.parent)
            written.replace(path)
            self._written.append(path)
        return Piece(name, size, rows)

    def settle(self) -> None:
        """Wait until all that was written is on the disk."""
        settle(self._written)
        self._written.clear()

    def new_path(self) -> Path:
        """Return a temporary name in this folder."""
        make_folder(self.folder)
        return self.folder / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"

    def open(self, piece: Piece) -> BinaryIO:
        """Open a piece after a look at all of it.

        Raises:
            DamagedBackup: it is missing or not whole.
        """
        self.check(piece.name, piece.size)
        return self.path(piece.name).open("rb")

    def check(self, name: str, size: int) -> None:
        """Read a piece and compare.

        Raises:
            DamagedBackup: it is missing or not whole.
        """
        self.check_size(name, size)
        try:
            whole = sha256_of(self.path(name)) == name.partition(".")[0]
        except OSError as error:
            raise DamagedBackup(_unreadable(self.path(name), error)) from error
        if not whole:
            raise DamagedBackup(damaged(self.path(name)))

    def check_size(self, name: str, size: int) -> None:
        """Look whether a piece is there in its length.

        Raises:
            DamagedBackup: it is not.
        """
        path = self.path(name)
        try:
            found = path.stat().st_size
        except FileNotFoundError as error:
            raise DamagedBackup(_("The backup is not whole: %(path)s is missing.") % {"path": path}) from error
        except OSError as error:
            raise DamagedBackup(_unreadable(path, error)) from error
        if found != size:
            raise DamagedBackup(damaged(path))

    def names(self) -> Iterator[Path]:
        """All that lies here, temporary files too."""
        with suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                if path.is_dir():
                    yield from path.iterdir()
                else:
                    yield path


def damaged(path: Path) -> str:
    """Say that a piece is not what was written."""
    return _("The backup is damaged: %(path)s is not what was written.") % {"path": path}


def _unreadable(path: Path, error: OSError) -> str:
    return _("%(path)s cannot be read: %(reason)s.") % {"path": path, "reason": error.strerror}


def settle(paths: Iterable[Path]) -> None:
    """Wait until files are on the disk, and their names: one by one while they are written would take far longer."""
    folders: dict[Path, None] = {}
    for path in paths:
        _sync(path)
        folders[path.parent] = None
        folders[path.parent.parent] = None
    for folder in folders:
        _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_checked(source: Path, path: Path, sha256: str) -> None:
    """Copy a file, whole or not at all, if its content has this SHA-256; nothing waits for the disk.

    Raises:
        Changed: it has another one.
        OSError: the source cannot be read, or the disk is full or refuses.
    """
    make_folder(path.parent)
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    summed = hashlib.sha256()
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file, source.open("rb") as read:
            while block := read.read(_BLOCK_BYTES):
                summed.update(block)
                file.write(block)
        if summed.hexdigest() != sha256:
            raise Changed(str(source))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
