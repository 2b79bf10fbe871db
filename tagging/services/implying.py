"""What follows from a tag on one image: added behind it, asked about before it is taken away, taken back with it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.db.models import Max
from django.utils.translation import gettext as _

from datasets.models import Image
from tagging.models import ImageTag, Tag, TagKeptAway, TagOperation
from tagging.queries.rules import Reader
from tagging.replaying import Came
from tagging.services.coming import COLUMNS, read_came
from tagging.text import join_tag_list


class TagImplied(Exception):
    """A tag that follows from others on its image was to be removed: a person has to say what is meant.

    Attributes:
        key: of the edit.
        tag: the tag.
        impliers: what it follows from, in the order of the image.
    """

    def __init__(self, key: uuid.UUID, tag: str, impliers: Sequence[str]) -> None:
        facts = {"tag": tag, "impliers": join_tag_list(impliers)}
        super().__init__(
            _("“%(tag)s” follows from “%(impliers)s”. Remove both, or “%(tag)s” alone and keep it away here?") % facts
        )
        self.key, self.tag, self.impliers = key, tag, list(impliers)


def implied_key(key: uuid.UUID, name: str) -> uuid.UUID:
    """Return the key of the operation on a tag that came along with the operation of this key."""
    return uuid.uuid5(key, f"implied {name}")


def find_impliers(image: Image, name: str) -> list[str]:
    """Return the tags on an image that this one follows from, in the order of the image."""
    rows = ImageTag.objects.filter(image=image).order_by("position", "pk")
    others = [other for other in rows.values_list("tag__name", flat=True) if other != name]
    reader = Reader.of(image.dataset_id)
    implied = reader.implied(others)
    words = {name, reader.spelled(name)}
    return [other for other in others if not words.isdisjoint(implied[other])]


def find_kept_away(image_ids: Iterable[int], names: Iterable[str]) -> set[tuple[int, str]]:
    """Return which of these tags no rule may add to which of these images, because a person took them away."""
    wanted = {"image__in": list(image_ids), "tag_name__in": sorted(set(names))}
    if not wanted["tag_name__in"]:
        return set()
    kept = TagKeptAway.objects.filter(**{f"operation__{key}": value for key, value in wanted.items()})
    marked = list(kept.values_list("operation", "operation__image", "operation__tag_name"))
    if not marked:
        return set()
    operations = TagOperation.objects.filter(**wanted | {"image__in": {image for _pk, image, _name in marked}})
    newest = operations.exclude(kind=TagOperation.Kind.NUMBER).values_list("image", "tag_name").annotate(Max("pk"))
    last = {pk for _image, _name, pk in newest.order_by()}
    return {(image, name) for pk, image, name in marked if pk in last}


def to_follow(image: Image, implied: Sequence[Tag]) -> list[Tag]:
    """Return those of implied tags that are to be added to an image: neither there nor kept away."""
    if not implied:
        return []
    names = [tag.name for tag in implied]
    there = set(ImageTag.objects.filter(image=image, tag__name__in=names).values_list("tag__name", flat=True))
    away = find_kept_away([image.pk], names)
    return [tag for tag in implied if tag.name not in there and (image.pk, tag.name) not in away]


def came_along(original: TagOperation) -> dict[str, Came | None]:
    """Return the tags whose operations came along with this one, and were the last on them but for its taking back.

    In order, with how those had come that it took away.
    """
    same = TagOperation.objects.filter(change=original.change_id, image=original.image_id, kind=original.kind)
    names = {
        name: read_came(*came)
        for key, name, *came in same.order_by("pk").values_list("key", "tag_name", *COLUMNS)
        if key == implied_key(original.key, name)
    }
    later = TagOperation.objects.filter(image=original.image_id, pk__gt=original.pk, tag_name__in=names)
    later = later.exclude(kind=TagOperation.Kind.NUMBER)
    touched = {name for key, name in later.values_list("key", "tag_name") if key != implied_key(original.key, name)}
    return {name: came for name, came in names.items() if name not in touched}
