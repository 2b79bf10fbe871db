"""What an action would do, in exact numbers and a few examples; nothing is written."""

from __future__ import annotations

import time
from dataclasses import dataclass

from datasets.models import Dataset, Image
from tagging.queries.numbers_in import is_one_of
from tagging.services.bulk.actions import Action, settle_action
from tagging.services.bulk.targets import Target, find_images
from tagging.services.bulk.working_out import Worker, find_changed

MOST_EXAMPLES = 5
# A person waits for this.
_SECONDS = 8.0


@dataclass(frozen=True)
class WordsTold:
    """The words of an image: tags in order, and the caption."""

    tags: list[str]
    caption: str


@dataclass(frozen=True)
class Example:
    """What becomes of one image."""

    image: Image
    before: WordsTold
    after: WordsTold


@dataclass(frozen=True)
class Preview:
    """How many images are meant, how many of them would change, and the first of these in dataset order."""

    images: int
    changed: int
    sample: list[Example]


def preview_action(dataset: Dataset, target: Target, action: Action) -> Preview:
    """Return what an action would do now.

    Raises:
        BulkRefused: it cannot be done as it was asked for.
        BadFilter: the filter cannot be read.
        TagRefused: a name that cannot be a tag, or one that is not used any more.
        PatternRefused: the pattern cannot be read, or cannot be used on one of the captions.
    """
    settled = settle_action(action, dataset.pk)
    images = find_images(dataset, target)
    changed = find_changed(settled, images, until=time.monotonic() + _SECONDS)
    first = Image.objects.filter(is_one_of("pk", changed), dataset=dataset).in_order()[:MOST_EXAMPLES]
    return Preview(len(images), len(changed), _examples(settled, list(first)))


def _examples(action: Action, images: list[Image]) -> list[Example]:
    worker = Worker(action)
    read = worker.read([image.pk for image in images], whole=True)
    return [
        Example(image, WordsTold(words.names, words.text), WordsTold(worker.wanted(words), worker.text(words)))
        for image, words in zip(images, read, strict=True)
    ]
