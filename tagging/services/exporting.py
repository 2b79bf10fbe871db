"""Write a dataset as the files that every trainer loads: pictures, a `.txt` beside each, and `tags.txt`.

The rules come from the trainers' own loaders: one flat folder; lower-case `.jpg`, `.png` or `.webp`; the same stem for
picture and text; UTF-8 without BOM on one line without a line break at its end; never an empty file; stems that stay
unique where upper and lower case are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from datasets import paths
from datasets.conversion import TIMES_THE_DECODERS_MEMORY, Converter
from datasets.imaging import ImageRefused
from datasets.models import Dataset, Image, ImageQuerySet
from tagging.models import Caption, ImageTag
from tagging.text import compose_caption_text, one_line

TAGS_FILE = "tags.txt"
_FEWEST_DIGITS = 4
_IMAGES_A_TIME = 500
_EXAMPLES = 3
_BLOCK_BYTES = 256 * 1024


class NothingToExport(Exception):
    """There is no image to export; the text is a sentence."""


class OriginalMissing(Exception):
    """A stored picture is gone or unreadable; the text names it as its owner does, and says what to do."""

    def __init__(self, original_name: str, why: str) -> None:
        super().__init__(
            _("“%(name)s” is not stored whole (%(why)s). Restore the data folder from a backup, then export again.")
            % {"name": original_name, "why": why}
        )


@dataclass(frozen=True)
class ExportEntry:
    """One picture of an export.

    Attributes:
        image: its row.
        stem: the name of picture and text without extension.
        text: the line the trainer reads; empty where no text file is written.
        tags: the tags on the image.
    """

    image: Image
    stem: str
    text: str
    tags: list[str]

    @property
    def picture_name(self) -> str:
        """The picture's file name."""
        return f"{self.stem}.{_exported_extension(self.image)}"


@dataclass(frozen=True)
class ExportFile:
    """A file of an export: its name, and either its content or where the content lies.

    `original_name` is what its owner calls a picture, for the case that it cannot be read.
    """

    name: str
    content: bytes = b""
    path: Path | None = None
    original_name: str = ""

    def blocks(self) -> Iterator[bytes]:
        """Yield the content in blocks.

        Raises:
            OriginalMissing: the stored picture is gone or unreadable.
        """
        if self.path is None:
            yield self.content
            return
        try:
            with self.path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    yield block
        except OSError as error:
            raise OriginalMissing(self.original_name, error.strerror or str(error)) from error


@dataclass(frozen=True)
class ExportSummary:
    """What an export holds, told before it is made."""

    images: int
    left_out: int
    without_text: int
    converted: int
    byte_size: int
    file_name: str
    examples: list[tuple[str, str]]


def _exported_extension(image: Image) -> str:
    if image.is_plain or image.format == "JPEG":
        return paths.extension(image.format)
    return "png"


def archive_name(dataset: Dataset) -> str:
    """Return the zip's file name."""
    return f"{dataset.file_prefix}.zip"


def _matching(dataset: Dataset, *, with_untagged: bool) -> ImageQuerySet:
    images = Image.objects.filter(dataset=dataset)
    return images if with_untagged else images.filter(is_tagged=True)


def iter_entries(dataset: Dataset, *, with_untagged: bool) -> Iterator[ExportEntry]:
    """Yield the pictures of an export in dataset order, numbered from 1 without gaps.

    Reads a few hundred at a time: memory does not grow with the dataset.
    """
    matching = _matching(dataset, with_untagged=with_untagged)
    digits = _digits(matching.count())
    number, after = 0, 0
    while rows := list(matching.filter(position__gt=after).in_order()[:_IMAGES_A_TIME]):
        after = rows[-1].position
        yield from _entries(dataset, rows, [number + offset for offset in range(1, len(rows) + 1)], digits)
        number += len(rows)


def _digits(count: int) -> int:
    return max(_FEWEST_DIGITS, len(str(count)))


def _entries(dataset: Dataset, rows: list[Image], numbers: list[int], digits: int) -> Iterator[ExportEntry]:
    tags = _tags_of(rows)
    captions = dict(Caption.objects.filter(image__in=rows).values_list("image_id", "text"))
    for image, number in zip(rows, numbers, strict=True):
        yield ExportEntry(
            image=image,
            stem=f"{dataset.file_prefix}_{number:0{digits}d}",
            text=compose_caption_text(
                trigger_word=dataset.trigger_word, tags=tags[image.pk], caption=captions.get(image.pk, "")
            ),
            tags=tags[image.pk],
        )


