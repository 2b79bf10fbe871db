"""Whatever people did since, a restore leads back; and a comparison says what anybody would who looks at both."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from datetime import timedelta

import pytest

from datasets.models import Dataset, Image
from datasets.services.blobs import free_unneeded_blobs
from datasets.services.datasets import change_dataset
from datasets.services.trash import empty_trash, move_to_trash
from datasets.services.trash import restore as restore_from_trash
from tagging.queries.comparing import Difference, compare, forecast_restore
from tagging.queries.state import get_image_state
from tagging.queries.version_state import read_state
from tagging.queries.versions import read_images
from tagging.services.labelling import Edit, apply_edits
from tagging.services.restoring import restore
from tagging.services.versions import delete_version, freeze
from tagging.services.writing import Kind
from tagging.trainers.records import FrozenImage
from tests import images, uploading

WORDS = ["red", "blue", "a dress", "1girl", "(smile)", "ünï", "😀", "x_y"]
CAPTIONS = ["", "a photo", "two\nlines", "  blanks inside  it ", "“quoted”, with commas"]


class Crowd:
    """People who do anything to a dataset."""

    def __init__(self, dataset: Dataset, seed: int) -> None:
        self.dataset, self.chance = dataset, random.Random(seed)

    def bring(self) -> None:
        """Import one of some pictures: new, here already, or deleted for ever before."""
        content = images.encoded(seed=self.chance.randrange(9), width=32, height=24)
        uploading.bring(uploading.start(self.dataset), "a.jpg", content)

    def edit(self) -> None:
        """Add, remove or move a tag, or write a caption."""
        image = self.chance.choice(list(self.dataset.images.all()) or [None])
        if image is None:
            return
        has = [tag.name for tag in get_image_state(image).tags]
        kind = self.chance.choice([Kind.ADD, Kind.ADD, Kind.REMOVE, Kind.MOVE, Kind.CAPTION])
        name = self.chance.choice(WORDS if kind == Kind.ADD or not has else has)
        before = self.chance.choice([None, *has])
        version = get_image_state(image).caption_version
        edit = Edit(uuid.uuid4(), kind, tag=name, before=before, text=self.chance.choice(CAPTIONS), version=version)
        apply_edits(image, [edit], by=None)

    def trash(self) -> None:
        """Move an image to the trash."""
        ids = list(self.dataset.images.values_list("pk", flat=True))
        move_to_trash(self.dataset, self.chance.sample(ids, min(1, len(ids))), by=None)

    def take_out(self) -> None:
        """Take everything out of the trash."""
        restore_from_trash(self.dataset, None, by=None)

    def lose(self) -> None:
        """Delete what is in the trash for ever, with its files if nobody needs them."""
        empty_trash(self.dataset, None, by=None)
        free_unneeded_blobs(older_than=timedelta(0))

    def name(self) -> None:
        """Give the dataset another trigger word."""
        facts = {"name": self.dataset.name, "file_prefix": self.dataset.file_prefix}
        change_dataset(self.dataset, **facts, trigger_word=self.chance.choice(["", "ohwx"]), by=None)

    def review(self) -> None:
        """Approve everything that has words."""
        Image.objects.filter(dataset=self.dataset, is_tagged=True).update(review_state="APPROVED")
        move_to_trash(self.dataset, [], by=None)  # every change counts up the dataset's revision

    def do(self, times: int) -> None:
        """Do anything, so often."""
        deeds = [self.bring, self.edit, self.trash, self.take_out, self.lose, self.name, self.review]
        for deed in self.chance.choices(deeds, [2, 8, 2, 1, 1, 1, 1], k=times):
            deed()


def naive(older: list[FrozenImage], newer: list[FrozenImage]) -> dict[str, object]:
    """Compare two lists of images as one would by hand."""
    before, after = {image.sha256: image for image in older}, {image.sha256: image for image in newer}
    both = [(before[sha256], image) for sha256, image in after.items() if sha256 in before]
    counts = [Counter(tag.name for image in state for tag in image.tags) for state in (older, newer)]
    return {
        "added": [image.sha256 for image in newer if image.sha256 not in before],
        "removed": [image.sha256 for image in older if image.sha256 not in after],
        "changed": {
            new.sha256: ({t.name for t in new.tags} - {t.name for t in old.tags},
                         {t.name for t in old.tags} - {t.name for t in new.tags}, old.caption, new.caption)
            for old, new in both
            if (old.tags, old.caption) != (new.tags, new.caption)
        },
        "reviewed": sum(old.review_state != new.review_state for old, new in both),
        "moved": sum(old.position != new.position for old, new in both),
        "counts": {name: (counts[0][name], counts[1][name]) for name in counts[0] | counts[1]
                   if counts[0][name] != counts[1][name]},
    }  # fmt: skip


def told(difference: Difference) -> dict[str, object]:
    """What a comparison says, in the same form."""
    return {
        "added": [image.sha256 for image in difference.added],
        "removed": [image.sha256 for image in difference.removed],
        "changed": {
            change.image.sha256: (set(change.added), set(change.removed), change.caption_before, change.caption_after)
            for change in difference.changed
        },
        "reviewed": difference.reviewed,
        "moved": difference.moved,
        "counts": {count.name: (count.before, count.after) for count in difference.tag_counts},
    }


@pytest.mark.parametrize("seed", range(5))
def test_whatever_was_done_since_a_restore_leads_back(dataset: Dataset, seed: int) -> None:
    crowd = Crowd(dataset, seed)
    crowd.do(25)
    first = freeze(dataset, name="first", by=None)
    crowd.do(25)
    second = freeze(dataset, name="second", by=None)
    crowd.do(15)
    states = [list(read_images(first)), list(read_images(second)), list(read_state(dataset.pk).images())]
    assert told(compare(first, second)) == naive(states[0], states[1])
    assert told(compare(dataset, first)) == naive(states[2], states[0])
    forecast = forecast_restore(first)
    restored = restore(first, by=None)
    assert list(read_state(dataset.pk).images()) == states[0]
    assert read_state(dataset.pk).digest == first.digest
    assert (restored.returned, restored.remade) == (forecast.returned, forecast.remade)
    assert (restored.trashed, restored.lost) == (forecast.trashed, 0)
    # And there again, and where it was left, though the first version is gone.
    delete_version(first, by=None)
    free_unneeded_blobs(older_than=timedelta(0))
    restore(second, by=None)
    assert list(read_state(dataset.pk).images()) == states[1]
    assert restored.before is not None
    restore(restored.before, by=None)
    assert list(read_state(dataset.pk).images()) == states[2]
    assert list(read_images(second)) == states[1]
