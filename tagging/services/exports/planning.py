"""What an export holds, worked out from a version: it never changes, so neither does the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from tagging.models import DatasetVersion, ExportJob
from tagging.queries.export_preview import name_archives
from tagging.queries.versions import read_dataset, read_parts
from tagging.trainers.frozen_form import FACTS, Row, as_image
from tagging.trainers.layouts import LaidOut, Layout, Place, lay_out
from tagging.trainers.options import ExportOptions
from tagging.trainers.records import FrozenDataset, FrozenImage

_POSITION, _BYTE_SIZE = FACTS.index("position"), FACTS.index("byte_size")
_WIDTH, _HEIGHT = FACTS.index("width"), FACTS.index("height")


@dataclass(frozen=True)
class PlannedImage:
    """A picture of an export: its number from 1 without gaps, and where it lies."""

    number: int
    image: FrozenImage
    place: Place
    compose: Callable[[FrozenImage], str] = field(repr=False)

    @cached_property
    def text(self) -> str:
        """What the trainer reads of it."""
        return self.compose(self.image)

    @property
    def text_name(self) -> str | None:
        """Where its text lies; `None` where there is none to write: an empty one stops some trainers."""
        return self.place.text_name if self.text else None

    def laid_out(self, size: tuple[int, int]) -> LaidOut:
        """Return it as the files know it that speak of all pictures."""
        tags = tuple(tag.name for tag in self.image.tags)
        return LaidOut(self.place, self.text, tags, self.image.caption, *size)


@dataclass(frozen=True)
class ExportPlan:
    """Everything that an export depends on.

    Attributes:
        version: whose words and pictures.
        options: how they are written.
        positions: the places of the images that go in, ascending; `None` for all.
        total: how many that are.
    """

    version: DatasetVersion
    options: ExportOptions
    positions: Sequence[int] | None
    total: int

    @classmethod
    def of_job(cls, job: ExportJob) -> ExportPlan:
        """Return the plan of what was asked for."""
        return cls(job.version, ExportOptions.from_json(job.options), job.chosen_positions, job.total)

    @cached_property
    def dataset(self) -> FrozenDataset:
        """What the version says of the dataset."""
        return read_dataset(self.version)

    @cached_property
    def layout(self) -> Layout:
        """Where things lie."""
        expected = self.options.pixels.expected_size
        sizes = (expected(row[_BYTE_SIZE], row[_WIDTH], row[_HEIGHT]) for row in self._rows())
        return lay_out(self.options.rules, self.options, self.dataset, self.total, sizes)

    @property
    def byte_size(self) -> int:
        """The bytes of the stored pictures that go in; gone through for this."""
        return sum(row[_BYTE_SIZE] for row in self._rows())

    def images(self, part: int, *, behind: int = 0) -> Iterator[PlannedImage]:
        """Yield the pictures of one archive in order; the memory it takes does not grow with the dataset.

        Args:
            part: which archive, from 1.
            behind: leave out those up to this number.
        """
        template, style, pixels = self.options.read_template(), self.options.style, self.options.pixels

        def compose(image: FrozenImage) -> str:
            return template.compose(self.dataset, image, style)

        for number, row in enumerate(self._rows(), start=1):
            at = self.layout.part_of(number)
            if at > part:
                return
            if at == part and number > behind:
                image = as_image(row)
                place = self.layout.place(number, image, pixels.extension_of(image))
                yield PlannedImage(number, image, place, compose)

    def file_name(self, part: int) -> str:
        """Return what an archive is called."""
        return name_archives(self.layout, self.options.profile, self.version.number)[part - 1]

    def _rows(self) -> Iterator[Row]:
        """Yield the images that go in as they are written, in order."""
        rows = chain.from_iterable(read_parts(self.version))
        if self.positions is None:
            yield from rows
            return
        wanted = iter(self.positions)
        position = next(wanted, None)
        for row in rows:
            if position is None:
                return
            if row[_POSITION] == position:
                yield row
                position = next(wanted, None)
