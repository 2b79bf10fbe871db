"""Where a tag is meant for, and the pictures that show it, in the admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.models import Dataset
from tagging.models import Tag, TagExample, TagScope
from tagging.queries.suggestions import get_suggestions
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    """Somebody who may do everything."""
    client = Client()
    client.force_login(factories.make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def tag() -> Tag:
    """A tag that nothing is said of."""
    return Tag.objects.create(name="kimono")


def address(tag: Tag) -> str:
    return reverse("admin:tagging_tag_change", args=[tag.pk])


Rows = Sequence[dict[str, Any]]


def send(client: Client, tag: Tag, *, scopes: Rows = (), examples: Rows = ()) -> Any:
    """Send the form as the page does; rows that are there come first, with their numbers."""
    facts: dict[str, Any] = {"name": tag.name, "vocabulary_count": 0, "description": tag.description}
    for prefix, rows in (("scopes", scopes), ("examples", examples)):
        there = sum("id" in row for row in rows)
        facts |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": there}
        for number, row in enumerate(rows):
            facts |= {f"{prefix}-{number}-{name}": value for name, value in {"tag": tag.pk, **row}.items()}
    return client.post(address(tag), facts)


def test_a_tag_is_meant_for_datasets_and_shown_by_pictures(admin: Client, tag: Tag, dataset: Dataset) -> None:
    other = factories.make_dataset(name="Other")
    image = factories.make_image(dataset)
    assert [found.name for found in get_suggestions(dataset, "kimo")] == ["kimono"]
    answer = send(admin, tag, scopes=[{"dataset": other.pk}], examples=[{"image": image.pk}])
    assert answer.status_code == 302, answer.context["errors"]
    assert get_suggestions(dataset, "kimo") == []
    page = admin.get(address(tag)).content.decode()
    assert f"/files/images/{image.pk}/thumbnail/" in page
    assert "Other" in page
    reasons = set(tag.history.values_list("history_change_reason", flat=True))
    assert {"meant for these datasets: Other", f"shown by these pictures: {image.original_name}"} <= reasons
    scope, example = TagScope.objects.get(), TagExample.objects.get()
    row = {"id": scope.pk, "dataset": other.pk, "DELETE": "on"}
    assert send(admin, tag, scopes=[row], examples=[{"id": example.pk, "DELETE": "on"}]).status_code == 302
    assert not TagScope.objects.exists()
    assert not TagExample.objects.exists()
    assert [found.name for found in get_suggestions(dataset, "kimo")] == ["kimono"]


def test_a_seventh_picture_is_refused(admin: Client, tag: Tag, dataset: Dataset) -> None:
    images = [factories.make_image(dataset) for _ in range(7)]
    there = [TagExample.objects.create(tag=tag, image=image) for image in images[:6]]
    rows: list[dict[str, Any]] = [{"id": row.pk} for row in there]
    assert "At most 6" in str(send(admin, tag, examples=[*rows, {"image": images[6].pk}]).context["errors"])
    rows[0]["DELETE"] = "on"
    assert send(admin, tag, examples=[*rows, {"image": images[6].pk}]).status_code == 302
    assert list(TagExample.objects.order_by("pk").values_list("image", flat=True)) == [each.pk for each in images[1:]]


def test_the_page_takes_as_many_queries_for_six_pictures_as_for_none(admin: Client, tag: Tag, dataset: Dataset) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(address(tag)).status_code == 200
        return len(queries)

    count()
    none = count()
    for _ in range(6):
        TagExample.objects.create(tag=tag, image=factories.make_image(dataset))
        TagScope.objects.create(tag=tag, dataset=factories.make_dataset())
    assert count() == none < 20


def test_who_may_change_tags_may_say_where_they_are_meant_for(tag: Tag, dataset: Dataset, password_mode: None) -> None:
    client, user = Client(), factories.make_member(dataset, factories.make_user(is_staff=True))
    client.force_login(user)
    user.user_permissions.add(Permission.objects.get(codename="view_tag"))
    assert send(client, tag, scopes=[{"dataset": dataset.pk}]).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="change_tag"))
    assert send(client, tag, scopes=[{"dataset": dataset.pk}]).status_code == 302
    assert TagScope.objects.get().dataset == dataset
