"""Opening a tagging session and keeping the place."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from datasets.models import Dataset
from sessions_app.models import TaggingSession
from sessions_app.services.sessions import ForeignImage, keep_place, open_tagging_session
from tests import factories


def test_opening_again_resumes(dataset: Dataset) -> None:
    assert open_tagging_session(dataset, by=None) == open_tagging_session(dataset, by=None)


def test_each_person_has_a_tagging_session_of_their_own(dataset: Dataset) -> None:
    person = factories.make_user()
    image = factories.make_image(dataset)
    keep_place(dataset, image, by=person)
    assert open_tagging_session(dataset, by=None).current_image is None
    assert open_tagging_session(dataset, by=factories.make_user()).current_image is None
    assert open_tagging_session(dataset, by=person).current_image == image


def test_the_place_is_kept_and_moves_on(dataset: Dataset) -> None:
    first, second = factories.make_image(dataset), factories.make_image(dataset)
    started = keep_place(dataset, first, by=None).last_active_at
    moved = keep_place(dataset, second, by=None)
    moved.refresh_from_db()
    assert moved.current_image == second
    assert moved.last_active_at > started
    assert TaggingSession.objects.count() == 1


def test_the_same_place_again_writes_nothing(
    dataset: Dataset, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    image = factories.make_image(dataset)
    keep_place(dataset, image, by=None)
    with django_assert_num_queries(1):
        keep_place(dataset, image, by=None)


def test_an_image_of_another_dataset_is_no_place(dataset: Dataset) -> None:
    stranger = factories.make_image(factories.make_dataset(), original_name="else.jpg")
    with pytest.raises(ForeignImage, match=r"else\.jpg"):
        keep_place(dataset, stranger, by=None)
    assert not TaggingSession.objects.exists()


def test_a_deleted_image_leaves_the_tagging_session(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    keep_place(dataset, image, by=None)
    image.delete()
    assert open_tagging_session(dataset, by=None).current_image is None


def test_the_first_page_leads_to_ones_sessions_also_before_there_are_any(client: Client, dataset: Dataset) -> None:
    page = client.get("/").content.decode()
    assert page.count('href="/sessions/"') == 1
    assert 'data-sessions="/sessions/"' in page
