"""The pictures to ask one question about: is this tag in it?"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from datasets.models import Dataset, ImageQuerySet
from datasets.permissions import visible_images
from tagging.models import ImageTag, Tag, TagAlias
from tagging.text import one_line

MOST_ASKED_AT_ONCE = 500


@dataclass(frozen=True)
class PicturesToAsk:
    """Images in dataset order.

    Attributes:
        image_ids: at most as many as were asked for.
        next: where to go on; `None` behind the last.
        total: how many there are from the dataset's start.
    """

    image_ids: list[int]
    next: int | None
    total: int


def get_pictures_to_ask(
    dataset: Dataset, user: User | None, *, tag: str, with_tagged: bool, after: int, limit: int
) -> PicturesToAsk:
    """Return the images of a dataset that lack a tag.

    Args:
        dataset: whose.
        user: who asks.
        tag: its name, or another spelling of it.
        with_tagged: ask about those that have it as well.
        after: `next` of the page before; 0 for the start.
        limit: how many at most, up to `MOST_ASKED_AT_ONCE`.
    """
    images: ImageQuerySet = visible_images(user).select_related(None).filter(dataset=dataset)
    if not with_tagged:
        images = images.filter(~Exists(ImageTag.objects.filter(image=OuterRef("pk"), tag__in=_meant(tag))))
    most = max(1, min(limit, MOST_ASKED_AT_ONCE))
    rows = list(images.filter(position__gt=after).order_by("position").values_list("pk", "position")[: most + 1])
    return PicturesToAsk(
        image_ids=[pk for pk, _ in rows[:most]],
        next=rows[most - 1][1] if len(rows) > most else None,
        total=images.count(),
    )


def _meant(tag: str) -> list[int]:
    """Return the key of the tag of this name, else of the one it is an alias of: two steps along an index."""
    name = one_line(tag)
    own = Tag.objects.filter(name=name).values_list("pk", flat=True)
    return list(own) or list(TagAlias.objects.filter(name=name).values_list("tag_id", flat=True))
