"""`/api/v1`: what a filter box offers, and the tags of what it finds."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router

from datasets.permissions import visible_datasets
from datasets.schemas import BadFilterOut
from tagger_project.auth import person
from tagging.filter_schemas import CompletionsOut, TagCountsOut
from tagging.queries.completions import get_completions
from tagging.queries.tag_counts import get_tag_counts

router = Router()


@router.get("/datasets/{int:dataset_id}/filter-completions", response=CompletionsOut, tags=["images"])
def list_completions(
    request: HttpRequest, dataset_id: int, text: str = "", at: Annotated[int | None, Query(ge=0)] = None
) -> CompletionsOut:
    """What can stand at a place of a filter, which need not be whole: keys, values, tags, with counts in this dataset.

    `text` of an item goes into the place of what stands from `start` up to `end`. Without `at` it is the filter's end.
    """
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    return CompletionsOut.of(get_completions(dataset, text, len(text) if at is None else at))


@router.get("/datasets/{int:dataset_id}/tag-counts", response={200: TagCountsOut, 422: BadFilterOut}, tags=["tags"])
def list_tag_counts(
    request: HttpRequest, dataset_id: int, filter: str = "", q: str = "", limit: int = 200
) -> TagCountsOut:  # fmt: skip
    """The tags on the images that match a filter, those on most of them first, at most 1,000; `q` is in their names."""
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    return TagCountsOut.of(get_tag_counts(dataset, filter=filter, holding=q, limit=limit))
