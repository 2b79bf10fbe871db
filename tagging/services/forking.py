"""Make another dataset from a version: a copy of the version first, which is then restored into it."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from datasets.models import Dataset
from datasets.services.datasets import DatasetNameTaken, create_dataset, get_revision, touch_dataset
from datasets.services.keeping import keep_pictures
from tagging.models import (
    DatasetVersion,
    DatasetVocabulary,
    Goal,
    QuickTag,
    TagScope,
    VersionChunk,
    VersionRestore,
)
from tagging.queries.versions import VersionDamaged, read_parts
from tagging.services.restoring import VersionGone, go_on
from tagging.services.versions import LONGEST_NAME
from tagging.trainers import frozen_form
from tagging.trainers.frozen_form import FACTS, Row
from tagging.trainers.records import FrozenDataset

_POSITION = FACTS.index("position")
_KEPT = [FACTS.index(name) for name in ("sha256", "format", "byte_size", "original_name")]


def fork(version: DatasetVersion, *, name: str, by: User | None) -> Dataset:
    """Return a new dataset that is what a version was; its first version says where it comes from.

    Goals, quick tags, the way of spelling, and the tags meant for this dataset alone come along as they are now.

    Raises:
        DatasetError: the name is taken or cannot be one.
    """
    return go_on(begin_fork(version, name=name, by=by, key=uuid.uuid4())).dataset


def begin_fork(version: DatasetVersion, *, name: str, by: User | None, key: uuid.UUID) -> VersionRestore:
    """Make the new dataset without its images; `go_on` brings them, and again where it died.

    Args:
        version: of what.
        name: of the new dataset.
        by: who; becomes the owner.
        key: made where it was asked for: asked twice, it counts once.

    Raises:
        DatasetError: the name is taken or cannot be one.
        VersionGone: the version was deleted meanwhile.
    """
    there = VersionRestore.objects.filter(key=key).first()
    if there is not None:
        return there
    try:
        parts = list(read_parts(version))
        return _begin(version, [row for part in parts for row in part], name, by, key)
    except VersionDamaged as error:
        raise VersionGone(_("This version was deleted meanwhile.")) from error
    except (DatasetNameTaken, IntegrityError):
        # The same call, sent twice at the same moment: the name is taken by what the first one made.
        there = VersionRestore.objects.filter(key=key).first()
        if there is None:
            raise
        return there


@transaction.atomic
def _begin(version: DatasetVersion, rows: list[Row], name: str, by: User | None, key: uuid.UUID) -> VersionRestore:
    # Held until the copy needs the pictures too: the version cannot be deleted meanwhile, nor its pictures let go.
    touch_dataset(version.dataset_id)
    chunks = VersionChunk.objects.filter(dataset=version.dataset_id, digest__in=version.chunks)
    contents = dict(chunks.values_list("digest", "content"))
    if not DatasetVersion.objects.filter(pk=version.pk).exists() or len(contents) < len(set(version.chunks)):
        raise VersionDamaged
    facts = {"file_prefix": version.file_prefix, "trigger_word": version.trigger_word}
    dataset = create_dataset(name=name, **facts, by=by)
    touch_dataset(dataset.pk)
    last = max((row[_POSITION] for row in rows), default=0)
    Dataset.objects.filter(pk=dataset.pk).update(next_position=last + 1)
    new = (VersionChunk(dataset=dataset, digest=digest, content=content) for digest, content in contents.items())
    VersionChunk.objects.bulk_create(new, batch_size=100)
    _carry_settings(version.dataset_id, dataset)
    sha256, image_format, size, original = _KEPT
    keep_pictures(dataset.pk, [(row[sha256], row[image_format], row[size], row[original]) for row in rows])
    copy = _copy(version, dataset, by)
    return VersionRestore.objects.create(key=key, dataset=dataset, version=copy, done_by=by)


def _carry_settings(source_id: int, dataset: Dataset) -> None:
    """Give the new dataset what people set for the old one, as it is now: a version does not hold it.

    Tags that are meant for the old one alone are meant for the new one too: they are on its images.
    """
    goals = Goal.objects.filter(dataset=source_id).order_by("pk").values("name", "filter", "wanted")
    Goal.objects.bulk_create(Goal(dataset=dataset, **facts) for facts in goals)
    keys = QuickTag.objects.filter(dataset=source_id).order_by("slot").values("slot", "tag_id")
    QuickTag.objects.bulk_create(QuickTag(dataset=dataset, **facts) for facts in keys)
    meant = TagScope.objects.filter(dataset=source_id).values_list("tag_id", flat=True)
    TagScope.objects.bulk_create(TagScope(dataset=dataset, tag_id=tag) for tag in meant)
    spelling = DatasetVocabulary.objects.filter(dataset=source_id).first()
    if spelling is not None:
        DatasetVocabulary.objects.create(dataset=dataset, spelling=spelling.spelling)


def _copy(version: DatasetVersion, dataset: Dataset, by: User | None) -> DatasetVersion:
    head = FrozenDataset(dataset.name, dataset.file_prefix, dataset.trigger_word)
    origin = {"version": version.title, "dataset": version.dataset_name}
    return DatasetVersion.objects.create(
        dataset=dataset,
        number=1,
        name=(_("From “%(version)s” of “%(dataset)s”") % origin)[:LONGEST_NAME],
        note=version.note,
        made_by=by,
        digest=frozen_form.digest_of_all(head, version.chunks),
        images=version.images,
        tags=version.tags,
        captions=version.captions,
        dataset_name=head.name,
        file_prefix=head.file_prefix,
        trigger_word=head.trigger_word,
        vocabulary_revision=version.vocabulary_revision,
        # Before the images come: this is not its state yet.
        dataset_revision=get_revision(dataset.pk) - 1,
        chunks=version.chunks,
    )
