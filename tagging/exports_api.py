"""`/api/v1`: exports: what trainers there are, what would be written, writing it, and how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Status
from ninja.errors import HttpError
from pydantic import ValidationError

from datasets.asking import visible_dataset
from datasets.models import Dataset
from datasets.permissions import check_can_review
from tagger_project.auth import person
from tagging.exports_schemas import ExportIn, ExportOut, ExportsIn, OptionsIn, PreviewIn, PreviewOut, ProfileOut
from tagging.jobs import write_soon
from tagging.models import DatasetVersion, ExportJob
from tagging.queries.export_preview import preview_export, preview_version
from tagging.queries.exports import visible_exports
from tagging.queries.template_sentences import sentence_of_options, sentence_of_template
from tagging.queries.versions import VersionDamaged, visible_versions
from tagging.schemas import ErrorOut
from tagging.services.exports.errors import ExportRefused, KeyTaken
from tagging.services.exports.jobs import cancel_export as stop
from tagging.services.exports.jobs import start_export as start
from tagging.services.exports.keeping import delete_export as remove
from tagging.trainers.options import BadOptions, ExportOptions
from tagging.trainers.profiles import PROFILES
from tagging.trainers.templates import BadTemplate

router = Router(tags=["exports"])

_MOST_LISTED = 50


@router.get("/export-profiles", response=list[ProfileOut])
def list_export_profiles(request: HttpRequest) -> list[ProfileOut]:
    """The trainers that exports are made for, and what can be chosen for each."""
    return [ProfileOut.of(profile) for profile in PROFILES.values()]


@router.get("/datasets/{int:dataset_id}/caption-preview", response={200: PreviewOut, 409: ErrorOut, 422: ErrorOut})
def preview_captions(request: HttpRequest, dataset_id: int, asked: Query[PreviewIn]) -> PreviewOut:
    """What an export would hold, with up to eight of its images; nothing is stored.

    Of the dataset as it is now, or of a version.
    """
    dataset = visible_dataset(request, dataset_id)
    with _refusals_told():
        options = _read_options(asked.options)
        if asked.version is not None:
            version = _version(request, dataset, asked.version)
            if asked.image:
                raise HttpError(422, _("A version is shown as a whole: leave out the version, or the images."))
            return PreviewOut.of(preview_version(version, options))
        images = [number for number in asked.image if 0 < number < 2**63] if asked.image else None
        return PreviewOut.of(preview_export(dataset, options, images=images))


@router.post("/datasets/{int:dataset_id}/exports", response={202: ExportOut, 409: ErrorOut, 422: ErrorOut})
def start_export(request: HttpRequest, dataset_id: int, body: ExportIn) -> Status[ExportOut]:
    """Start an export; a worker writes it, `GET exports/{id}` tells how far it is. The same `key` counts once."""
    user = person(request)
    dataset = visible_dataset(request, dataset_id)
    version = None if body.version is None else _version(request, dataset, body.version)
    images = None if body.images is None else [number for number in body.images if 0 < number < 2**63]
    with _refusals_told():
        job = start(dataset, body.options.to_options(), key=body.key, by=user, version=version, images=images)
    write_soon(job)
    return Status(202, ExportOut.of(get_object_or_404(visible_exports(user), pk=job.pk)))


@router.get("/datasets/{int:dataset_id}/exports", response=list[ExportOut])
def list_exports(request: HttpRequest, dataset_id: int, asked: Query[ExportsIn]) -> list[ExportOut]:
    """The exports of a dataset, or of one of its versions; the newest first, at most 50."""
    exports = visible_exports(person(request)).filter(dataset=visible_dataset(request, dataset_id)).newest_first()
    if asked.version is not None:
        exports = exports.filter(version=asked.version)
    return [ExportOut.of(job) for job in exports[:_MOST_LISTED]]


@router.get("/exports/{int:job_id}", response=ExportOut)
def read_export(request: HttpRequest, job_id: int) -> ExportOut:
    """Where an export stands, and its archives when it is done."""
    return ExportOut.of(get_object_or_404(visible_exports(person(request)), pk=job_id))


@router.post("/exports/{int:job_id}/cancel", response=ExportOut)
def cancel_export(request: HttpRequest, job_id: int) -> ExportOut:
    """Stop an export; nothing of it stays."""
    stop(_own(request, job_id))
    return read_export(request, job_id)


@router.delete("/exports/{int:job_id}", response={204: None})
def delete_export(request: HttpRequest, job_id: int) -> Status[None]:
    """Delete an export with its archives, and that it was ever made; one that is under way is stopped."""
    remove(_own(request, job_id))
    return Status(204, None)


def _version(request: HttpRequest, dataset: Dataset, version_id: int) -> DatasetVersion:
    return get_object_or_404(visible_versions(person(request)).filter(dataset=dataset), pk=version_id)


def _own(request: HttpRequest, job_id: int) -> ExportJob:
    """Return an export that this person started, or whose dataset they may review."""
    user = person(request)
    job = get_object_or_404(visible_exports(user), pk=job_id)
    if user is None or job.started_by_id != user.pk:
        check_can_review(job.dataset, user)
    return job


def _read_options(text: str) -> ExportOptions:
    try:
        return OptionsIn.model_validate_json(text).to_options()
    except ValidationError as error:
        fault = error.errors()[0]
        raise BadOptions("kind", ".".join(map(str, fault["loc"])) or "options", fault.get("input", "")) from error


@contextmanager
def _refusals_told() -> Iterator[None]:
    """Answer with the sentence of what was refused."""
    try:
        yield
    except (KeyTaken, VersionDamaged) as error:
        raise HttpError(409, str(error)) from error
    except ExportRefused as error:
        raise HttpError(422, str(error)) from error
    except BadOptions as error:
        raise HttpError(422, sentence_of_options(error)) from error
    except BadTemplate as error:
        raise HttpError(422, sentence_of_template(error)) from error
