"""The versions of a dataset: making one, looking at what is different, and the way back. Works without a script."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from datasets.asking import editable_dataset, visible_dataset
from datasets.models import Dataset
from datasets.permissions import check_can_manage, check_can_review, get_may, visible_datasets
from datasets.services.datasets import DatasetError
from tagger_project.auth import person
from tagging.models import DatasetVersion, VersionRestore
from tagging.queries.comparing import compare, forecast_restore, name_of_field
from tagging.queries.versions import VersionDamaged, visible_versions
from tagging.queries.versions_page import find_exports, find_unfinished, get_choices, get_versions, show
from tagging.services.forking import begin_fork
from tagging.services.restoring import go_on, restore
from tagging.services.versions import VersionError, delete_version, freeze

SHOWN = 60
_TAGS_SHOWN = 60
_MOST_PAGES = 10_000


@require_safe
def versions_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show the versions of a dataset, newest first, and a form for the next one."""
    return _show_versions(request, visible_dataset(request, dataset_id))


@require_POST
def freeze_now(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Make a version of the present state."""
    dataset = editable_dataset(request, dataset_id)
    name, note = request.POST.get("name", ""), request.POST.get("note", "")
    try:
        version = freeze(dataset, name=name, note=note, by=person(request), key=_key(request))
    except VersionError as error:
        return _show_versions(request, dataset, error=str(error), status=422)
    images = ngettext("%(count)d image", "%(count)d images", version.images) % {"count": version.images}
    text = _("“%(name)s” is frozen: %(images)s, with all their words.") % {"name": version.title, "images": images}
    messages.success(request, text)
    return redirect("tagging:versions", dataset.pk)


@require_safe
def version_page(request: HttpRequest, dataset_id: int, version_id: int) -> HttpResponse:
    """Show a version: what it has, what was made from it, and what a restore would do."""
    return _show_version(request, _version(request, dataset_id, version_id))


@require_safe
def compare_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show what is different between two versions, or a version and now."""
    dataset = visible_dataset(request, dataset_id)
    choices = get_choices(dataset)
    names = [request.GET.get("older", ""), request.GET.get("newer", "")]
    older, newer = (_state(dataset, choices, name) for name in names)
    page = min(int(request.GET["page"]), _MOST_PAGES) if request.GET.get("page", "").isdecimal() else 0
    context: dict[str, Any] = {
        "dataset": dataset,
        "may": get_may(dataset, person(request)),
        "choices": choices,
        "older": older.pk if isinstance(older, DatasetVersion) else 0,
        "newer": newer.pk if isinstance(newer, DatasetVersion) else 0,
        "page": page,
    }
    try:
        difference = compare(older, newer)
    except VersionDamaged as error:
        return render(request, "tagging/versions_compare.html", {**context, "error": str(error)}, status=409)
    context |= {
        "difference": difference,
        "head": [(name_of_field(each.what), each) for each in difference.head],
        "rows": show(dataset, difference, slice(page * SHOWN, (page + 1) * SHOWN)),
        "tag_counts": difference.tag_counts[:_TAGS_SHOWN],
        "more_tags": max(0, len(difference.tag_counts) - _TAGS_SHOWN),
    }
    return render(request, "tagging/versions_compare.html", context)


@require_POST
def restore_one(request: HttpRequest, dataset_id: int, version_id: int) -> HttpResponse:
    """Take the dataset back to a version; the same form sent again goes on where the first stopped."""
    version = _version(request, dataset_id, version_id)
    check_can_review(version.dataset, person(request))
    try:
        restoring = restore(version, by=person(request), key=_key(request))
    except VersionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, tell(restoring))
    return redirect("tagging:versions", dataset_id)


