"""Which images go into an export, and from which version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from datasets.models import Dataset, Image
from datasets.services.datasets import get_revision
from tagging.models import DatasetVersion
from tagging.queries.filtering import read_filter
from tagging.queries.numbers_in import is_one_of
from tagging.queries.version_filtering import read_version_filter
from tagging.queries.versions import read_images
from tagging.services.exports.errors import NothingToExport
from tagging.services.versions import version_for_export
from tagging.trainers.options import ExportOptions
from tagging.trainers.records import FrozenImage

# People who edit all the time: what is chosen then may be some edits older than the version, and nothing is torn.
_ATTEMPTS = 3


@dataclass(frozen=True)
class Chosen:
    """What an export is made from.

    Attributes:
        version: whose images and words.
        positions: the places of the images that go in, ascending; `None` for all.
        total: how many that are.
    """

    version: DatasetVersion
    positions: list[int] | None
    total: int


def choose_now(
    dataset: Dataset, options: ExportOptions, *, images: Sequence[int] | None = None, by: User | None
) -> Chosen:
    """Choose from the dataset as it is now, which becomes a version where none says the same.

    Args:
        dataset: which.
        options: of which the filter and what is said of untagged images count here.
        images: their numbers, where only these are meant.
        by: who asks.

    Raises:
        BadFilter: the filter cannot be read.
        NothingToExport: no image is left.
    """
    condition = read_filter(options.filter, dataset) if options.filter.strip() else None
    wanted = Image.objects.filter(dataset=dataset)
    wanted = wanted if condition is None else wanted.filter(condition)
    wanted = wanted if images is None else wanted.filter(is_one_of("pk", sorted(set(images))))
    is_part = condition is not None or images is not None
    for _attempt in range(_ATTEMPTS):
        revision = get_revision(dataset.pk)
        version = version_for_export(dataset, by)
        places = set(wanted.values_list("position", flat=True)) if is_part else None
        if get_revision(dataset.pk) == revision:
            break
    return _choose(version, options, lambda image: places is None or image.position in places, is_part=is_part)


def choose_from(version: DatasetVersion, options: ExportOptions) -> Chosen:
    """Choose from a version.

    Raises:
        BadFilter: the filter cannot be read, or asks for what a version does not know.
        NothingToExport: no image is left.
    """
    return _choose(version, options, read_version_filter(options.filter), is_part=bool(options.filter.strip()))


def _choose(
    version: DatasetVersion, options: ExportOptions, judge: Callable[[FrozenImage], bool], *, is_part: bool
) -> Chosen:
    if not version.images:
        raise NothingToExport(_("“%(name)s” has no images yet. Import some first.") % {"name": version.dataset_name})
    leaves_out = options.untagged == "leave-out"
    if not is_part and not leaves_out:
        return Chosen(version, None, version.images)
    found = _places(read_images(version), judge)
    if not found:
        raise NothingToExport(_("No image is what the filter asks for. Change the filter."))
    kept = [position for position, is_tagged in found if is_tagged or not leaves_out]
    if not kept:
        raise NothingToExport(
            _("No image of “%(name)s” has a tag or a caption yet. Tag some, or include untagged images.")
            % {"name": version.dataset_name}
        )
    return Chosen(version, None if len(kept) == version.images else kept, len(kept))


def _places(images: Iterable[FrozenImage], judge: Callable[[FrozenImage], bool]) -> list[tuple[int, bool]]:
    return [(image.position, bool(image.tags or image.caption)) for image in images if judge(image)]
