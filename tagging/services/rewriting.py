"""Put other tags into the place of one tag, on many images: a part at a time, as operations that can be taken back.

A part takes a short transaction that holds its dataset's row, so others work in between. An image that was done has not
the tag any more; so a run that died is repeated, and does what is left.
"""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from datasets.models import Image
from datasets.services.datasets import touch_dataset
from tagging.models import Change, ImageTag, Source, Tag
from tagging.queries.rules import Reader
from tagging.services.bulk.carrying_out import carry_out_log, mark_changed, newest_operation
from tagging.services.bulk.statements import ADD_AT_END, REMOVE, execute
from tagging.services.changes import open_change
from tagging.services.coming import as_row, how_it_came
from tagging.services.implying import find_kept_away
from tagging.services.vocabulary import make_tags
from tagging.services.writing import CLOSEST, STEP, Kind, Writing, number_anew, open_numbering

_IMAGES_AT_ONCE = 2_000
# Others who write get their turn between two transactions; on SQLite one who comes again at once would starve them.
_BREATH = 0.003

# The other tag where it is not there yet, at the place of the one that goes.
ADD_IN_PLACE = """
INSERT INTO tagging_tagoperation ("key", change_id, image_id, kind, tag_name, "before", "after")
SELECT NEW_KEY(), %(change)s, t.image_id, 'ADD', %(name)s, NULL, TO_JSON(t.position)
FROM tagging_imagetag t
WHERE t.tag_id = %(tag)s AND t.image_id IN (SELECT id FROM IDS i)
AND NOT EXISTS (SELECT 1 FROM tagging_imagetag x WHERE x.tag_id = %(other)s AND x.image_id = t.image_id)
"""
RETAG = """
UPDATE tagging_imagetag SET tag_id = %(other)s
WHERE tag_id = %(tag)s AND image_id IN (SELECT id FROM IDS i)
AND NOT EXISTS (SELECT 1 FROM tagging_imagetag x WHERE x.tag_id = %(other)s AND x.image_id = tagging_imagetag.image_id)
"""


@dataclass(frozen=True)
class Rewriting:
    """What is put in the place of what; what the vocabulary says follows from it is added behind, as on every way in.

    Attributes:
        tag: the tag that goes.
        into: the tags that come, in order, at its place; those that are on an image already stay where they are.
        by: who.
        reason: why, as the history tells it.
        key: of the whole action; each dataset gets an entry of its own whose key is made from it.
        condition: only on these images; the trash is left alone then. Without it on all, also those in the trash.
    """

    tag: Tag
    into: tuple[Tag, ...]
    by: User | None
    reason: str
    key: uuid.UUID
    condition: Q | None = None

    def change_key(self, dataset_id: int) -> uuid.UUID:
        """Return the key of the entry of a dataset: the same whenever the action goes on."""
        return uuid.uuid5(self.key, str(dataset_id))


def rewrite_images(rewriting: Rewriting, dataset_id: int, *, until: float | None = None) -> tuple[int, bool]:
    """Do it on the images of a dataset.

    Args:
        rewriting: what.
        dataset_id: where.
        until: stop after the part in which this moment of `time.monotonic` passed.

    Returns:
        On how many images it was done, and whether there is nothing left to do.
    """
    implied = _implied(rewriting, dataset_id)
    done = after = 0
    while ids := _next_images(rewriting, dataset_id, after):
        if until is not None and done and time.monotonic() > until:
            return done, False
        done += _rewrite(rewriting, dataset_id, ids, implied)
        after = ids[-1]
        time.sleep(_BREATH)
    return done, True


def _next_images(rewriting: Rewriting, dataset_id: int, after: int) -> list[int]:
    images = Image.everything if rewriting.condition is None else Image.objects
    found = images.filter(dataset_id=dataset_id, image_tags__tag=rewriting.tag, pk__gt=after)
    if rewriting.condition is not None:
        found = found.filter(rewriting.condition)
    return list(found.order_by("pk").values_list("pk", flat=True)[:_IMAGES_AT_ONCE])


def _implied(rewriting: Rewriting, dataset_id: int) -> list[Tag]:
    """Return what follows in a dataset from the tags that come, in the order in which it is added."""
    names = [tag.name for tag in rewriting.into]
    words = list(dict.fromkeys(word for each in Reader.of(dataset_id).implied(names).values() for word in each))
    tags = make_tags([word for word in words if word not in {*names, rewriting.tag.name}])
    return [tags[word] for word in words if word in tags]


@transaction.atomic
def _rewrite(rewriting: Rewriting, dataset_id: int, ids: Sequence[int], implied: Sequence[Tag]) -> int:
    """Do it on some images, in few statements; returns on how many."""
    touch_dataset(dataset_id)
    # Somebody may have taken the tag off some of them meanwhile.
    still = ImageTag.objects.filter(tag=rewriting.tag, image__in=ids)
    ids = sorted(still.values_list("image_id", flat=True))
    if not ids:
        return 0
    key = rewriting.change_key(dataset_id)
    change = open_change(key, dataset_id, by=rewriting.by, source=Source.BULK, reason=rewriting.reason)
    if len(rewriting.into) == 1:
        _put_one(rewriting, change, ids, implied)
    else:
        _put_several(rewriting, change, ids, implied)
    return len(ids)


