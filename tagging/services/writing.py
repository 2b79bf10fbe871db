"""Store what was worked out for many images at once: rows and operations gathered first, then few statements."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.utils import timezone

from datasets.batches import batches
from tagging.models import Caption, Change, ImageTag, Source, TagOperation
from tagging.replaying import Came
from tagging.services.changes import mark_edited, open_change
from tagging.services.coming import as_noted, how_it_came

STEP = 1024.0
# Places are fractions; when two neighbours have no number left between them, the image's tags are numbered anew.
CLOSEST = 1e-9
_AT_ONCE = 500

Kind = TagOperation.Kind


@dataclass
class Writing:
    """What is to be written, gathered over many images.

    Attributes:
        given_back_rows: tags that are there and shall have come as another one did.
        edited: the images that get operations: whether they have words then.
    """

    operations: list[TagOperation] = field(default_factory=list)
    new_rows: list[ImageTag] = field(default_factory=list)
    moved_rows: list[ImageTag] = field(default_factory=list)
    given_back_rows: list[ImageTag] = field(default_factory=list)
    removed_rows: list[int] = field(default_factory=list)
    new_captions: list[Caption] = field(default_factory=list)
    changed_captions: list[Caption] = field(default_factory=list)
    edited: dict[int, bool] = field(default_factory=dict)

    def note(
        self,
        change: Change,
        image_id: int,
        kind: Kind,
        before: object,
        after: object,
        name: str = "",
        *,
        came: Came | None = None,
    ) -> None:
        """Add an operation, after those that are there; `came` is how the tag had come that goes or comes back."""
        facts = {"image_id": image_id, "kind": kind, "tag_name": name, "before": before, "after": after}
        self.operations.append(TagOperation(key=uuid.uuid4(), change=change, **facts, **as_noted(came)))

    def note_removal(self, change: Change, row: ImageTag) -> None:
        """Add the operation that takes a tag away, with how it had come."""
        self.note(change, row.image_id, Kind.REMOVE, row.position, None, row.tag.name, came=how_it_came(row))

    def set_caption(self, image_id: int, has: Caption | None, text: str, by: User | None) -> None:
        """Write a caption, with its next version."""
        if has is None:
            self.new_captions.append(Caption(image_id=image_id, text=text, updated_by=by))
            return
        has.text, has.version, has.updated_by, has.updated_at = text, has.version + 1, by, timezone.now()
        self.changed_captions.append(has)

    def write(self, dataset_of: dict[int, int], *, by: User | None) -> None:
        """Store everything, and count an edit on the images.

        Args:
            dataset_of: of every edited image, whose it is.
            by: who.
        """
        for part in batches(self.removed_rows, _AT_ONCE):
            ImageTag.objects.filter(pk__in=part).delete()
        ImageTag.objects.bulk_create(self.new_rows, batch_size=_AT_ONCE)
        ImageTag.objects.bulk_update(self.moved_rows, ["position"], batch_size=_AT_ONCE)
        came = ["source", "added_by", "added_at"]
        ImageTag.objects.bulk_update(self.given_back_rows, came, batch_size=_AT_ONCE)
        Caption.objects.bulk_create(self.new_captions, batch_size=_AT_ONCE)
        facts = ["text", "version", "updated_by", "updated_at"]
        Caption.objects.bulk_update(self.changed_captions, facts, batch_size=_AT_ONCE)
        TagOperation.objects.bulk_create(self.operations, batch_size=_AT_ONCE)
        alike: dict[tuple[int, bool], list[int]] = {}
        for image_id, has_words in self.edited.items():
            alike.setdefault((dataset_of[image_id], has_words), []).append(image_id)
        for (dataset_id, has_words), ids in alike.items():
            for part in batches(ids, _AT_ONCE):
                mark_edited(list(part), dataset_id, is_tagged=has_words, by=by)


def number_anew(rows: Iterable[ImageTag], change: Change, writing: Writing) -> None:
    """Give the tags of one image whole numbers again, in their order, and record it: a replay has to meet the same.

    Args:
        rows: all tags of the image; their positions are changed, `writing` holds what is to be stored.
        change: an entry of its own, see `open_numbering`.
        writing: gathers it.
    """
    in_order = sorted(rows, key=lambda row: (row.position, row.pk or sys.maxsize))
    for number, row in enumerate(in_order, start=1):
        writing.note(change, row.image_id, Kind.NUMBER, row.position, number * STEP, row.tag.name)
        row.position = number * STEP


def open_numbering(dataset_id: int) -> Change:
    """Return a new entry for numbers given anew, which no person did and nobody has to see."""
    return open_change(uuid.uuid4(), dataset_id, by=None, source=Source.RULE, reason="numbered anew", is_new=True)
