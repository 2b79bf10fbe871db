"""The history of a dataset: who changed what, when, how and why; and taking back. Works without a script."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from datasets.models import Dataset
from datasets.permissions import check_can_take_back, get_may, visible_datasets
from tagger_project.auth import person
from tagging.models import Change, Source
from tagging.queries.history import find_person, get_dataset_history, get_people
from tagging.services.undoing import NothingToUndo, Undone, undo_change

_KEPT = "history_kept"
# A session is a row that is written with every request that changes it.
_MOST_KEPT = 50


@require_safe
def history_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show the entries of a dataset, newest first, those of one person or of one way alone where asked."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    by = find_person(dataset, request.GET.get("by", ""))
    source = Source(request.GET["how"]) if request.GET.get("how") in Source.values else None
    chosen = {"by": by.get_username() if by else "", "how": source.value if source else ""}
    page = get_dataset_history(dataset, _number(request.GET.get("before", "")), by=by, source=source)
    may = get_may(dataset, user)
    context = {
        "dataset": dataset,
        # Each form has a key of its own: pressed twice, it counts once.
        "rows": [{"entry": entry, "key": uuid.uuid4(), "day": localtime(entry.at).date()} for entry in page.entries],
        "next": page.next,
        "people": get_people(dataset),
        "sources": Source.choices,
        "chosen": chosen,
        "filter": urlencode({name: value for name, value in chosen.items() if value}),
        "is_filtered": bool(by or source),
        "can_edit": may.edit,
        "may": may,
        "kept": _take_kept(request, dataset),
    }
    return render(request, "tagging/history.html", context)


@require_POST
def undo_entry(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Take back the entry that the form names, and say what stays as it is."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    change = get_object_or_404(Change, dataset=dataset, pk=_number(request.POST.get("change", "")))
    check_can_take_back(dataset, user, made_by=change.done_by_id)
    try:
        undone = undo_change(change, by=user, key=_key(request.POST.get("key", "")))
    except NothingToUndo as error:
        messages.info(request, str(error))
    else:
        messages.success(request, tell(undone))
        request.session[_KEPT] = _kept(dataset, undone)
    return redirect(f"{reverse('tagging:history', args=[dataset.pk])}?done=1")


def tell(undone: Undone) -> str:
    """Return in a sentence how many pictures got back what they had, and how many words stay."""
    count = undone.images
    back = ngettext("%(count)d picture put back", "%(count)d pictures put back", count) % {"count": count}
    if not undone.left:
        return _("%(back)s.") % {"back": back}
    return _("%(back)s, %(count)d left alone.") % {"back": back, "count": undone.left_images}


def _kept(dataset: Dataset, undone: Undone) -> dict[str, Any]:
    told = undone.kept[:_MOST_KEPT]
    return {"dataset": dataset.pk, "words": [asdict(kept) for kept in told], "more": undone.left - len(told)}


def _take_kept(request: HttpRequest, dataset: Dataset) -> dict[str, Any] | None:
    """Return what the last form left alone, once: right after it was sent."""
    if "done" not in request.GET or request.session.get(_KEPT, {}).get("dataset") != dataset.pk:
        return None
    kept: dict[str, Any] = request.session.pop(_KEPT)
    return kept if kept["words"] else None


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid4()


def _number(text: str) -> int | None:
    """Read a number from an address or a form; nonsense is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
