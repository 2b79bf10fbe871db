"""The export page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from datasets.permissions import visible_datasets
from tagger_project.auth import person
from tagging.services.exporting import summarise


@require_safe
def export_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show what an export holds, and offer it."""
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    summary = summarise(dataset, with_untagged=True)
    return render(request, "tagging/export.html", {"dataset": dataset, "summary": summary})
