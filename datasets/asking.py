"""What a request asks for: the dataset that it names, as far as whoever asks may see or change it, and its numbers."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from datasets.models import Dataset
from datasets.permissions import check_can_edit, visible_datasets
from tagger_project.auth import person


def visible_dataset(request: HttpRequest, dataset_id: int) -> Dataset:
    """Return a dataset that whoever asks may see.

    Raises:
        Http404: they may not, or there is none.
    """
    return get_object_or_404(visible_datasets(person(request)), pk=dataset_id)


def editable_dataset(request: HttpRequest, dataset_id: int) -> Dataset:
    """Return a dataset that whoever asks may change.

    Raises:
        Http404: they may not see it, or there is none.
        PermissionDenied: they may see it only.
    """
    dataset = visible_dataset(request, dataset_id)
    check_can_edit(dataset, person(request))
    return dataset


def number_from(text: str) -> int:
    """Read a number from an address or a form; nonsense is 0, which nothing has, and so is what no column can hold."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
