"""The desk and the place over `/api/v1`."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from datasets.models import Dataset
from tests import factories


def test_the_desk_holds_the_image_its_words_and_its_neighbours(client: Client, dataset: Dataset) -> None:
    first, second = factories.make_image(dataset, original_name="a.jpg"), factories.make_image(dataset)
    factories.make_image_tag(first, "lake")
    answer = client.get(f"/api/v1/images/{first.pk}/desk").json()
    assert answer["image"] == {
        "id": first.pk,
        "dataset_id": dataset.pk,
        "name": "a.jpg",
        "folder": "",
        "added_at": answer["image"]["added_at"],
        "width": 640,
        "height": 480,
        "byte_size": 1000,
        "format": "JPEG",
        "colour": "#808080",
        "preview": f"/files/images/{first.pk}/preview/?v={first.sha256[:12]}",
        "original": f"/files/images/{first.pk}/original/?v={first.sha256[:12]}",
        "flags": [],
        "number": 1,
        "total": 2,
    }
    expected = {"name": "lake", "source": "PERSON", "category": "", "colour": "", "implied_by": []}
    assert answer["state"]["tags"] == [expected]
    assert answer["state"]["caption"] == {"text": "", "version": 0}
    assert (answer["previous_id"], answer["next_id"], answer["next_untagged_id"]) == (None, second.pk, second.pk)
    assert answer["tagged"] == 1


@pytest.mark.parametrize("count", [1, 20])
def test_the_desk_takes_as_many_queries_for_twenty_tags_as_for_one(
    client: Client, dataset: Dataset, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    image = factories.make_image(dataset)
    for number in range(count):
        factories.make_image_tag(image, f"tag {number}")
    # the image with its dataset, seven for its place, three for its words
    with django_assert_num_queries(12):
        client.get(f"/api/v1/images/{image.pk}/desk")


def test_the_place_is_remembered(client: Client, dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    address = f"/api/v1/datasets/{dataset.pk}/tagging-session"
    assert client.get(address).json() == {"image_id": None, "images": 1, "tagged": 0}
    kept = client.put(address, {"image_id": image.pk}, content_type="application/json")
    assert kept.json() == {"image_id": image.pk, "images": 1, "tagged": 0}
    assert client.get(address).json()["image_id"] == image.pk


def test_an_image_of_another_dataset_is_refused_with_a_sentence(client: Client, dataset: Dataset) -> None:
    stranger = factories.make_image(factories.make_dataset(), original_name="else.jpg")
    answer = client.put(
        f"/api/v1/datasets/{dataset.pk}/tagging-session", {"image_id": stranger.pk}, content_type="application/json"
    )
    assert answer.status_code == 422
    assert answer.json()["detail"] == "“else.jpg” belongs to another dataset."


@pytest.mark.parametrize("address", ["/api/v1/images/404/desk", "/api/v1/datasets/404/tagging-session"])
def test_what_is_not_there_answers_404(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_stranger_is_not_let_in(client: Client, dataset: Dataset, settings: Settings) -> None:
    settings.AUTH_MODE = "password"
    image = factories.make_image(dataset)
    assert client.get(f"/api/v1/images/{image.pk}/desk").status_code == 401
    assert client.get(f"/api/v1/datasets/{dataset.pk}/tagging-session").status_code == 401


def test_a_change_needs_the_token_of_the_pages(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    strict = Client(enforce_csrf_checks=True)
    answer = strict.put(
        f"/api/v1/datasets/{dataset.pk}/tagging-session", {"image_id": image.pk}, content_type="application/json"
    )
    assert answer.status_code == 403
