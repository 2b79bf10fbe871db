"""Read versions: their images one by one, and what a list of them tells."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from datasets.permissions import visible_datasets
from tagging.models import DatasetVersion, VersionChunk
from tagging.trainers import frozen_form
from tagging.trainers.frozen_form import Row
from tagging.trainers.records import FrozenDataset, FrozenImage


class VersionDamaged(Exception):
    """A part of a version is not in the database any more, or not as it was written; the text is a sentence."""


def visible_versions(user: User | None) -> QuerySet[DatasetVersion]:
    """The versions of datasets that this person may see, each with its dataset and who made it."""
    versions = DatasetVersion.objects.filter(dataset__in=visible_datasets(user))
    return versions.select_related("dataset", "made_by")


def read_dataset(version: DatasetVersion) -> FrozenDataset:
    """Return what a version says of the dataset as a whole."""
    return FrozenDataset(version.dataset_name, version.file_prefix, version.trigger_word)


def read_images(version: DatasetVersion) -> Iterator[FrozenImage]:
    """Yield the images of a version in order, part by part: the memory it takes does not grow with the dataset.

    Raises:
        VersionDamaged: a part is not in the database any more.
    """
    for rows in read_parts(version):
        yield from map(frozen_form.as_image, rows)


def read_parts(version: DatasetVersion, *, start: int = 0) -> Iterator[list[Row]]:
    """Yield the parts of a version in order, each with its images as they are written; the first `start` left out.

    Raises:
        VersionDamaged: one is not in the database any more.
    """
    for digest in version.chunks[start:]:
        yield read_part(version.dataset_id, digest)


def read_part(dataset_id: int, digest: str) -> list[Row]:
    """Return the images of a part as they are written.

    Raises:
        VersionDamaged: it is not in the database any more, or not as it was written.
    """
    stored = VersionChunk.objects.filter(dataset=dataset_id, digest=digest).values_list("content", flat=True).first()
    if stored is None:
        raise VersionDamaged(
            _("A part of this version is not in the database any more. Restore the database from a backup.")
        )
    try:
        part = frozen_form.unpack(bytes(stored), digest)
    except frozen_form.NotAsWritten as error:
        raise VersionDamaged(
            _("A part of this version is not what was written. Restore the database from a backup.")
        ) from error
    return list(frozen_form.rows_of(part))


def find_version(dataset_id: int, digest: str) -> DatasetVersion | None:
    """Return the newest version that says exactly this."""
    return DatasetVersion.objects.filter(dataset=dataset_id, digest=digest).order_by("-number").first()
