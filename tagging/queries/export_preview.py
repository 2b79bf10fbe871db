"""What an export of a dataset or a version would hold: numbers of all, and some images as a trainer would read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet, Sum

from datasets.models import Dataset, Image, ImageQuerySet
from tagging.models import DatasetVersion
from tagging.queries.filtering import read_filter
from tagging.queries.numbers_in import is_one_of
from tagging.queries.version_filtering import read_version_filter
from tagging.queries.version_state import read_rows
from tagging.queries.versions import read_dataset, read_images
from tagging.tokens import TokenCounts, count_tokens
from tagging.trainers.frozen_form import as_image
from tagging.trainers.layouts import LaidOut, Layout, Place, lay_out
from tagging.trainers.options import ExportOptions, PixelOptions
from tagging.trainers.records import FrozenDataset, FrozenImage

MOST_EXAMPLES = 8
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class PreviewedImage:
    """An image as it would be exported.

    Attributes:
        image: its row; `None` for one of a version that is not in the dataset any more.
        name: what its owner calls it.
        width: of the picture, before anything is made smaller; `height` likewise.
        picture_name: its path in the archive.
        text_name: that of its text; empty where none is written.
        text: what the trainer reads.
        tokens: how long that is.
        is_converted: the picture is written anew.
    """

    image: Image | None
    name: str
    width: int
    height: int
    picture_name: str
    text_name: str
    text: str
    tokens: TokenCounts
    is_converted: bool


@dataclass(frozen=True)
class ExportPreview:
    """What an export would hold.

    Attributes:
        images: how many go in; `left_out` untagged ones are left out.
        untagged: images without words among those that go in.
        converted: pictures that are written anew.
        byte_size: of the originals.
        file_names: what the archives would be called.
        others: what else would lie in an archive.
        examples: the first images with words; where there are none the first.
    """

    images: int
    left_out: int
    untagged: int
    converted: int
    byte_size: int
    file_names: list[str]
    others: list[str]
    examples: list[PreviewedImage]


def preview_export(
    dataset: Dataset, options: ExportOptions, *, images: Sequence[int] | None = None, most: int = MOST_EXAMPLES
) -> ExportPreview:
    """Work out what an export would hold.

    Args:
        dataset: which.
        options: how it is written.
        images: numbers of images, where only these are meant.
        most: how many examples.

    Raises:
        BadFilter: the filter cannot be read.
    """
    asked = Image.objects.filter(dataset=dataset)
    if options.filter.strip():
        asked = asked.filter(read_filter(options.filter, dataset))
    if images is not None:
        asked = asked.filter(is_one_of("pk", sorted(set(images))))
    chosen = asked if options.untagged == "include" else asked.filter(is_tagged=True)
    counts = chosen.aggregate(
        images=Count("pk"),
        untagged=Count("pk", filter=Q(is_tagged=False)),
        converted=Count("pk", filter=_is_converted(options.pixels)),
        byte_size=Sum("byte_size", default=0),
    )
    head = FrozenDataset(dataset.name, dataset.file_prefix, dataset.trigger_word)
    layout = lay_out(options.rules, options, head, counts["images"], expected_sizes(chosen, options))
    examples = _examples(dataset, chosen, layout, most)
    return ExportPreview(
        **counts,
        left_out=asked.filter(is_tagged=False).count() if options.untagged == "leave-out" else 0,
        file_names=name_archives(layout, options.profile, _next_version(dataset)) if counts["images"] else [],
        others=_others(layout, examples),
        examples=examples,
    )


def preview_version(version: DatasetVersion, options: ExportOptions, *, most: int = MOST_EXAMPLES) -> ExportPreview:
    """Work out what an export of a version would hold.

    Args:
        version: which.
        options: how it is written.
        most: how many examples.

    Raises:
        BadFilter: the filter cannot be read, or asks for what a version does not know.
        VersionDamaged: a part of the version is not in the database any more.
    """
    is_asked = read_version_filter(options.filter)
    gathered = _Gathered(options, most)
    for image in filter(is_asked, read_images(version)):
        gathered.add(image)
    layout = lay_out(options.rules, options, read_dataset(version), gathered.images, gathered.sizes)
    shown = gathered.worded or gathered.first
    there = Image.objects.filter(dataset=version.dataset_id, sha256__in=[image.sha256 for _number, image in shown])
    row_of = {row.sha256: row for row in there}
    examples = [_example(row_of.get(image.sha256), image, number, layout) for number, image in shown]
    return ExportPreview(
        images=gathered.images,
        left_out=gathered.left_out,
        untagged=gathered.untagged,
        converted=gathered.converted,
        byte_size=gathered.byte_size,
        file_names=name_archives(layout, options.profile, version.number) if gathered.images else [],
        others=_others(layout, examples),
        examples=examples,
    )


@dataclass
class _Gathered:
    """What one way through the images of a version gathers; of examples each with its number in the export."""

    options: ExportOptions
    most: int
    images: int = 0
    left_out: int = 0
    untagged: int = 0
    converted: int = 0
    byte_size: int = 0
    sizes: list[int] = field(default_factory=list)
    worded: list[tuple[int, FrozenImage]] = field(default_factory=list)
    first: list[tuple[int, FrozenImage]] = field(default_factory=list)

    def add(self, image: FrozenImage) -> None:
        """Count an image, and keep it where it is one of the first."""
        has_words, pixels = bool(image.tags or image.caption), self.options.pixels
        if self.options.untagged == "leave-out" and not has_words:
            self.left_out += 1
            return
        self.images += 1
        self.untagged += not has_words
        self.converted += not pixels.keeps(image)
        self.byte_size += image.byte_size
        self.sizes.append(pixels.expected_size(image.byte_size, image.width, image.height))
        if has_words and len(self.worded) < self.most:
            self.worded.append((self.images, image))
        if len(self.first) < self.most:
            self.first.append((self.images, image))


def expected_sizes(chosen: QuerySet[Image], options: ExportOptions) -> Iterator[int]:
    """Yield about how many bytes each picture takes when it goes out, in order; asks when the first is wanted."""
    rows = chosen.order_by("position").values_list("byte_size", "width", "height")
    for byte_size, width, height in rows.iterator(chunk_size=5_000):
        yield options.pixels.expected_size(byte_size, width, height)


def name_archives(layout: Layout, profile: str, version: int) -> list[str]:
    """Return what the archives of an export are called."""
    name = f"{layout.prefix}-{profile}-v{version}"
    count = layout.part_count
    return [f"{name}.zip"] if count == 1 else [f"{name}-{part}-of-{count}.zip" for part in range(1, count + 1)]


def _next_version(dataset: Dataset) -> int:
    """Return the number of the version that the dataset is as it is now, or would become."""
    versions = DatasetVersion.objects.filter(dataset=dataset)
    same = versions.filter(dataset_revision=dataset.revision).newest_first().first()
    return same.number if same is not None else (versions.aggregate(last=Max("number"))["last"] or 0) + 1


def _is_converted(pixels: PixelOptions) -> Q:
    """Return which images are written anew: the same as `PixelOptions.keeps` says of each."""
    if pixels.mode == "converted":
        return Q(pk__isnull=False)
    converted = Q(is_plain=False) | ~Q(format__in=["JPEG", "PNG", "WEBP"])
    if pixels.longest_side is not None:
        converted |= Q(width__gt=pixels.longest_side) | Q(height__gt=pixels.longest_side)
    return converted


def _examples(dataset: Dataset, chosen: ImageQuerySet, layout: Layout, most: int) -> list[PreviewedImage]:
    rows = list(chosen.filter(is_tagged=True).in_order()[:most]) or list(chosen.in_order()[:most])
    frozen = {image.sha256: image for image in map(as_image, read_rows(dataset.pk, [row.sha256 for row in rows]))}
    examples = []
    for row in rows:
        if row.sha256 in frozen:
            number = chosen.filter(position__lte=row.position).count()
            examples.append(_example(row, frozen[row.sha256], number, layout))
    return examples


def _example(row: Image | None, image: FrozenImage, number: int, layout: Layout) -> PreviewedImage:
    options = layout.options
    text = options.read_template().compose(layout.dataset, image, options.style)
    place = layout.place(number, image, options.pixels.extension_of(image))
    return PreviewedImage(
        image=row,
        name=image.original_name,
        width=image.width,
        height=image.height,
        picture_name=place.picture_name,
        text_name=place.text_name or "" if text else "",
        text=text,
        tokens=count_tokens(text, t5_tokenizer=settings.T5_TOKENIZER),
        is_converted=not options.pixels.keeps(image),
    )


def _others(layout: Layout, examples: Sequence[PreviewedImage]) -> list[str]:
    """Return the names of what lies beside pictures and texts, told from the examples."""
    laid_out = (
        LaidOut(Place(each.picture_name, each.text_name), each.text, ("a tag",), "", each.width, each.height)
        for each in examples
    )
    return [*(file.name for file in layout.further(laid_out)), layout.beside(MANIFEST_FILE)]
