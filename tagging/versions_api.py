"""`/api/v1`: versions of a dataset, what is different between them, and the way back to them."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status
from ninja.errors import HttpError

from datasets.asking import editable_dataset
from datasets.models import Dataset
from datasets.permissions import check_can_manage, check_can_review, visible_datasets
from datasets.services.datasets import DatasetError, DatasetNameTaken
from tagger_project.auth import person
from tagging.models import DatasetVersion
from tagging.queries.comparing import compare, forecast_restore
from tagging.queries.versions import VersionDamaged, visible_versions
from tagging.schemas import ErrorOut
from tagging.services.forking import begin_fork
from tagging.services.restoring import go_on, restore
from tagging.services.versions import BadVersionName, VersionError, delete_version, freeze
from tagging.versions_schemas import (
    DifferenceIn,
    DifferenceOut,
    ForecastOut,
    ForkIn,
    KeyIn,
    RestoreOut,
    VersionIn,
    VersionOut,
    VersionsOut,
)

router = Router(tags=["versions"])

# One answer takes about this long at most; who asks asks again until it is done.
SECONDS_AN_ANSWER = 5.0


@router.get("/datasets/{int:dataset_id}/versions", response=VersionsOut)
def list_versions(request: HttpRequest, dataset_id: int) -> VersionsOut:
    """The versions of a dataset, newest first."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    versions = visible_versions(user).filter(dataset=dataset).order_by("-number")
    return VersionsOut(versions=[VersionOut.of(version) for version in versions])


@router.post("/datasets/{int:dataset_id}/versions", response={201: VersionOut, 409: ErrorOut, 422: ErrorOut})
def make_version(request: HttpRequest, dataset_id: int, body: VersionIn) -> Status[VersionOut]:
    """Freeze the present state under a name."""
    user = person(request)
    dataset = editable_dataset(request, dataset_id)
    try:
        version = freeze(dataset, name=body.name, note=body.note, by=user, key=body.key)
    except VersionError as error:
        raise HttpError(422 if isinstance(error, BadVersionName) else 409, str(error)) from error
    return Status(201, VersionOut.of(version))


@router.get("/versions/{int:version_id}", response=VersionOut)
def read_version(request: HttpRequest, version_id: int) -> VersionOut:
    """One version."""
    return VersionOut.of(_version(request, version_id))


@router.delete("/versions/{int:version_id}", response={204: None, 409: ErrorOut})
def remove_version(request: HttpRequest, version_id: int) -> Status[None]:
    """Delete a version; 409 while exports say that they were made from it."""
    version = _version(request, version_id)
    check_can_manage(version.dataset, person(request))
    try:
        delete_version(version, by=person(request))
    except VersionError as error:
        raise HttpError(409, str(error)) from error
    return Status(204, None)


@router.get("/versions/{int:version_id}/difference", response={200: DifferenceOut, 409: ErrorOut})
def read_difference(request: HttpRequest, version_id: int, asked: Query[DifferenceIn]) -> DifferenceOut:
    """What is different from a version to another one of the same dataset, or to `now`; lists come in slices."""
    version = _version(request, version_id)
    newer: DatasetVersion | Dataset = version.dataset
    if asked.other != "now":
        is_number = asked.other.isascii() and asked.other.isdigit() and len(asked.other) < 19
        number = int(asked.other) if is_number else 0
        newer = get_object_or_404(visible_versions(person(request)), dataset=version.dataset_id, pk=number)
    try:
        difference = compare(version, newer)
    except VersionDamaged as error:
        raise HttpError(409, str(error)) from error
    return DifferenceOut.of(difference, version.dataset_id, slice(asked.offset, asked.offset + asked.limit))


@router.get("/versions/{int:version_id}/restore", response={200: ForecastOut, 409: ErrorOut})
def read_forecast(request: HttpRequest, version_id: int) -> ForecastOut:
    """What restoring a version would do, in numbers."""
    try:
        return ForecastOut.of(forecast_restore(_version(request, version_id)))
    except VersionDamaged as error:
        raise HttpError(409, str(error)) from error


@router.post("/versions/{int:version_id}/restore", response={200: RestoreOut, 409: ErrorOut})
def restore_version(request: HttpRequest, version_id: int, body: KeyIn) -> RestoreOut:
    """Take the dataset back to a version; ask again with the same key until it `is_done`."""
    version, user = _version(request, version_id), person(request)
    check_can_review(version.dataset, user)
    try:
        return RestoreOut.of(restore(version, by=user, key=body.key, seconds=SECONDS_AN_ANSWER))
    except VersionError as error:
        raise HttpError(409, str(error)) from error


@router.post("/versions/{int:version_id}/fork", response={200: RestoreOut, 409: ErrorOut, 422: ErrorOut})
def fork_version(request: HttpRequest, version_id: int, body: ForkIn) -> RestoreOut:
    """Make another dataset from a version; ask again with the same key until it `is_done`."""
    version, user = _version(request, version_id), person(request)
    try:
        begun = begin_fork(version, name=body.name, by=user, key=body.key)
        # Its key may be that of something else, somewhere else.
        check_can_manage(get_object_or_404(visible_datasets(user), pk=begun.dataset_id), user)
        return RestoreOut.of(go_on(begun, seconds=SECONDS_AN_ANSWER))
    except VersionError as error:
        raise HttpError(409, str(error)) from error
    except DatasetError as error:
        raise HttpError(409 if isinstance(error, DatasetNameTaken) else 422, str(error)) from error


def _version(request: HttpRequest, version_id: int) -> DatasetVersion:
    return get_object_or_404(visible_versions(person(request)), pk=version_id)
