"""What the API of this app takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Schema

from datasets.messages import ImportProgress
from datasets.models import Dataset, Flag, Image, ImportItem, ImportJob, ReviewState
from datasets.queries.images import ImagePage, file_address
from datasets.queries.refusals import explain
from datasets.queries.trash import TrashedImage, TrashPage
from datasets.services.trash import MOST_IMAGES_A_CALL
from datasets.services.uploads import CHUNK_BYTES, TextRules, received_bytes

ItemState = Literal["WAITING", "HELD", "RECEIVED", "PROCESSING", "READY", "DUPLICATE", "SKIPPED", "FAILED"]


class DatasetIn(Schema):
    """A dataset to make."""

    name: str
    file_prefix: str = ""
    trigger_word: str = ""


class DatasetPatch(Schema):
    """What to change; what is left out stays."""

    name: str | None = None
    file_prefix: str | None = None
    trigger_word: str | None = None


class DatasetOut(Schema):
    """A dataset with its numbers."""

    id: int
    name: str
    file_prefix: str
    trigger_word: str
    images: int
    tagged: int

    @classmethod
    def of(cls, dataset: Dataset, images: int, tagged: int) -> DatasetOut:
        """Build it from a row and its counts."""
        return cls(
            id=dataset.pk,
            name=dataset.name,
            file_prefix=dataset.file_prefix,
            trigger_word=dataset.trigger_word,
            images=images,
            tagged=tagged,
        )


class ImageRow(Schema):
    """An image as the grid wants it."""

    id: int
    position: int
    name: str
    width: int
    height: int
    colour: str
    tagged: bool
    thumbnail: str
    flags: list[Flag] = Field(description="What makes it worth a look before it is trained with.")
    state: ReviewState = Field(description="How far its review is.")

    @classmethod
    def of(cls, image: Image) -> ImageRow:
        """Build it from a row."""
        return cls(
            id=image.pk,
            position=image.position,
            name=image.original_name,
            width=image.width,
            height=image.height,
            colour=image.colour,
            tagged=image.is_tagged,
            thumbnail=file_address(image, "thumbnail"),
            flags=image.flags,
            state=ReviewState(image.review_state),
        )


class ImagePageOut(Schema):
    """Images in the order asked for; go on with `after=next`."""

    images: list[ImageRow]
    next: str | None = Field(description="The cursor to go on after; null at the end.")
    total: int
    revision: int

    @classmethod
    def of(cls, page: ImagePage) -> ImagePageOut:
        """Build it from a page."""
        rows = [ImageRow.of(image) for image in page.images]
        return cls(images=rows, next=page.next, total=page.total, revision=page.revision)


class LandmarksOut(Schema):
    """Where to enter a list of images to see any place of it."""

    total: int
    revision: int
    cursors: list[str] = Field(description="Behind number i stands image number i * every, counted from 0.")


class IdsOut(Schema):
    """A part of a list of images, in order."""

    ids: list[int]


class BadFilterOut(Schema):
    """What is wrong with a filter, and where in it."""

    detail: str
    start: int
    end: int


class ImageOut(ImageRow):
    """Everything about one image but its words."""

    dataset_id: int
    folder: str
    format: str
    byte_size: int
    sha256: str
    preview: str
    original: str

    @classmethod
    def of(cls, image: Image) -> ImageOut:
        """Build it from a row."""
        return cls(
            **ImageRow.of(image).dict(),
            dataset_id=image.dataset_id,
            folder=image.relative_path,
            format=image.format,
            byte_size=image.byte_size,
            sha256=image.sha256,
            preview=file_address(image, "preview"),
            original=file_address(image, "original"),
        )


# What the column holds.
ImageNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]


class ImagesIn(Schema):
    """Images by number."""

    images: list[ImageNumber] = Field(max_length=MOST_IMAGES_A_CALL)


class TrashIn(Schema):
    """Which images of the trash to delete for ever; `null` for all."""

    images: list[ImageNumber] | None = Field(max_length=MOST_IMAGES_A_CALL)


class MovedOut(Schema):
    """How many images a call changed: none of those that were so already."""

    images: int


class TrashedImageOut(ImageRow):
    """An image in the trash."""

    trashed_at: datetime
    trashed_by: str = Field(description="Empty where nobody signs in.")
    days_left: int = Field(description="Until it is deleted for ever.")

    @classmethod
    def of_trash(cls, trashed: TrashedImage) -> TrashedImageOut:
        """Build it from what was read."""
        return cls(
            **ImageRow.of(trashed.image).dict(),
            trashed_at=trashed.trashed_at,
            trashed_by=trashed.trashed_by,
            days_left=trashed.days_left,
        )


class TrashOut(Schema):
    """Images in the trash, the newest there first; go on with `after=next`."""

    images: list[TrashedImageOut]
    next: str
    total: int

    @classmethod
    def of(cls, page: TrashPage) -> TrashOut:
        """Build it from a page."""
        rows = [TrashedImageOut.of_trash(trashed) for trashed in page.images]
        return cls(images=rows, next=page.next, total=page.total)


class ImportIn(Schema):
    """What the texts of a new import may do; all of it can be left out."""

    asks_about_sidecars: bool = Field(False, description="Texts wait until you say how they are read.")
    sidecar_policy: ImportJob.SidecarPolicy = Field(
        ImportJob.SidecarPolicy.ONLY_UNTAGGED, description="For pictures that have words already."
    )
    sidecar_reading: ImportJob.SidecarReading = ImportJob.SidecarReading.GUESS

    def to_rules(self) -> TextRules:
        """Return it as the service takes it."""
        return TextRules(policy=self.sidecar_policy, reading=self.sidecar_reading, asks=self.asks_about_sidecars)


class ImportOut(Schema):
    """A new import and how to send files to it."""

    id: int
    page: str
    chunk_bytes: int = CHUNK_BYTES
    max_file_bytes: int


class FileIn(Schema):
    """A file to announce."""

    name: str
    folder: str = ""
    size: int
    sha256: str = Field("", description="Of the bytes, where it is known already; else send it before the last byte.")
    key: str = Field("", max_length=64, description="Made by the sender: announced twice under it, it is here once.")


class FilesIn(Schema):
    """Files to announce, in the person's order."""

    files: list[FileIn]


