"""Categories and aliases in the admin, and what a change there tells the servers."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from datasets.models import Dataset
from tagging.models import Tag, TagAlias, TagCategory
from tagging.queries.suggestions import get_suggestions
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    """Somebody who may do everything."""
    client = Client()
    client.force_login(factories.make_user(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("page", ["tag", "tagalias", "tagcategory"])
def test_the_lists_are_there_and_can_be_searched(admin: Client, page: str) -> None:
    TagAlias.objects.create(name="smiling", tag=Tag.objects.create(name="smile"))
    response = admin.get(reverse(f"admin:tagging_{page}_changelist"), {"q": "a" if page == "tagcategory" else "smil"})
    assert response.context["cl"].result_count >= 1


def test_a_name_is_not_a_tag_and_an_alias(admin: Client) -> None:
    smile = Tag.objects.create(name="smile")
    add_alias, add_tag = reverse("admin:tagging_tagalias_add"), reverse("admin:tagging_tag_add")
    assert "is a tag itself" in admin.post(add_alias, {"name": "smile", "tag": smile.pk}).content.decode()
    assert admin.post(add_alias, {"name": " smiling ", "tag": smile.pk}).status_code == 302
    page = admin.post(add_tag, {"name": "smiling", "vocabulary_count": 0}).content.decode()
    assert "is an alias of" in page
    assert admin.post(add_tag, {"name": "grin", "vocabulary_count": 0}).status_code == 302
    assert set(Tag.objects.values_list("name", flat=True)) == {"smile", "grin"}


def test_what_is_changed_here_is_offered_at_once(admin: Client, dataset: Dataset) -> None:
    tag = Tag.objects.create(name="smile")
    assert [found.name for found in get_suggestions(dataset, "smi")] == ["smile"]
    category = TagCategory.objects.get(number=5)
    address = reverse("admin:tagging_tag_change", args=[tag.pk])
    none = {f"{rows}-{count}_FORMS": 0 for rows in ("scopes", "examples") for count in ("TOTAL", "INITIAL")}
    admin.post(address, {"name": "smiley", "category": category.pk, "vocabulary_count": 7, **none})
    (found,) = get_suggestions(dataset, "smi")
    assert (found.name, found.vocabulary_count) == ("smiley", 7)
    assert found.category is not None
    assert found.category.name == "meta"
    admin.post(reverse("admin:tagging_tag_delete", args=[tag.pk]), {"post": "yes"})
    assert get_suggestions(dataset, "smi") == []
