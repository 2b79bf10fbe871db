"""The trash of a dataset: what is in it, back from it, and for ever out of it. Works without a script."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from datasets.asking import editable_dataset
from datasets.jobs import start_freeing
from datasets.permissions import check_can_manage, get_may, visible_datasets
from datasets.queries.trash import get_trash_page
from datasets.services.trash import empty_trash, restore
from tagger_project.auth import person

IMAGES_A_PAGE = 100


@require_safe
def trash_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """What was deleted and can come back."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    may = get_may(dataset, user)
    context = {
        "dataset": dataset,
        "view": get_trash_page(dataset, after=request.GET.get("after", ""), limit=IMAGES_A_PAGE),
        "can_edit": may.edit,
        "may": may,
        "days": settings.TRASH_DAYS,
        # Without a script the question is printed open.
        "asks": request.GET.get("empty") == "1",
    }
    return render(request, "datasets/trash.html", context)


@require_POST
def restore_images(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Bring back the image that the button names, or all."""
    dataset = editable_dataset(request, dataset_id)
    wanted = None if request.POST.get("all") == "1" else _numbers(request.POST.getlist("image"))
    count = restore(dataset, wanted, by=person(request))
    if count:
        text = ngettext("%(count)d image is back, with its tags.", "%(count)d images are back, with their tags.", count)
        messages.success(request, text % {"count": count})
    else:
        messages.info(request, _("Nothing was left to bring back."))
    return redirect("datasets:trash", dataset.pk)


@require_POST
def empty(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Delete for ever what was in the trash when the page was read."""
    dataset = editable_dataset(request, dataset_id)
    check_can_manage(dataset, person(request))
    count = empty_trash(dataset, None, by=person(request), until=_moment(request.POST.get("until", "")))
    start_freeing()
    text = ngettext("%(count)d image was deleted for ever.", "%(count)d images were deleted for ever.", count)
    messages.success(request, text % {"count": count})
    return redirect("datasets:trash", dataset.pk)


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


def _moment(text: str) -> datetime:
    """Read when the page was made; without that, nothing that comes from now on is deleted."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    return moment if moment is not None and timezone.is_aware(moment) else timezone.now()
