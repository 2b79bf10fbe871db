"""The setting of how a dataset spells its tags; its form stands on the dataset's own page of settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from datasets.permissions import check_can_manage, visible_datasets
from tagger_project.auth import person
from tagging.models import Spelling
from tagging.services.spelling import set_spelling


@require_POST
def change_spelling(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Take the choice and go back to the settings."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    check_can_manage(dataset, user)
    chosen = request.POST.get("spelling", "")
    if chosen not in Spelling.values:
        return HttpResponseBadRequest()
    set_spelling(dataset, Spelling(chosen))
    messages.success(request, _("Saved. Tags that come in from now on are spelled so."))
    return redirect("datasets:settings", dataset.pk)
