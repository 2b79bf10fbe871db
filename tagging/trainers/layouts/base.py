"""What all layouts have in common: one flat folder of pictures and texts, and everything else beside it."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tagging.text import one_line
from tagging.trainers.layouts.parts import first_of_parts
from tagging.trainers.options import ExportOptions
from tagging.trainers.profiles import Profile
from tagging.trainers.records import FrozenDataset, FrozenImage
from tagging.trainers.stems import digits_of, safe_prefix, stem_of

TAGS_FILE = "tags.txt"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture and its text lie inside the archive; paths with `/`.

    Attributes:
        picture_name: the picture's path.
        text_name: the text's; `None` where the profile writes none. An empty text is not written.
    """

    picture_name: str
    text_name: str | None

    @property
    def file_name(self) -> str:
        """The picture's name without its folder."""
        return self.picture_name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A picture as it goes out, for the files that speak of all.

    Attributes:
        place: where it lies.
        text: the line that the trainer reads; may be empty.
        tags: its tags as they are stored.
        caption: its prose as it is stored.
        width: of the file that goes out.
        height: likewise.
    """

    place: Place
    text: str
    tags: tuple[str, ...]
    caption: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FurtherFile:
    """A file beside pictures and texts."""

    name: str
    content: bytes


class Layout:
    """Where things lie in an archive; as it is here, the plain one: a folder and the list of its tags.

    Attributes:
        prefix: what stems and the folder are called; safe for every trainer and system.
        folder: the folder of pictures and texts inside the archive.
        companion_folder: where what is no trainer's business lies (manifest, notes); empty for the archive's root.
    """

    def __init__(
        self,
        profile: Profile,
        options: ExportOptions,
        dataset: FrozenDataset,
        image_count: int,
        sizes: Iterable[int] | None = None,
    ) -> None:
        self.profile, self.options, self.dataset, self.image_count = profile, options, dataset, image_count
        self.prefix = safe_prefix(dataset.file_prefix)
        self.folder = self._pictures_folder()
        self.companion_folder = ""
        self._digits = digits_of(image_count)
        self._first_of_parts = first_of_parts(profile, image_count, sizes)

    def place(self, number: int, image: FrozenImage, extension: str) -> Place:
        """Return where the picture of a number (from 1, without gaps) lies; the same for every image.

        Args:
            number: of the image in this export.
            image: it.
            extension: of the file that goes out, without a dot.
        """
        stem = f"{self.folder}/{stem_of(self.prefix, number, self._digits)}"
        return Place(f"{stem}.{extension.lower()}", f"{stem}.txt")

    @property
    def part_count(self) -> int:
        """How many archives the images take."""
        return len(self._first_of_parts)

    def part_of(self, number: int) -> int:
        """Return the archive, from 1, that an image of a number lies in."""
        return bisect_right(self._first_of_parts, number)

    def further(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield the further files of an archive.

        Args:
            entries: all that lie in it, in order; gone through once.
        """
        used: Counter[str] = Counter()
        yield from self.files_of(_counting(entries, used))
        if used:
            by_use = sorted(used, key=lambda name: (-used[name], name))
            yield FurtherFile(self.beside(TAGS_FILE), "".join(f"{name}\n" for name in by_use).encode("utf-8"))

    def beside(self, name: str) -> str:
        """Return the path inside the archive of a file that no trainer reads."""
        return f"{self.companion_folder}/{name}" if self.companion_folder else name

    def files_of(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield the files that this trainer is given; must go through all entries."""
        for _entry in entries:
            pass
        return iter(())

    def _pictures_folder(self) -> str:
        return self.prefix

    # --- For configurations -------------------------------------------------------------------------------------------

    def path_of(self, name: str) -> str:
        """Return a path for a configuration: whole where a person said where the archive will be unpacked."""
        folder = self.options.folder.strip()
        if not folder:
            return name
        if "\\" in folder and "/" not in folder:
            return f"{folder.rstrip(chr(92))}\\{name.replace('/', chr(92))}"
        return f"{folder.rstrip('/')}/{name}"

    @property
    def path_hint(self) -> str:
        """What a configuration says of its paths."""
        if self.options.folder.strip():
            return "The paths are those of the folder that was named when this was exported."
        return "The paths begin at the folder that this file lies in: start the trainer there, or write them whole."

    @property
    def trigger(self) -> str:
        """The trigger word where the texts begin with it; else empty, and no trainer adds it."""
        # As it stands in the texts: with a sign that nobody sees, ai-toolkit would not find it there and add it.
        return one_line(self.dataset.trigger_word) if self.options.read_template().has_trigger else ""


def _counting(entries: Iterable[LaidOut], used: Counter[str]) -> Iterator[LaidOut]:
    for entry in entries:
        used.update(entry.tags)
        yield entry


def as_json(value: Any) -> bytes:
    """Return JSON as people read it, with a line break at its end."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def as_json_line(value: Any) -> bytes:
    """Return JSON on one line, with a line break at its end.

    Unicode's own line ends are escaped: there are readers that break lines at them.
    """
    line = json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return (line.replace("\x85", "\\u0085") + "\n").encode("utf-8")


def as_comment(*lines: str) -> str:
    """Return lines as a comment of TOML or YAML."""
    return "".join(f"# {line}\n" for line in lines)
