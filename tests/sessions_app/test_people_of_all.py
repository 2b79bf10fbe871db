"""Who is in which dataset, as the list of datasets asks for it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from datasets.models import Dataset
from sessions_app.live_words import MOST_PEOPLE
from sessions_app.models import Claim
from sessions_app.queries import people
from sessions_app.services.claims import be_here
from tests import factories

ADDRESS = "/api/v1/people"

pytestmark = pytest.mark.django_db


def come(dataset: Dataset, by: User | None = None) -> uuid.UUID:
    tab = uuid.uuid4()
    be_here(dataset, tab, image=None, is_active=False, by=by)
    return tab


def told(client: Client) -> dict[int, list[str]]:
    datasets: list[dict[str, Any]] = client.get(ADDRESS).json()["datasets"]
    return {one["dataset_id"]: [somebody["name"] for somebody in one["people"]] for one in datasets}


def test_each_dataset_tells_who_is_there_now(client: Client, settings: Settings) -> None:
    settings.AUTH_MODE = "password"
    first, second, empty = (factories.make_dataset() for _ in range(3))
    ana, ben = (
        factories.make_user(username="ana", first_name="Ana", last_name="Lima"),
        factories.make_user(username="ben"),
    )
    for dataset in (first, second, empty):
        factories.make_member(dataset, ben)
    come(first, ana)
    come(first, ben)
    come(second, ben)
    client.force_login(ben)
    assert told(client) == {first.pk: ["Ana Lima", "ben"], second.pk: ["ben"]}
    assert empty.pk not in told(client)
    of_first = client.get(ADDRESS).json()["datasets"][0]
    assert [somebody["is_yours"] for somebody in of_first["people"]] == [False, True]
    assert of_first["people"][0]["initials"] == "AL"
    # Which page it is, and on which picture, is the desk's business.
    assert set(of_first["people"][0]) == {"name", "initials", "colour", "is_yours"}


def test_a_person_with_two_pages_is_named_once_and_guests_one_by_one(client: Client, dataset: Dataset) -> None:
    ana = factories.make_user(username="ana")
    for by in (ana, ana, None, None):
        come(dataset, by)
    assert told(client) == {dataset.pk: ["ana", "Guest 1", "Guest 2"]}


def test_who_left_is_not_there(client: Client, dataset: Dataset) -> None:
    tab = come(dataset)
    assert told(client) == {dataset.pk: ["Guest 1"]}
    Claim.objects.filter(tab=tab).update(seen_until=F("seen_until") - timedelta(minutes=1))
    assert told(client) == {}


def test_of_a_dataset_that_one_may_not_see_nothing_is_told(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AUTH_MODE = "password"
    seen, hidden = factories.make_dataset(), factories.make_dataset()
    ana, ben = factories.make_user(username="ana"), factories.make_user(username="ben")
    come(seen, ana)
    come(hidden, ana)
    # As roles will narrow it: this is the one place that says who may see what.
    may_see = {ana: [seen.pk, hidden.pk], ben: [seen.pk]}
    monkeypatch.setattr(people, "visible_datasets", lambda user: Dataset.objects.filter(pk__in=may_see[user]))
    client.force_login(ben)
    assert told(client) == {seen.pk: ["ana"]}
    client.force_login(ana)
    assert set(told(client)) == {seen.pk, hidden.pk}


def test_who_is_not_signed_in_hears_nothing(client: Client, settings: Settings, dataset: Dataset) -> None:
    settings.AUTH_MODE = "password"
    come(dataset, factories.make_user())
    assert client.get(ADDRESS).status_code == 401


def test_a_crowd_is_told_by_its_number(client: Client, dataset: Dataset) -> None:
    for _ in range(MOST_PEOPLE + 3):
        come(dataset)
    [here] = client.get(ADDRESS).json()["datasets"]
    assert (len(here["people"]), here["total"]) == (MOST_PEOPLE, MOST_PEOPLE + 3)


@pytest.mark.parametrize("count", [1, 6])
def test_all_datasets_are_one_question(
    client: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        dataset = factories.make_dataset()
        come(dataset, factories.make_user())
        come(dataset, factories.make_user())
    with django_assert_num_queries(1):
        assert len(told(client)) == count
