"""What is different between two states of a dataset: two versions, or one and what is there now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from django.utils.translation import gettext as _

from datasets.models import Dataset, Image
from tagging.models import DatasetVersion
from tagging.queries.version_state import read_state
from tagging.queries.versions import read_dataset, read_part
from tagging.trainers import frozen_form
from tagging.trainers.frozen_form import CAPTION, FACTS, TAGS, Row
from tagging.trainers.records import FrozenDataset

_POSITION, _SHA256, _NAME, _REVIEW = (
    FACTS.index(name) for name in ("position", "sha256", "original_name", "review_state")
)
_SIZE = itemgetter(FACTS.index("width"), FACTS.index("height"))


@dataclass(frozen=True)
class PictureTold:
    """An image of a state, as a small picture of it needs it; its row may be gone."""

    sha256: str
    name: str
    position: int
    width: int
    height: int


@dataclass(frozen=True)
class ImageChange:
    """An image that has other words.

    Attributes:
        image: as it is in the newer state.
        added: the tags that it has in the newer state alone, in their order; `removed` those in the older alone.
        is_reordered: the tags that it has in both stand in another order.
        caption_before: the caption in the older state; the same as `caption_after` where only tags differ.
    """

    image: PictureTold
    added: tuple[str, ...]
    removed: tuple[str, ...]
    is_reordered: bool
    caption_before: str
    caption_after: str

    @property
    def has_other_tags(self) -> bool:
        """Whether its tags or their order differ."""
        return bool(self.added or self.removed or self.is_reordered)

    @property
    def has_other_caption(self) -> bool:
        """Whether its caption differs."""
        return self.caption_before != self.caption_after


@dataclass(frozen=True)
class TagCount:
    """On how many images a tag is in the older and in the newer state."""

    name: str
    before: int
    after: int

    @property
    def gain(self) -> int:
        """On how many more images it is in the newer state."""
        return self.after - self.before

    @property
    def loss(self) -> int:
        """On how many fewer."""
        return self.before - self.after


@dataclass(frozen=True)
class HeadChange:
    """Something that is said of the dataset as a whole; `what` is a field of `FrozenDataset`."""

    what: str
    before: str
    after: str


@dataclass
class Counts:
    """How much a state has."""

    images: int = 0
    tags: int = 0
    captions: int = 0


@dataclass
class Difference:
    """What is different from an older to a newer state; all in the order of the images.

    Attributes:
        older: how many images, tags on images and captions the older state has; `newer` likewise.
        added: the images that are in the newer state alone; `removed` those in the older alone.
        changed: those with other tags or another caption.
        reviewed: how many have another state of review; `moved` another place.
        tag_counts: of the tags that are on more or fewer images, the largest difference first.
    """

    older: Counts
    newer: Counts
    head: list[HeadChange]
    added: list[PictureTold] = field(default_factory=list)
    removed: list[PictureTold] = field(default_factory=list)
    changed: list[ImageChange] = field(default_factory=list)
    reviewed: int = 0
    moved: int = 0
    tag_counts: list[TagCount] = field(default_factory=list)

    @property
    def other_tags(self) -> int:
        """How many images have other tags."""
        return sum(change.has_other_tags for change in self.changed)

    @property
    def other_captions(self) -> int:
        """How many images have another caption."""
        return sum(change.has_other_caption for change in self.changed)

    @property
    def is_empty(self) -> bool:
        """Whether both states say the same, but for what the vocabulary says of the tags."""
        return not (self.head or self.added or self.removed or self.changed or self.reviewed or self.moved)


@dataclass(frozen=True)
class RestoreForecast:
    """What a restore would do, in numbers.

    Attributes:
        difference: from now to the version.
        returned: how many images come out of the trash.
        remade: how many that were deleted for ever come back, from the pictures that were kept.
    """

    difference: Difference
    returned: int
    remade: int

    @property
    def trashed(self) -> int:
        """How many images, added since, go to the trash."""
        return len(self.difference.removed)

    @property
    def head(self) -> list[HeadChange]:
        """What is put back of the dataset as a whole: all but its name."""
        return [change for change in self.difference.head if change.what != "name"]

    @property
    def is_nothing(self) -> bool:
        """Whether all is as it was already."""
        difference = self.difference
        has_other_images = difference.added or difference.removed or difference.reviewed or difference.moved
        return not (self.head or difference.changed or has_other_images)


@dataclass(frozen=True)
class _Side:
    """A state: what is said of the whole, and its parts, which are there or in the database."""

    head: FrozenDataset
    dataset_id: int
    digests: list[str]
    parts: dict[str, bytes]

    def rows(self, digest: str) -> list[Row]:
        part = self.parts.get(digest)
        return read_part(self.dataset_id, digest) if part is None else list(frozen_form.rows_of(part))


def compare(older: DatasetVersion | Dataset, newer: DatasetVersion | Dataset) -> Difference:
    """Return what is different between two states; a dataset stands for what is there now.

    Images are the same where their files are, byte by byte: they may be of two datasets.
    """
    sides = _side(older), _side(newer)
    difference = Difference(Counts(), Counts(), _compare_heads(sides[0].head, sides[1].head))
    counted: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    same = set(sides[0].digests).intersection(sides[1].digests)
    totals = (difference.older, difference.newer)
    differing: list[dict[str, Row]] = []
    for side, tags, total in zip(sides, counted, totals, strict=True):
        # What both have is only counted: the memory grows with what differs.
        rows_of_side = {str(row[_SHA256]): row for row, is_same in _rows(side, same, tags, total) if not is_same}
        differing.append(rows_of_side)
    _compare_images(difference, *differing)
    difference.tag_counts = _compare_counts(*counted)
    return difference


def forecast_restore(version: DatasetVersion) -> RestoreForecast:
    """Say in numbers what restoring a version would do; nothing is changed."""
    difference = compare(version.dataset, version)
    trash = Image.everything.in_trash().filter(dataset=version.dataset_id)
    in_trash = set(trash.values_list("sha256", flat=True))
    returned = sum(image.sha256 in in_trash for image in difference.added)
    return RestoreForecast(difference, returned, len(difference.added) - returned)


def _side(state: DatasetVersion | Dataset) -> _Side:
    if isinstance(state, DatasetVersion):
        return _Side(read_dataset(state), state.dataset_id, state.chunks, {})
    now = read_state(state.pk)
    return _Side(now.head, state.pk, list(now.parts), now.parts)


def _rows(side: _Side, same: set[str], tags: Counter[str], total: Counts) -> Iterator[tuple[Row, bool]]:
    """Yield the images of a side, and whether the other side has the same; counts them on the way."""
    for digest in side.digests:
        for row in side.rows(digest):
            names = row[TAGS][::2]
            tags.update(names)
            total.images += 1
            total.tags += len(names)
            total.captions += row[CAPTION] != ""
            yield row, digest in same


def _compare_heads(older: FrozenDataset, newer: FrozenDataset) -> list[HeadChange]:
    pairs = {name: (getattr(older, name), getattr(newer, name)) for name in ("name", "file_prefix", "trigger_word")}
    return [HeadChange(name, before, after) for name, (before, after) in pairs.items() if before != after]


def name_of_field(what: str) -> str:
    """Return how a person calls a fact of the dataset as a whole."""
    return {"name": _("Name"), "file_prefix": _("File prefix"), "trigger_word": _("Trigger word")}[what]


def _compare_images(difference: Difference, older: dict[str, Row], newer: dict[str, Row]) -> None:
    difference.removed = [_told(row) for sha256, row in older.items() if sha256 not in newer]
    for sha256, row in newer.items():
        before = older.get(sha256)
        if before is None:
            difference.added.append(_told(row))
            continue
        difference.reviewed += before[_REVIEW] != row[_REVIEW]
        difference.moved += before[_POSITION] != row[_POSITION]
        change = _compare_words(before, row)
        if change.has_other_tags or change.has_other_caption:
            difference.changed.append(change)


def _compare_words(older: Row, newer: Row) -> ImageChange:
    before, after = older[TAGS][::2], newer[TAGS][::2]
    if before == after:
        return ImageChange(_told(newer), (), (), False, older[CAPTION], newer[CAPTION])
    had, has = set(before), set(after)
    return ImageChange(
        image=_told(newer),
        added=tuple(name for name in after if name not in had),
        removed=tuple(name for name in before if name not in has),
        is_reordered=[name for name in before if name in has] != [name for name in after if name in had],
        caption_before=older[CAPTION],
        caption_after=newer[CAPTION],
    )


def _told(row: Row) -> PictureTold:
    return PictureTold(row[_SHA256], row[_NAME], row[_POSITION], *_SIZE(row))


def _compare_counts(older: Counter[str], newer: Counter[str]) -> list[TagCount]:
    names = older.keys() | newer.keys()
    counts = (TagCount(name, older[name], newer[name]) for name in names if older[name] != newer[name])
    return sorted(counts, key=lambda count: (-abs(count.after - count.before), count.name))