class ItemOut(Schema):
    """One file of an import."""

    id: int
    name: str
    folder: str
    size: int
    kind: str
    state: str
    sha256: str = Field(description="What its sender said of the bytes; empty where nobody said.")
    received: int = Field(description="How many bytes are here: send it from there on.")
    reason: str = Field(description="A sentence for people; empty where nothing is wrong.")
    reason_code: str
    image_id: int | None = Field(description="The image that it became or turned out to be.")
    archive_id: int | None = Field(description="The zip that it lies in: a file of the same import.")

    @classmethod
    def of(cls, item: ImportItem) -> ItemOut:
        """Build it from a row."""
        return cls(
            id=item.pk,
            name=item.name,
            folder=item.folder,
            size=item.byte_size,
            kind=item.kind,
            state=item.state,
            sha256=item.sha256,
            received=received_bytes(item),
            reason=explain(item),
            reason_code=item.reason,
            image_id=item.image_id,
            archive_id=item.archive_id,
        )


class ItemsFilter(Schema):
    """Which files of an import are asked for; empty means all."""

    state: list[ItemState] = []
    kind: list[Literal["IMAGE", "SIDECAR", "METADATA", "ARCHIVE"]] = []
    ids: list[ImageNumber] = []


class ItemsOut(Schema):
    """Files of an import; go on with `after=next`."""

    items: list[ItemOut]
    next: int | None = None
    total: int | None = Field(None, description="How many match in all; told where `offset` is given.")


class ChecksumIn(Schema):
    """The checksum of a file that was announced."""

    id: ImageNumber
    sha256: str


class ChecksumsIn(Schema):
    """Checksums of files that were announced, at most 500."""

    items: list[ChecksumIn]


class LackOut(Schema):
    """What the server has of a file: it lacks the bytes from `received` on, and nothing where it is not `WAITING`."""

    id: int
    state: str
    received: int

    @classmethod
    def of(cls, item: ImportItem) -> LackOut:
        """Build it from a row."""
        return cls(id=item.pk, state=item.state, received=received_bytes(item))


class LacksOut(Schema):
    """What the server has of each file that was asked for."""

    items: list[LackOut]


class RetryIn(Schema):
    """Which files to try again; `null` means all that can be."""

    items: list[ImageNumber] | None = None


class ChunkOut(Schema):
    """How many bytes of a file are here."""

    received: int
    size: int
    state: str


class WrongOffsetOut(Schema):
    """Where to go on."""

    detail: str
    received: int


class ErrorOut(Schema):
    """What went wrong, as a sentence."""

    detail: str


class LatestImage(Schema):
    """A picture that an import brought just now."""

    id: int
    name: str
    thumbnail: str


class ProgressOut(Schema):
    """Where an import stands; the same as the live message `import.progress`."""

    import_id: int
    dataset_id: int
    state: str
    total: int
    done: int
    waiting: int
    held: int
    in_line: int
    processing: int
    ready: int
    duplicates: int
    skipped: int
    failed: int
    sidecars: int
    rate: float
    seconds_left: int | None
    latest: list[LatestImage]
    cancelled: bool
    retryable: int

    @classmethod
    def of(cls, progress: ImportProgress) -> ProgressOut:
        """Build it from the message."""
        return cls(**progress.to_wire()["data"])
