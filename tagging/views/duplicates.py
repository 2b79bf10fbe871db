"""Near-duplicates side by side: keep the best of each group, or all of it. Works without a script."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from datasets.asking import number_from
from datasets.models import Dataset
from datasets.permissions import check_can_edit, get_may, visible_datasets
from datasets.quality import BLURRED_BELOW
from datasets.queries.similar import GROUPS_A_PAGE, MOST_IN_GROUP
from datasets.services.keeping_apart import keep_apart
from tagger_project.auth import person
from tagging.queries.duplicates import get_duplicates_page
from tagging.services.duplicates import GroupChanged, Kept, keep_one, undo_keep

_UNDO = "duplicates_undo"


@require_http_methods(["GET", "HEAD", "POST"])
def duplicates_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show groups of images that look alike; a POST keeps one of a group, one of every group, or all of a group."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    if request.method == "POST":
        check_can_edit(dataset, user)
        return _answer(request, dataset)
    may = get_may(dataset, user)
    context = {
        "dataset": dataset,
        "view": get_duplicates_page(dataset, after=number_from(request.GET.get("after", ""))),
        "can_edit": may.edit,
        "may": may,
        "blurred_below": BLURRED_BELOW,
        "after": request.GET.get("after", ""),
        # Offered right after the form was sent, not for ever.
        "can_undo": "done" in request.GET and request.session.get(_UNDO, {}).get("dataset") == dataset.pk,
    }
    return render(request, "tagging/duplicates.html", context)


@require_POST
def undo_duplicates(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Undo what the last form of this browser did."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    check_can_edit(dataset, user)
    done = request.session.get(_UNDO, {})
    if done.get("dataset") == dataset.pk:
        del request.session[_UNDO]
        rows = [Kept(row["keep"], row["trash"], uuid.UUID(row["batch"])) for row in done["kept"]]
        count = sum(undo_keep(dataset, kept, by=user) for kept in reversed(rows))
        text = ngettext("%(count)d image is back.", "%(count)d images are back.", count)
        messages.success(request, text % {"count": count})
    return redirect("tagging:duplicates", dataset.pk)


def _answer(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    """Do what the pressed button says: `keep-all`, or `keep:` or `distinct:` and a group's place."""
    action, _, place = request.POST.get("action", "").partition(":")
    if action == "distinct":
        keep_apart(dataset, _numbers(request.POST, f"images-{place}"))
    elif action in {"keep", "keep-all"}:
        _keep(request, dataset, [place] if action == "keep" else request.POST.getlist("group"))
    address = reverse("tagging:duplicates", args=[dataset.pk])
    return redirect(f"{address}?done=1&after={number_from(request.POST.get('after', ''))}")


def _keep(request: HttpRequest, dataset: Dataset, places: list[str]) -> None:
    done: list[dict[str, Any]] = []
    for place in places[:GROUPS_A_PAGE]:
        members = _numbers(request.POST, f"images-{place}")
        keep = number_from(request.POST.get(f"keep-{place}", ""))
        if keep not in members:
            continue
        merge = request.POST.get(f"merge-{place}") == "1"
        others = [pk for pk in members if pk != keep]
        try:
            kept = keep_one(dataset, keep, others, merge_tags=merge, by=person(request))
        except GroupChanged as error:
            messages.error(request, str(error))
        else:
            done.append({"keep": kept.keep, "trash": kept.trash, "batch": str(kept.batch)})
    count = sum(len(row["trash"]) for row in done)
    if count:
        # Kept for the browser that pressed: the page after this one offers to undo it.
        request.session[_UNDO] = {"dataset": dataset.pk, "kept": done}
        text = ngettext("%(count)d image moved to the trash.", "%(count)d images moved to the trash.", count)
        messages.success(request, text % {"count": count})


def _numbers(form: QueryDict, name: str) -> list[int]:
    return [number for text in form.getlist(name)[:MOST_IN_GROUP] if (number := number_from(text))]