@require_POST
def fork_one(request: HttpRequest, dataset_id: int, version_id: int) -> HttpResponse:
    """Make another dataset from a version."""
    version, user = _version(request, dataset_id, version_id), person(request)
    try:
        begun = begin_fork(version, name=request.POST.get("name", ""), by=user, key=_key(request))
        check_can_manage(get_object_or_404(visible_datasets(user), pk=begun.dataset_id), user)
        restoring = go_on(begun)
    except (VersionError, DatasetError) as error:
        return _show_version(request, version, error=str(error), status=422)
    messages.success(request, _("“%(name)s” is made.") % {"name": restoring.dataset.name})
    return redirect("datasets:detail", restoring.dataset_id)


@require_POST
def delete_one(request: HttpRequest, dataset_id: int, version_id: int) -> HttpResponse:
    """Delete a version."""
    version = _version(request, dataset_id, version_id)
    check_can_manage(version.dataset, person(request))
    try:
        delete_version(version, by=person(request))
    except VersionError as error:
        messages.error(request, str(error))
        return redirect("tagging:version", dataset_id, version_id)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": version.title})
    return redirect("tagging:versions", dataset_id)


def tell(restoring: VersionRestore) -> str:
    """Return in a sentence or two what a restore did."""
    parts = [
        (restoring.words, ngettext("%(count)d image has its words back", "%(count)d images have their words back",
                                   restoring.words)),
        (restoring.returned + restoring.remade, ngettext("%(count)d image came back", "%(count)d images came back",
                                                         restoring.returned + restoring.remade)),
        (restoring.trashed, ngettext("%(count)d image is in the trash", "%(count)d images are in the trash",
                                     restoring.trashed)),
    ]  # fmt: skip
    told = ", ".join(text % {"count": count} for count, text in parts if count)
    name = {"name": restoring.version.title}
    sentence = _("“%(name)s” is restored.") % name if not told else _("“%(name)s” is restored: ") % name + told + "."
    if restoring.lost:
        more = ngettext(
            "%(count)d picture could not come back: its file is gone.",
            "%(count)d pictures could not come back: their files are gone.",
            restoring.lost,
        )
        sentence = f"{sentence} {more % {'count': restoring.lost}}"
    return sentence


def _show_versions(request: HttpRequest, dataset: Dataset, *, error: str = "", status: int = 200) -> HttpResponse:
    before = request.GET.get("before", "")
    rows, after = get_versions(dataset, int(before) if before.isdecimal() and len(before) < 10 else None)
    may = get_may(dataset, person(request))
    context = {
        "dataset": dataset,
        "rows": rows,
        "next": after,
        "is_first": not before,
        "unfinished": find_unfinished(dataset),
        "can_edit": may.edit,
        "may": may,
        "key": uuid.uuid4(),
        "error": error,
        "typed": {"name": request.POST.get("name", ""), "note": request.POST.get("note", "")},
    }
    return render(request, "tagging/versions.html", context, status=status)


def _show_version(request: HttpRequest, version: DatasetVersion, *, error: str = "", status: int = 200) -> HttpResponse:
    try:
        forecast = forecast_restore(version)
    except VersionDamaged as damage:
        forecast, error = None, str(damage)
    may = get_may(version.dataset, person(request))
    context = {
        "dataset": version.dataset,
        "version": version,
        "exports": find_exports([version.pk]).get(version.pk, []),
        "forecast": forecast,
        "head": [(name_of_field(each.what), each) for each in forecast.head] if forecast else [],
        "can_edit": may.edit,
        "may": may,
        "restore_key": uuid.uuid4(),
        "fork_key": uuid.uuid4(),
        "error": error,
        "typed": request.POST.get("name", ""),
    }
    return render(request, "tagging/version.html", context, status=status)


def _state(dataset: Dataset, choices: list[DatasetVersion], name: str) -> DatasetVersion | Dataset:
    """Return the version of this number; the dataset itself, for now, where there is none."""
    chosen = next((version for version in choices if str(version.pk) == name), None)
    return dataset if chosen is None else DatasetVersion.objects.get(pk=chosen.pk)


def _version(request: HttpRequest, dataset_id: int, version_id: int) -> DatasetVersion:
    return get_object_or_404(visible_versions(person(request)), dataset=dataset_id, pk=version_id)


def _key(request: HttpRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid.uuid4()
