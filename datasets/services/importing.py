"""Import a folder of this machine: find its files, and put their bytes where uploads put theirs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from datasets.files import copy_whole
from datasets.models import Dataset, ImportItem, ImportJob
from datasets.names import bare_stem, is_metadata_name, is_sidecar_name, natural_key
from datasets.paths import incoming_path
from datasets.reasons import Reason
from datasets.services.datasets import create_dataset, find_dataset
from datasets.services.uploads import AnnouncedFile, announce_files, mark_received, refuse_waiting
from tagger_project.full_disk import is_disk_full

logger = logging.getLogger(__name__)

FILES_A_TIME = 200


class FolderRefused(Exception):
    """The folder cannot be imported; the text is a sentence."""


@dataclass(frozen=True)
class FoundFile:
    """A regular file below the folder, with its folder relative to it (`/` between parts)."""

    path: Path
    folder: str

    @property
    def announced(self) -> AnnouncedFile:
        """The file as an upload would announce it."""
        name = os.fsencode(self.path.name).decode("utf-8", "replace")
        try:
            size = self.path.stat().st_size
        except OSError:
            size = 1  # it was there a moment ago; taking it will say that it is gone
        return AnnouncedFile(name, self.folder, size)


def find_files(folder: Path) -> list[FoundFile]:
    """Return the files below a folder in natural order (`a2` before `a10`), folder by folder.

    Hidden files and folders, and links to folders, are left out.

    Raises:
        FolderRefused: it is no folder, or may not be read.
    """
    if not folder.is_dir():
        raise FolderRefused(_("“%(folder)s” is not a folder. Check the path.") % {"folder": folder})
    try:
        return list(_walk(folder, ""))
    except OSError as error:
        raise FolderRefused(
            _("“%(folder)s” cannot be read: %(why)s.") % {"folder": error.filename or folder, "why": error.strerror}
        ) from error


def _walk(folder: Path, relative: str) -> Iterator[FoundFile]:
    with os.scandir(folder) as found:
        entries = [entry for entry in found if not entry.name.startswith(".")]
    entries.sort(key=lambda entry: _place_in_line(entry.name))
    for entry in entries:
        if entry.is_file():
            yield FoundFile(Path(entry.path), relative)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            name = os.fsencode(entry.name).decode("utf-8", "replace")
            yield from _walk(Path(entry.path), f"{relative}/{name}" if relative else name)


def _place_in_line(name: str) -> tuple[bool, list[tuple[int, int, str]], bool, str]:
    """Lists of captions before the pictures they name, which then find their words as soon as they are read.

    A text goes right behind the picture of its name: both are announced together and find each other.
    """
    return not is_metadata_name(name), natural_key(bare_stem(name)), is_sidecar_name(name), name


def get_or_create_dataset(*, name: str, file_prefix: str, trigger_word: str, by: User | None) -> tuple[Dataset, bool]:
    """Return the dataset of this name or number, making it if there is none, and whether it was made.

    Raises:
        datasets.services.datasets.DatasetError: it cannot be made as asked.
    """
    dataset = find_dataset(name)
    if dataset is not None:
        return dataset, False
    return create_dataset(name=name, file_prefix=file_prefix, trigger_word=trigger_word, by=by), True


def take_files(job: ImportJob, files: list[FoundFile]) -> Iterator[list[int]]:
    """Announce files and copy their bytes in; yields the numbers of items that a worker may read now."""
    remaining = iter(files)
    while batch := list(islice(remaining, FILES_A_TIME)):
        items = announce_files(job, [file.announced for file in batch])
        for item, file in zip(items, batch, strict=True):
            if item.state == ImportItem.State.WAITING and _take(item, file):
                yield [item.pk]


def _take(item: ImportItem, file: FoundFile) -> bool:
    try:
        # A copy, never a link: a later change of the person's own file must not reach what is stored.
        copy_whole(file.path, incoming_path(settings.DATA_DIR, item.pk))
    except OSError as error:
        logger.warning("Import item %s could not be copied in.", item.pk, exc_info=True)
        refuse_waiting(item, Reason.DISK_FULL if is_disk_full(error) else Reason.UNREADABLE)
        return False
    mark_received([item.pk])
    return True
