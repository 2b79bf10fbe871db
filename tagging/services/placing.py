"""Where a tag goes among those of its image."""

from __future__ import annotations

from django.db.models import Max

from datasets.models import Image
from tagging.models import ImageTag
from tagging.services.writing import CLOSEST, STEP, Writing, number_anew, open_numbering
from tagging.text import one_line


def place(image: Image, before: str | None, moving: int | None = None) -> float:
    """Return a position in front of a tag, or at the end where that tag is not there (any more).

    Where no number is left in front of it, the image's tags are numbered anew.

    Args:
        image: whose tags; its dataset's row is held.
        before: the tag to go in front of.
        moving: the row that is moved there, which is in nobody's way.
    """
    others = ImageTag.objects.filter(image=image)
    if moving is not None:
        others = others.exclude(pk=moving)
    target = others.filter(tag__name=one_line(before)).first() if before else None
    if target is None:
        last = others.aggregate(last=Max("position"))["last"]
        return STEP if last is None else float(last) + STEP
    previous = others.filter(position__lt=target.position).aggregate(last=Max("position"))["last"]
    if previous is None:
        return target.position - STEP
    if target.position - previous < CLOSEST * max(1.0, abs(target.position)):
        _number_anew(image)
        return place(image, before, moving)
    return float((previous + target.position) / 2)


def place_behind(image: Image, name: str) -> float:
    """Return a position right behind a tag, which is there."""
    tags = ImageTag.objects.filter(image=image).order_by("position", "pk")
    position = tags.values_list("position", flat=True).get(tag__name=name)
    behind = tags.filter(position__gt=position).values_list("tag__name", flat=True).first()
    return place(image, behind)


def _number_anew(image: Image) -> None:
    rows = list(ImageTag.objects.filter(image=image).select_related("tag").order_by("position", "pk"))
    writing = Writing(moved_rows=rows)
    number_anew(rows, open_numbering(image.dataset_id), writing)
    writing.write({}, by=None)
