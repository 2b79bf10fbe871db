"""The grid by how far the review of its images is."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains

from datasets.models import Dataset, ReviewState
from datasets.queries.images import count_states
from tests import factories

State = ReviewState


def _fill(dataset: Dataset, *states: ReviewState) -> None:
    for number, state in enumerate(states):
        is_tagged = state != State.UNTAGGED
        factories.make_image(dataset, original_name=f"{number}.jpg", review_state=state, is_tagged=is_tagged)


def test_states_are_counted_in_one_query_without_the_trash(
    dataset: Dataset, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _fill(dataset, State.READY, State.READY, State.APPROVED)
    factories.make_image(dataset, review_state=State.READY, trashed_at="2026-01-01T00:00Z")
    factories.make_image(factories.make_dataset(), review_state=State.READY)
    with django_assert_num_queries(1):
        counts = count_states(dataset)
    assert counts == {**dict.fromkeys(State, 0), State.READY: 2, State.APPROVED: 1}


def test_the_api_filters_by_state_and_tells_it(client: Client, dataset: Dataset) -> None:
    _fill(dataset, State.READY, State.APPROVED, State.CHANGES_REQUESTED)
    address = f"/api/v1/datasets/{dataset.pk}/images"
    page = client.get(address, {"filter": "state:approved"}).json()
    assert [(row["name"], row["state"]) for row in page["images"]] == [("1.jpg", "APPROVED")]
    assert page["total"] == 1
    assert client.get(address, {"state": "FINE"}).status_code == 422


def test_the_page_offers_each_state_with_its_count_and_filters(client: Client, dataset: Dataset) -> None:
    _fill(dataset, State.READY, State.CHANGES_REQUESTED)
    address = reverse("datasets:detail", args=[dataset.pk])
    assertContains(client.get(address), '<a class="look-at__link" href="?filter=state:ready" data-filter-link>')
    chosen = client.get(address, {"filter": "state:changes-requested"})
    assert [image.original_name for image in chosen.context["view"].page.images] == ["1.jpg"]
    assertContains(chosen, 'title="changes requested"')
    assertContains(client.get(address, {"filter": "state:approved"}), "No picture is “approved”")
    assert len(client.get(address, {"state": "nonsense"}).context["view"].page.images) == 2


@pytest.mark.parametrize("state", ["ready", "approved"])
def test_a_page_of_a_state_goes_on_within_it(client: Client, dataset: Dataset, state: str) -> None:
    _fill(dataset, *[State.READY] * 61, *[State.APPROVED] * 61)
    answer = client.get(reverse("datasets:detail", args=[dataset.pk]), {"filter": f"state:{state}"})
    assertContains(answer, f"?filter=state%3A{state}&amp;after=")