def _tags_of(images: list[Image]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {image.pk: [] for image in images}
    rows = ImageTag.objects.filter(image__in=images).order_by("image_id", "position", "pk")
    for image_id, name in rows.values_list("image_id", "tag__name"):
        tags[image_id].append(name)
    return tags


def iter_files(dataset: Dataset, *, with_untagged: bool) -> Iterator[ExportFile]:
    """Yield every file of an export; `tags.txt` comes last, because it counts what came before, and only with tags.

    Pictures that every trainer reads as they are go out byte-true; the others (turned by EXIF, animated, transparent,
    16-bit, or of a format some loader lacks) as upright 8-bit RGB.

    Raises:
        OriginalMissing: a stored picture is gone or unreadable.
    """
    used: Counter[str] = Counter()
    for entry in iter_entries(dataset, with_untagged=with_untagged):
        used.update(entry.tags)
        yield _picture(entry)
        if entry.text:
            yield ExportFile(f"{entry.stem}.txt", entry.text.encode("utf-8"))
    if used:
        by_use = sorted(used, key=lambda name: (-used[name], name))
        yield ExportFile(TAGS_FILE, "".join(f"{name}\n" for name in by_use).encode("utf-8"))


def _picture(entry: ExportEntry) -> ExportFile:
    image = entry.image
    path = paths.original_path(settings.DATA_DIR, image.sha256, image.format)
    if image.is_plain:
        return ExportFile(entry.picture_name, path=path, original_name=image.original_name)
    try:
        path.open("rb").close()  # a file that is gone is told from one that is damaged
        converter = Converter(
            max_pixels=settings.MAX_IMAGE_PIXELS,
            memory_bytes=settings.DECODER_MEMORY_BYTES * TIMES_THE_DECODERS_MEMORY,
        )
        content = converter.convert(path)
        converter.close()
    except ImageRefused as error:
        raise OriginalMissing(image.original_name, error.detail or error.code) from error
    except OSError as error:
        raise OriginalMissing(image.original_name, error.strerror or str(error)) from error
    return ExportFile(entry.picture_name, content)


def summarise(dataset: Dataset, *, with_untagged: bool) -> ExportSummary:
    """Return what an export would hold, from counts: it does not read every image's words."""
    matching = _matching(dataset, with_untagged=with_untagged)
    counts = matching.aggregate(
        images=Count("pk"),
        size=Sum("byte_size", default=0),
        converted=Count("pk", filter=Q(is_plain=False)),
        untagged=Count("pk", filter=Q(is_tagged=False)),
    )
    # An image of which nothing is known says the trigger word; without one it gets no text at all.
    without_text = 0 if one_line(dataset.trigger_word) else counts["untagged"]
    left_out = 0 if with_untagged else Image.objects.filter(dataset=dataset).untagged().count()
    return ExportSummary(
        images=counts["images"],
        left_out=left_out,
        without_text=without_text,
        converted=counts["converted"],
        byte_size=counts["size"],
        file_name=archive_name(dataset),
        examples=_examples(dataset, matching, counts["images"]),
    )


def _examples(dataset: Dataset, matching: ImageQuerySet, count: int) -> list[tuple[str, str]]:
    """Return the first texts that say something, else the first there are."""
    rows = list(matching.filter(is_tagged=True).in_order()[:_EXAMPLES]) or list(matching.in_order()[:_EXAMPLES])
    numbers = [matching.filter(position__lte=image.position).count() for image in rows]
    entries = _entries(dataset, rows, numbers, _digits(count))
    return [(f"{entry.stem}.txt", entry.text) for entry in entries if entry.text]


def write_folder(dataset: Dataset, folder: Path, *, with_untagged: bool) -> int:
    """Write an export into an empty or new folder; returns the number of files.

    Raises:
        OriginalMissing: a stored picture is gone or unreadable.
        OSError: the folder cannot be written.

    After either, the folder is as empty as before: half an export would be trained on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        for file in iter_files(dataset, with_untagged=with_untagged):
            written.append(folder / file.name)
            with written[-1].open("wb") as target:
                target.writelines(file.blocks())
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return len(written)