def _put_one(rewriting: Rewriting, change: Change, ids: Sequence[int], implied: Sequence[Tag]) -> None:
    """Put one tag into the place of the other: the rows stay what they are, with who put them there and how."""
    (other,) = rewriting.into
    since = newest_operation()
    facts = {"tag": rewriting.tag.pk, "other": other.pk, "ids": ids}
    execute(ADD_IN_PLACE, change=change.pk, name=other.name, **facts)
    execute(REMOVE, change=change.pk, tags=[rewriting.tag.pk], ids=ids)
    execute(RETAG, **facts)
    ImageTag.objects.filter(tag=rewriting.tag, image__in=ids).delete()
    for tag in implied:
        before = newest_operation()
        rule = {"tag": tag.pk, "name": tag.name, "is_rule": True, "step": STEP}
        if execute(ADD_AT_END, change=change.pk, ids=ids, **rule):
            carry_out_log(change, before, source=Source.RULE, by=rewriting.by, rules=[tag.name])
    mark_changed(change, since, by=rewriting.by, all_tagged=True)


def _put_several(rewriting: Rewriting, change: Change, ids: Sequence[int], implied: Sequence[Tag]) -> None:
    """Put several tags into the place of one: worked out image by image, as there may be no room for them."""
    there = _tags_there([*rewriting.into, *implied], ids)
    away = find_kept_away(ids, [tag.name for tag in implied])
    part = _Part(rewriting, change.dataset_id, change)
    for row in _rows_that_go(rewriting, ids):
        has = there[row.image_id]
        places = part.replace(row, [tag for tag in rewriting.into if tag.pk not in has])
        last = max([vars(row)["last"], *places])
        follow = [tag for tag in implied if tag.pk not in has and (row.image_id, tag.name) not in away]
        part.follow(row, last, follow)
    part.write()


@dataclass
class _Part:
    """Some images of a dataset, and what is to be written."""

    rewriting: Rewriting
    dataset_id: int
    change: Change
    writing: Writing = field(default_factory=Writing)
    retagged: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def replace(self, row: ImageTag, missing: Sequence[Tag]) -> list[float]:
        """Put the tags that are not there into the place of the row, and return their places."""
        writing = self.writing
        places = _places(row, len(missing), self.dataset_id, writing)
        for number, (tag, place) in enumerate(zip(missing, places, strict=True)):
            writing.note(self.change, row.image_id, Kind.ADD, None, place, tag.name)
            if number:
                facts = {"image_id": row.image_id, "tag_id": tag.pk, "position": place}
                writing.new_rows.append(ImageTag(**facts, **as_row(how_it_came(row))))
            else:
                # The row stays what it is, with who put it there and how: it is the same mark by another word.
                self.retagged[tag.pk].append(row.pk)
        if not missing:
            writing.removed_rows.append(row.pk)
        name, came = self.rewriting.tag.name, how_it_came(row)
        writing.note(self.change, row.image_id, Kind.REMOVE, row.position, None, name, came=came)
        writing.edited[row.image_id] = True
        return places

    def follow(self, row: ImageTag, last: float, tags: Sequence[Tag]) -> None:
        """Add what follows from the tags that came, behind all others."""
        for number, tag in enumerate(tags, start=1):
            place = last + STEP * number
            facts = {"image_id": row.image_id, "tag_id": tag.pk, "position": place}
            self.writing.new_rows.append(ImageTag(source=Source.RULE, added_by=self.rewriting.by, **facts))
            self.writing.note(self.change, row.image_id, Kind.ADD, None, place, tag.name)

    def write(self) -> None:
        """Store all of it."""
        for tag_id, row_ids in self.retagged.items():
            ImageTag.objects.filter(pk__in=row_ids).update(tag_id=tag_id)
        self.writing.write(dict.fromkeys(self.writing.edited, self.dataset_id), by=self.rewriting.by)


def _rows_that_go(rewriting: Rewriting, ids: Sequence[int]) -> Iterable[ImageTag]:
    """Return the tag's rows, with the places of the next tag and of the last one."""
    of_image = ImageTag.objects.filter(image=OuterRef("image"))
    behind = of_image.filter(position__gt=OuterRef("position")).order_by("position")
    return (
        ImageTag.objects.filter(image__in=ids, tag=rewriting.tag)
        .order_by("image_id")
        .annotate(following=Subquery(behind.values("position")[:1]))
        .annotate(last=Subquery(of_image.order_by("-position").values("position")[:1]))
    )


def _tags_there(tags: Sequence[Tag], ids: Sequence[int]) -> dict[int, set[int]]:
    there: dict[int, set[int]] = defaultdict(set)
    rows = ImageTag.objects.filter(tag__in=[tag.pk for tag in tags], image__in=ids)
    for image_id, tag_id in rows.values_list("image_id", "tag_id"):
        there[image_id].add(tag_id)
    return there


def _places(row: ImageTag, count: int, dataset_id: int, writing: Writing) -> list[float]:
    """Return places for `count` tags from where one is to the next one behind it."""
    following: float | None = getattr(row, "following", None)
    if count < 2:
        return [row.position] * count
    if following is None:
        return [row.position + STEP * number for number in range(count)]
    if (following - row.position) / count < CLOSEST * max(1.0, abs(row.position)):
        following = _number_anew(row, dataset_id, writing)
    width = (following - row.position) / count
    return [row.position + width * number for number in range(count)]


def _number_anew(row: ImageTag, dataset_id: int, writing: Writing) -> float:
    """Give the image's tags whole numbers, the row's too; returns the place of the tag behind it."""
    rows = list(ImageTag.objects.filter(image=row.image_id).select_related("tag").order_by("position", "pk"))
    number_anew(rows, open_numbering(dataset_id), writing)
    writing.moved_rows.extend(rows)
    row.position = next(each.position for each in rows if each.pk == row.pk)
    vars(row)["last"] = max(each.position for each in rows)
    return row.position + STEP
