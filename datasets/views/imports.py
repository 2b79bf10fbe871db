"""The import page: an empty drop zone, or an import that runs, waits for missing files or is done."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from datasets.models import Dataset
from datasets.permissions import check_can_edit, get_may, visible_datasets, visible_imports
from datasets.queries.pages import get_import_page, get_unfinished_import, has_words
from tagger_project.auth import person
from tagger_project.sizes import decimal_size


@require_safe
def import_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """The drop zone. The import itself is made by the API when the first files are chosen."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    check_can_edit(dataset, user)
    context = {
        **_what_may_come(dataset, user),
        "job": None,
        "progress": None,
        "running": get_unfinished_import(dataset),
    }
    return render(request, "datasets/import.html", context)


@require_safe
def import_job(request: HttpRequest, job_id: int) -> HttpResponse:
    """The same page for an import that exists: it can be left and come back to."""
    user = person(request)
    view = get_import_page(get_object_or_404(visible_imports(user), pk=job_id))
    context = {**_what_may_come(view.dataset, user), "job": view.job, "progress": asdict(view.progress)}
    return render(request, "datasets/import.html", context)


def _what_may_come(dataset: Dataset, user: User | None) -> dict[str, Any]:
    """What the page says of files that may be brought here, and by whom."""
    return {
        "dataset": dataset,
        "may": get_may(dataset, user),
        "has_words": has_words(dataset),
        "picture_limit": decimal_size(settings.MAX_FILE_BYTES),
        "zip_limit": decimal_size(settings.MAX_ARCHIVE_BYTES),
    }
