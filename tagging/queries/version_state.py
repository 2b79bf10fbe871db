"""The whole present state of a dataset, as a version writes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from datasets.models import Dataset, Image
from tagging.models import Caption, ImageTag, Tag, VocabularyRevision
from tagging.queries.numbers_in import is_one_of
from tagging.trainers import frozen_form
from tagging.trainers.frozen_form import CAPTION, FACTS, TAGS, Row
from tagging.trainers.records import FrozenDataset, FrozenImage

_SHA256 = FACTS.index("sha256")


@dataclass(frozen=True)
class State:
    """All images of a dataset in order, with their words; the trash left out.

    Attributes:
        head: what is said of the dataset as a whole.
        rows: the images, as `frozen_form` writes them.
        dataset_revision: of the dataset, before the first of this was read.
        vocabulary_revision: likewise.
    """

    head: FrozenDataset
    rows: list[Row]
    dataset_revision: int
    vocabulary_revision: int

    @cached_property
    def parts(self) -> dict[str, bytes]:
        """What a version is made of, by digest, in order."""
        groups = groupby(self.rows, lambda row: frozen_form.part_of(row[0]))
        written = (frozen_form.write_part(list(rows)) for _number, rows in groups)
        return {frozen_form.digest_of(part): part for part in written}

    @cached_property
    def digest(self) -> str:
        """What the whole is known by."""
        return frozen_form.digest_of_all(self.head, list(self.parts))

    @property
    def tags(self) -> int:
        """How many tags are on its images."""
        return sum(len(row[TAGS]) for row in self.rows) // 2

    @property
    def captions(self) -> int:
        """How many of its images have a caption."""
        return sum(row[CAPTION] != "" for row in self.rows)

    def images(self) -> Iterator[FrozenImage]:
        """Yield the images."""
        return map(frozen_form.as_image, self.rows)


def read_state(dataset_id: int) -> State:
    """Read all of a dataset in few statements.

    Outside of a transaction that holds the dataset's row it may be torn; whoever minds compares the revisions after.
    """
    revision, *head = Dataset.objects.values_list("revision", "name", "file_prefix", "trigger_word").get(pk=dataset_id)
    vocabulary = read_vocabulary_revision()
    return State(FrozenDataset(*head), read_rows(dataset_id), revision, vocabulary)


def read_vocabulary_revision() -> int:
    """Return the number that counts changes of the vocabulary."""
    return VocabularyRevision.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def read_rows(dataset_id: int, sha256s: list[str] | None = None) -> list[Row]:
    """Return the images that are there as `frozen_form` writes them, in order; of few checksums alone where asked."""
    images = Image.objects.filter(dataset=dataset_id)
    assignments = ImageTag.objects.filter(image__dataset=dataset_id, image__trashed_at=None)
    captions = Caption.objects.filter(image__dataset=dataset_id, image__trashed_at=None)
    if sha256s is not None:
        images = images.filter(sha256__in=sha256s)
        assignments, captions = assignments.filter(image__in=images), captions.filter(image__in=images)
    texts = dict(captions.values_list("image_id", "text").iterator(chunk_size=2000))
    tags_of: defaultdict[int, list[int]] = defaultdict(list)
    in_order = assignments.order_by("image_id", "position", "pk").values_list("image_id", "tag_id")
    for image_id, tag_id in in_order.iterator(chunk_size=5000):
        tags_of[image_id].append(tag_id)
    words = _read_words({tag_id for ids in tags_of.values() for tag_id in ids})
    return [
        [*facts, [text for tag_id in tags_of.get(pk, ()) for text in words[tag_id]], texts.get(pk, "")]
        for pk, *facts in images.order_by("position").values_list("pk", *FACTS).iterator(chunk_size=2000)
    ]


def _read_words(tag_ids: set[int]) -> dict[int, tuple[str, str]]:
    """Return the name of each tag and that of its category."""
    facts = Tag.objects.filter(is_one_of("pk", sorted(tag_ids))).values_list("pk", "name", "category__name")
    return {pk: (name, category or "") for pk, name, category in facts}
