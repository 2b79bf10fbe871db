"""Tagging sessions in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from sessions_app.services.sessions import keep_place
from sessions_app.services.walks import Visit
from tests import factories


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(factories.make_user(is_staff=True, is_superuser=True))
    return client


def test_the_list_searches_and_takes_the_same_queries_for_one_and_for_twenty(
    admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def add(count: int) -> None:
        for _ in range(count):
            dataset = factories.make_dataset()
            keep_place(dataset, factories.make_image(dataset), by=factories.make_user())

    address = reverse("admin:sessions_app_taggingsession_changelist")
    add(1)
    admin.get(address)
    with django_assert_max_num_queries(9):
        admin.get(address)
    add(19)
    with django_assert_max_num_queries(9):
        answer = admin.get(address, {"q": "dataset"})
    assert answer.context["cl"].result_count == 20


def test_one_row_opens(admin: Client) -> None:
    dataset = factories.make_dataset()
    row = keep_place(dataset, factories.make_image(dataset), by=None)
    assert admin.get(reverse("admin:sessions_app_taggingsession_change", args=[row.pk])).status_code == 200


def test_visits_are_read_with_the_same_queries_for_one_and_for_twenty(
    admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def add(count: int) -> None:
        for _ in range(count):
            dataset = factories.make_dataset()
            image = factories.make_image(dataset)
            keep_place(dataset, image, by=None, visits=[Visit(image.pk, 5, is_edited=True)])

    address = reverse("admin:sessions_app_imagevisit_changelist")
    add(1)
    with django_assert_max_num_queries(8):
        admin.get(address)
    add(19)
    with django_assert_max_num_queries(8):
        answer = admin.get(address, {"q": "dataset"})
    assert answer.context["cl"].result_count == 20
    assert admin.get(reverse("admin:sessions_app_imagevisit_add")).status_code == 403
