"""The vocabulary in the admin."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.models import Dataset
from tagging.models import ImageTag, Tag
from tests import factories

pytestmark = pytest.mark.django_db

LIST = reverse("admin:tagging_tag_changelist")


@pytest.fixture
def admin() -> Client:
    """Somebody who may do everything."""
    client = Client()
    client.force_login(factories.make_user(is_staff=True, is_superuser=True))
    return client


def names_in(response: object) -> list[str]:
    return [tag.name for tag in response.context["cl"].result_list]  # type: ignore[attr-defined]


def test_the_list_takes_as_many_queries_for_twenty_rows_as_for_one(admin: Client, dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    counts = []
    for number in range(21):
        factories.make_image_tag(image, f"tag {number}")
        if number in {0, 20}:
            with CaptureQueriesContext(connection) as queries:
                assert admin.get(LIST).status_code == 200
            counts.append(len(queries))
    assert counts[0] == counts[1] < 12


def test_how_many_images_a_tag_is_on(admin: Client, dataset: Dataset) -> None:
    for _ in range(3):
        factories.make_image_tag(factories.make_image(dataset), "often")
    Tag.objects.create(name="never")
    response = admin.get(LIST, {"o": "-2"})
    rows = {tag.name: tag.image_count for tag in response.context["cl"].result_list}
    assert rows == {"often": 3, "never": 0}
    assert names_in(response) == ["often", "never"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [("hair", ["long hair", "short hair"]), ("LONG", ["long hair"]), ("%", ["100%"]), ("_(", ["miku_(v)"]), ("no", [])],
)
def test_search(admin: Client, typed: str, names: list[str]) -> None:
    Tag.objects.bulk_create(Tag(name=name) for name in ["long hair", "short hair", "100%", "miku_(v)", "smile"])
    assert names_in(admin.get(LIST, {"q": typed})) == names


def test_a_tag_is_spelled_as_on_the_pages(admin: Client) -> None:
    response = admin.post(reverse("admin:tagging_tag_add"), {"name": "cafe\u0301   table"})
    assert response.status_code == 302
    assert Tag.objects.get().name == "caf\u00e9 table"


@pytest.mark.parametrize(
    ("typed", "why"), [("a, b", "comma"), ("\u200d", "visible"), ("x" * 201, "200"), ("there", "exists")]
)
def test_what_cannot_be_a_tag_is_refused_with_its_reason(admin: Client, typed: str, why: str) -> None:
    Tag.objects.create(name="there")
    response = admin.post(reverse("admin:tagging_tag_add"), {"name": typed})
    assert response.status_code == 200
    assert why in str(response.context["errors"])
    assert Tag.objects.count() == 1


def test_a_tag_that_is_on_an_image_is_not_deleted(admin: Client, dataset: Dataset) -> None:
    used = factories.make_image_tag(factories.make_image(dataset), "used").tag
    unused = Tag.objects.create(name="unused")
    confirmed = {"post": "yes"}
    assert admin.post(reverse("admin:tagging_tag_delete", args=[used.pk]), confirmed).status_code == 403
    assert admin.post(reverse("admin:tagging_tag_delete", args=[unused.pk]), confirmed).status_code == 302
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [used.pk], **confirmed})
    assert list(Tag.objects.all()) == [used]
    assert ImageTag.objects.count() == 1


def test_in_password_mode_the_admin_asks_for_a_login(client: Client, password_mode: None) -> None:
    assert client.get(LIST).status_code == 302
