"""What the pages of datasets and imports show, fetched in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from datasets.filter_reading import BadFilter
from datasets.messages import DatasetChanged, ImportProgress
from datasets.models import Dataset, Flag, Image, ImportJob, ReviewState
from datasets.queries.images import Asked, ImagePage, count_flags, count_states, get_image_page
from datasets.queries.ordering import BadCursor
from datasets.queries.progress import get_dataset_numbers, get_import_progress
from datasets.queries.trash import count_trash

# Rows the server prints into the grid: a screenful, readable without a script.
FIRST_IMAGES = 60


@dataclass(frozen=True)
class DatasetCard:
    """A dataset in the list.

    Attributes:
        cover_id: its first image, `None` while it is empty.
        cover_sha256: names the cover's content in its address.
        is_importing: whether an import of it is unfinished.
    """

    dataset: Dataset
    images: int
    tagged: int
    cover_id: int | None
    cover_sha256: str
    is_importing: bool


@dataclass(frozen=True)
class DatasetPage:
    """A dataset and the first images of its grid.

    Attributes:
        numbers: the same that the page's socket tells later.
        page: the images to print, and how many match the filter; none where the filter cannot be read.
        bad_filter: what is wrong with the filter.
        unfinished_import: the newest import that still has work, if any.
        in_trash: how many images are in its trash.
        flagged: how many images have each flag.
        states: how many images are in each state of review.
    """

    dataset: Dataset
    numbers: DatasetChanged
    page: ImagePage
    bad_filter: BadFilter | None
    unfinished_import: ImportJob | None
    in_trash: int
    flagged: dict[Flag, int]
    states: dict[ReviewState, int]

    @property
    def untagged(self) -> int:
        """How many images have neither a tag nor a caption."""
        return self.numbers.images - self.numbers.tagged


@dataclass(frozen=True)
class ImportPage:
    """An import and where it stands."""

    job: ImportJob
    dataset: Dataset
    progress: ImportProgress


def get_dataset_cards(datasets: QuerySet[Dataset]) -> list[DatasetCard]:
    """Return a card for each dataset, the newest first, in one query."""
    first_image = Image.objects.filter(dataset=OuterRef("pk")).in_order()
    unfinished = ImportJob.objects.filter(dataset=OuterRef("pk"), finished_at=None)
    rows = datasets.newest_first().annotate(  # type: ignore[attr-defined]  # the queryset of Dataset.objects
        image_count=Count("images", filter=Q(images__trashed_at=None)),
        tagged_count=Count("images", filter=Q(images__trashed_at=None, images__is_tagged=True)),
        cover_id=Subquery(first_image.values("pk")[:1]),
        cover_sha256=Subquery(first_image.values("sha256")[:1]),
        unfinished_id=Subquery(unfinished.values("pk")[:1]),
    )
    return [
        DatasetCard(
            dataset=row,
            images=row.image_count,
            tagged=row.tagged_count,
            cover_id=row.cover_id,
            cover_sha256=row.cover_sha256 or "",
            is_importing=row.unfinished_id is not None,
        )
        for row in rows
    ]


def get_dataset_page(asked: Asked, *, after: str = "") -> DatasetPage:
    """Return what the grid page of a dataset prints.

    Args:
        asked: which images, of a dataset that the person may see.
        after: the cursor to start after, by which a person without a script pages; nonsense starts at the beginning.
    """
    dataset = asked.dataset
    page, refusal = _first_images(asked, after)
    return DatasetPage(
        dataset=dataset,
        numbers=get_dataset_numbers(dataset.pk),
        page=page,
        bad_filter=refusal,
        unfinished_import=get_unfinished_import(dataset),
        in_trash=count_trash(dataset),
        flagged=count_flags(dataset),
        states=count_states(dataset),
    )


def _first_images(asked: Asked, after: str) -> tuple[ImagePage, BadFilter | None]:
    try:
        return get_image_page(asked, after=after, limit=FIRST_IMAGES), None
    except BadCursor:
        return _first_images(asked, "")
    except BadFilter as error:
        return ImagePage([], None, 0, asked.dataset.revision), error


def get_unfinished_import(dataset: Dataset) -> ImportJob | None:
    """Return the newest import of a dataset that still has work, if any."""
    return ImportJob.objects.filter(dataset=dataset, finished_at=None).order_by("-pk").first()


def has_words(dataset: Dataset) -> bool:
    """Whether any image of a dataset has a tag or a caption."""
    return Image.objects.filter(dataset=dataset, is_tagged=True).exists()


def get_import_page(job: ImportJob) -> ImportPage:
    """Return what the page of a running or finished import prints."""
    return ImportPage(job=job, dataset=job.dataset, progress=get_import_progress(job.pk))
