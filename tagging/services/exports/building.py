"""Write the archives of a plan into a folder, as far as time allows; whoever comes next goes on.

Each archive is a part file and a journal until all are whole. The caller's `pulse` is called every moment with how many
pictures are written; it may raise to stop the work, which can go on from there.

Nothing waits for the disk at the end, as what is lost in a power cut can be made again; what another worker goes on
with is on the disk.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

from datasets.files import make_folder
from tagging.queries.export_preview import MANIFEST_FILE
from tagging.services.exports.folders import FolderWriter
from tagging.services.exports.journal import Journal, Written
from tagging.services.exports.manifest import Facts, facts_of, write_manifest
from tagging.services.exports.pixels import check_written, exported_size, lent_content
from tagging.services.exports.planning import ExportPlan, PlannedImage
from tagging.services.exports.zips import Entry, Held, Stored, Writer, ZipWriter

_SECONDS_A_PULSE = 0.5
# What is not on the disk yet is written again after a death.
_SECONDS_A_MARK = 8.0
_BLOCK_BYTES = 1024 * 1024

Pulse = Callable[[int], None]
_Each = TypeVar("_Each")


@dataclass(frozen=True, slots=True)
class BuiltArchive:
    """An archive that is whole.

    Attributes:
        number: from 1.
        path: where it lies.
        images: how many pictures are in it.
        size: its bytes.
        sha256: their SHA-256.
    """

    number: int
    path: Path
    images: int
    size: int
    sha256: str


class Build:
    """The archives of one plan, in a folder of their own.

    Attributes:
        done: how many pictures are written.
    """

    def __init__(self, plan: ExportPlan, folder: Path, pulse: Pulse) -> None:
        make_folder(folder)
        self.plan = plan
        self.done = 0
        self._folder = folder
        self._pulse = pulse
        self._next_pulse = time.monotonic() + _SECONDS_A_PULSE

    def run(self, until: float | None = None) -> list[BuiltArchive] | None:
        """Write; returns the archives, or `None` where the moment `until` of `time.monotonic` came before the end.

        Raises:
            OriginalMissing: a stored picture is gone or unreadable.
            OSError: nothing can be written any more.
        """
        archives = []
        for number in range(1, self.plan.layout.part_count + 1):
            archive = self._find_whole(number) or self._build(number, until)
            if archive is None:
                return None
            archives.append(archive)
        return archives

    def _path(self, number: int, kind: str) -> Path:
        return self._folder / f"{number}.{kind}"

    def _find_whole(self, number: int) -> BuiltArchive | None:
        """Return an archive that an earlier worker finished."""
        note, path = self._path(number, "whole"), self._path(number, "part")
        if not note.exists() or not path.exists():
            return None
        # Nothing waited for the disk: after a power cut the note, or what it speaks of, may be there in part.
        facts = note.read_bytes().decode("ascii", "replace").split()
        if len(facts) != 3 or facts[1] != str(path.stat().st_size):
            note.unlink()
            return None
        images, size, sha256 = facts
        self.done += int(images)
        return BuiltArchive(number, path, int(images), int(size), sha256)

    def _build(self, number: int, until: float | None) -> BuiltArchive | None:
        path = self._path(number, "part")
        path.touch(mode=0o600)
        journal = Journal(self._path(number, "journal"), path.stat().st_size)
        with (
            closing(journal),
            path.open("r+b", buffering=0) as file,
            closing(ZipWriter(file, end=journal.end)) as writer,
        ):
            images = self._write_pictures(number, writer, journal, until)
            if images is None:
                return None
            self._write_rest(number, writer, journal)
            file.flush()
            sha256 = writer.sha256 or self._sum_up(path)
        note = f"{images} {writer.end} {sha256}"
        self._path(number, "whole").write_text(note, encoding="ascii")
        return BuiltArchive(number, path, images, writer.end, sha256)

    def _write_pictures(self, number: int, writer: Writer, journal: Journal, until: float | None) -> int | None:
        before, next_mark = self.done, time.monotonic() + _SECONDS_A_MARK
        self.done = max(self.done, journal.last)
        for planned in self.plan.images(number, behind=journal.last):
            is_late = until is not None and time.monotonic() > until
            if is_late or time.monotonic() > next_mark:
                writer.sync()
                journal.mark()
                next_mark = time.monotonic() + _SECONDS_A_MARK
            if is_late:
                return None
            journal.add(write_picture(planned, self.plan, writer))
            self.done = planned.number
            self._beat()
        return self.done - before

    def _write_rest(self, number: int, writer: Writer, journal: Journal) -> None:
        """Write what speaks of all pictures, the manifest, and the directory."""
        laid_out = (written.laid_out for written in self._beaten(journal))
        further = [writer.add(file.name, Held(file.content)) for file in self.plan.layout.further(laid_out)]
        # Beside the archive: where temporary files lie there may be little room.
        with tempfile.NamedTemporaryFile(prefix=".manifest-", dir=self._folder) as manifest:
            manifest.writelines(write_manifest(self.plan, number, self._files(journal, further)))
            manifest.flush()
            name = self.plan.layout.beside(MANIFEST_FILE)
            further.append(writer.add(name, Stored(Path(manifest.name))))
        writer.finish(chain((entry for written in self._beaten(journal) for entry in written.entries), further))

    def _files(self, journal: Journal, further: list[Entry]) -> Iterator[tuple[Entry, Facts]]:
        """Yield all that lies in an archive, in order."""
        for written in self._beaten(journal):
            yield written.picture, written.facts
            if written.text is not None:
                yield written.text, {}
        for entry in further:
            yield entry, {}

    def _sum_up(self, path: Path) -> str:
        """Return the SHA-256 of an archive that several workers wrote."""
        sha256 = hashlib.sha256()
        with path.open("rb") as file:
            for block in self._beaten(iter(lambda: file.read(_BLOCK_BYTES), b"")):
                sha256.update(block)
        return sha256.hexdigest()

    def _beaten(self, each: Iterable[_Each]) -> Iterator[_Each]:
        for one in each:
            self._beat()
            yield one

    def _beat(self) -> None:
        if time.monotonic() > self._next_pulse:
            self._pulse(self.done)
            self._next_pulse = time.monotonic() + _SECONDS_A_PULSE


class FolderBuild(Build):
    """The same files as in the archives, but in a folder; of several archives each has a folder of its own there.

    It is written in one go: `run` with a moment to stop at is not for it.
    """

    def _find_whole(self, number: int) -> BuiltArchive | None:
        return None

    def _build(self, number: int, until: float | None) -> BuiltArchive | None:
        is_only_one = self.plan.layout.part_count == 1
        folder = self._folder if is_only_one else self._folder / Path(self.plan.file_name(number)).stem
        with (
            tempfile.TemporaryDirectory() as scratch,
            closing(Journal(Path(scratch) / "journal", 0)) as journal,
        ):
            writer = FolderWriter(folder)
            images = self._write_pictures(number, writer, journal, None)
            self._write_rest(number, writer, journal)
        return BuiltArchive(number, folder, images or 0, writer.end, "")


def write_picture(planned: PlannedImage, plan: ExportPlan, writer: Writer) -> Written:
    """Write a picture and its text.

    Raises:
        OriginalMissing: the stored picture is gone, unreadable or another one.
        OSError: nothing can be written any more.
    """
    image, pixels = planned.image, plan.options.pixels
    with lent_content(image, pixels) as content:
        picture = writer.add(planned.place.picture_name, content)
    check_written(image, pixels, picture)
    text = None
    if planned.text_name is not None:
        text = writer.add(planned.text_name, Held(planned.text.encode()))
    laid_out = planned.laid_out(exported_size(image, pixels))
    return Written(planned.number, writer.end, picture, text, laid_out, facts_of(image, pixels))
