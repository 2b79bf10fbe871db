"""Which images an action is meant for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from datasets.models import Dataset, Image
from tagging.queries.filtering import read_filter
from tagging.queries.numbers_in import is_one_of
from tagging.services.bulk.actions import BulkRefused
from tagging.services.bulk.statements import PRESENT_IN_DATASET, read_numbers

MOST_SELECTED = 100_000


@dataclass(frozen=True)
class Target:
    """A selection, or what a filter finds; an empty filter finds all. Without some of them, if wished."""

    images: Sequence[int] | None = None
    filter: str | None = None
    except_images: Sequence[int] = ()


def find_images(dataset: Dataset, target: Target) -> list[int]:
    """Return the numbers of the images that are meant and are there, ascending.

    Raises:
        BulkRefused: neither images nor a filter are given, both are, or too many images are named.
        BadFilter: the filter cannot be read.
    """
    if (target.images is None) == (target.filter is None):
        raise BulkRefused(_("Name the pictures or give a filter, one of the two; an empty filter means all."))
    for named in (target.images or (), target.except_images):
        if len(named) > MOST_SELECTED:
            raise BulkRefused(
                _("These are %(count)d pictures; at most %(limit)d can be named. Use a filter for more.")
                % {"count": len(named), "limit": MOST_SELECTED}
            )
    left_out = set(target.except_images)
    if target.images is not None:
        return [pk for pk in _present(dataset, set(target.images)) if pk not in left_out]
    images = Image.objects.filter(read_filter(target.filter or "", dataset), dataset=dataset)
    return [pk for pk in images.order_by("pk").values_list("pk", flat=True) if pk not in left_out]


def _present(dataset: Dataset, named: set[int]) -> list[int]:
    images = Image.objects.filter(is_one_of("pk", sorted(named)), dataset=dataset)
    return list(images.order_by("pk").values_list("pk", flat=True))


def keep_present(dataset_id: int, image_ids: Sequence[int]) -> list[int]:
    """Return those of some images that are still there, in the same order."""
    found = set(read_numbers(PRESENT_IN_DATASET, ids=image_ids, dataset=dataset_id))
    return [pk for pk in image_ids if pk in found]
