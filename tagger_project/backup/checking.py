"""Look whether all of a backup is there and as it was written, without loading it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from tagger_project.backup.manifest import Manifest, read_manifest
from tagger_project.backup.pieces import Pieces
from tagger_project.backup.problems import DamagedBackup
from tagger_project.backup.rows import read_lines


def check_backup(folder: Path, *, sizes_only: bool = False) -> Iterator[str]:
    """Read every piece of a backup and compare its SHA-256; yields a sentence for each that is missing or damaged.

    Args:
        folder: the backup.
        sizes_only: of the files, look only whether they are there in their length: they are read later anyway.

    Raises:
        BackupProblem: there is no whole backup, or it is of a newer form.
    """
    manifest = read_manifest(folder)
    pieces = Pieces(folder, trust=False)
    for table in manifest.tables:
        for piece in table.pieces:
            try:
                pieces.check(piece.name, piece.size)
            except DamagedBackup as error:
                yield str(error)
    yield from _check_files(manifest, pieces, sizes_only=sizes_only)


def _check_files(manifest: Manifest, pieces: Pieces, *, sizes_only: bool) -> Iterator[str]:
    check = pieces.check_size if sizes_only else pieces.check
    count = size = 0
    for piece in manifest.files:
        try:
            for _path, name, length, _time in read_lines(piece, pieces):
                count, size = count + 1, size + length
                try:
                    check(name, length)
                except DamagedBackup as error:
                    yield str(error)
        except DamagedBackup as error:
            yield str(error)
            return
    if (count, size) != (manifest.file_count, manifest.file_bytes):
        yield _("The backup is damaged: its lists do not name as many files as its manifest counts.")
