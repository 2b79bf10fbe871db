"""Exports as jobs: started once, however often they are asked for under one key, and stopped."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from datasets.models import Dataset
from tagging.models import DatasetVersion, ExportJob
from tagging.services.exports.choosing import choose_from, choose_now
from tagging.services.exports.errors import ExportRefused, KeyTaken
from tagging.services.exports.keeping import remove_files
from tagging.services.exports.telling import tell_export
from tagging.trainers.options import ExportOptions


def start_export(
    dataset: Dataset,
    options: ExportOptions,
    *,
    key: uuid.UUID,
    by: User | None,
    version: DatasetVersion | None = None,
    images: Sequence[int] | None = None,
) -> ExportJob:
    """Fix what is exported, and return its job; one of this key that is there already is returned as it is.

    Args:
        dataset: which.
        options: how it is written.
        key: made where it was asked for: asked twice, it counts once.
        by: who asks.
        version: made from this; `None` for the dataset as it is now, which becomes one.
        images: numbers of images, where only these are meant.

    Raises:
        ExportRefused: it cannot be made as it was asked for, or there is nothing to export.
        BadFilter: the filter cannot be read.
        VersionDamaged: a part of the version is gone.
        KeyTaken: the key is that of something else.
    """
    if there := _find(key, dataset.pk, by):
        return there
    if version is None:
        chosen = choose_now(dataset, options, images=images, by=by)
    elif images is None:
        chosen = choose_from(version, options)
    else:
        raise ExportRefused(_("Images are chosen from the dataset as it is now. Leave out the version, or the images."))
    try:
        with transaction.atomic():
            job = ExportJob.objects.create(
                key=key,
                dataset=dataset,
                version=chosen.version,
                started_by=by,
                profile=options.profile,
                options=json.loads(options.to_json()),
                positions=None if chosen.positions is None else ExportJob.pack(chosen.positions),
                total=chosen.total,
            )
    except IntegrityError as error:
        # The same was asked for twice at the same moment.
        if there := _find(key, dataset.pk, by):
            return there
        raise ExportRefused(_("What was to be exported has just been deleted. Reload the page.")) from error
    tell_export(job.pk)
    return job


def cancel_export(job: ExportJob) -> None:
    """Stop an export; nothing of it stays."""
    ExportJob.objects.filter(pk=job.pk).exclude(state__in=ExportJob.ENDED).update(
        cancel_asked_at=Coalesce("cancel_asked_at", Now())
    )
    # Where no worker has it there is nobody to see that.
    waiting = ExportJob.objects.filter(pk=job.pk).claimable()
    if waiting.update(state=ExportJob.State.CANCELLED, finished_at=Now(), lease_until=None):
        remove_files(job)
    tell_export(job.pk)


def _find(key: uuid.UUID, dataset_id: int, by: User | None) -> ExportJob | None:
    job = ExportJob.objects.filter(key=key).first()
    if job is not None and (job.dataset_id, job.started_by_id) != (dataset_id, by.pk if by else None):
        raise KeyTaken(_("Something else was done with this key. Ask again with a new one."))
    return job
