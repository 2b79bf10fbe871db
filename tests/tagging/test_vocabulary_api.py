"""One tag of the vocabulary over the API: told, described, ruled, meant for datasets, shown by pictures."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets import permissions
from datasets.models import Dataset, Image
from datasets.services.trash import move_to_trash
from tagging.models import DatasetVocabulary, Spelling, Tag, TagCategory, TagExample, TagScope
from tagging.queries.suggestions import get_suggestions
from tagging.services.implications import add_implication
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def kimono() -> Tag:
    """A tag that nothing is said of."""
    return Tag.objects.create(name="kimono")


def ask(client: Client, method: str, tag: Tag, path: str = "", **body: Any) -> Any:
    address = f"/api/v1/vocabulary/tags/{tag.pk}{path}"
    return getattr(client, method)(address, body or None, content_type="application/json")


def hide(monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
    """Let a dataset be one that nobody may see, at every place that asks."""

    def visible(user: object) -> Any:
        return Dataset.objects.exclude(pk=dataset.pk)

    for place in ("datasets.permissions", "tagging.vocabulary_api", "tagging.queries.tag_detail"):
        monkeypatch.setattr(f"{place}.visible_datasets", visible)
    assert permissions.visible_datasets is visible


def test_all_that_is_said_of_a_tag_is_told_and_its_history_tells_who_said_it(client: Client, kimono: Tag) -> None:
    general = TagCategory.objects.get(number=0)
    clothes = Tag.objects.create(name="clothes")
    add_implication(Tag.objects.create(name="furisode"), kimono)
    ask(client, "patch", kimono, description=" A robe. \n", category=general.pk)
    ask(client, "post", kimono, "/aliases", name=" kimonos ")
    told = ask(client, "post", kimono, "/implications", name="clothes").json()
    alias = told["aliases"][0]["id"]
    assert told == {
        "id": kimono.pk,
        "name": "kimono",
        "description": "A robe.",
        "category": {"id": general.pk, "name": "general", "colour": general.colour},
        "aliases": [{"id": alias, "name": "kimonos"}],
        "implies": [{"id": clothes.pk, "name": "clothes"}],
        "implied_by": ["furisode"],
        "is_deprecated": False,
        "successor": "",
        "datasets": [],
        "more_datasets": 0,
        "examples": [],
        "more_examples": 0,
        "can_edit": True,
    }
    assert told == ask(client, "get", kimono).json()
    assert ask(client, "patch", kimono, category=0).json()["category"] is None
    assert ask(client, "delete", kimono, f"/aliases/{alias}").json()["aliases"] == []
    assert ask(client, "delete", kimono, f"/implications/{clothes.pk}").json()["implies"] == []
    assert ask(client, "delete", kimono, f"/implications/{clothes.pk}").status_code == 404
    assert [row.description for row in kimono.history.order_by("history_id")] == ["", "", "A robe.", "A robe."]


def test_a_circle_is_refused_with_the_way_it_would_lead(client: Client, kimono: Tag) -> None:
    clothes, thing = Tag.objects.create(name="clothes"), Tag.objects.create(name="thing")
    add_implication(kimono, clothes)
    add_implication(clothes, thing)
    answer = ask(client, "post", thing, "/implications", name="kimono")
    assert answer.status_code == 409
    assert "“thing” → “kimono” → “clothes” → “thing”" in answer.json()["detail"]
    assert ask(client, "post", thing, "/implications", name="thing").status_code == 409
    unknown = ask(client, "post", thing, "/implications", name="no such word")
    assert (unknown.status_code, Tag.objects.filter(name="no such word").exists()) == (422, False)


def test_a_name_means_one_thing(client: Client, kimono: Tag, dataset: Dataset) -> None:
    clothes = Tag.objects.create(name="clothes")
    assert "is a tag itself" in ask(client, "post", kimono, "/aliases", name="clothes").json()["detail"]
    assert ask(client, "post", clothes, "/aliases", name="garb").status_code == 200
    taken = ask(client, "post", kimono, "/aliases", name="garb")
    assert (taken.status_code, "alias of “clothes”" in taken.json()["detail"]) == (409, True)
    assert ask(client, "post", kimono, "/aliases", name="a, b").status_code == 422
    assert [found.name for found in get_suggestions(dataset, "garb")] == ["clothes"]


def test_out_of_use_and_back_again(client: Client, kimono: Tag) -> None:
    robe = Tag.objects.create(name="robe")
    told = ask(client, "put", kimono, "/deprecation", successor="robe").json()
    assert (told["is_deprecated"], told["successor"]) == (True, "robe")
    circle = ask(client, "put", robe, "/deprecation", successor="kimono")
    assert (circle.status_code, "leads in a circle" in circle.json()["detail"]) == (409, True)
    told = ask(client, "delete", kimono, "/deprecation").json()
    assert (told["is_deprecated"], told["successor"]) == (False, "")
    assert ask(client, "put", kimono, "/deprecation", successor="").json()["is_deprecated"]


def test_where_a_tag_is_meant_for(
    client: Client, kimono: Tag, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, hidden = factories.make_dataset(name="Other"), factories.make_dataset(name="Hidden")
    TagScope.objects.create(tag=kimono, dataset=hidden)
    hide(monkeypatch, hidden)
    told = ask(client, "put", kimono, "/datasets", datasets=[other.pk]).json()
    assert (told["datasets"], told["more_datasets"]) == ([{"id": other.pk, "name": "Other"}], 1)
    assert get_suggestions(dataset, "kimo") == []
    assert [found.name for found in get_suggestions(other, "kimo")] == ["kimono"]
    assert ask(client, "put", kimono, "/datasets", datasets=[hidden.pk]).status_code == 404
    told = ask(client, "put", kimono, "/datasets", datasets=[]).json()
    assert (told["datasets"], told["more_datasets"]) == ([], 1)
    assert kimono.history.first().history_change_reason == "meant for these datasets: Hidden"


def test_six_pictures_show_a_tag_and_no_seventh(client: Client, kimono: Tag, dataset: Dataset) -> None:
    images = [factories.make_image(dataset) for _ in range(7)]
    keys = [image.pk for image in images]
    assert ask(client, "post", kimono, "/examples", images=keys).status_code == 409
    told = ask(client, "post", kimono, "/examples", images=keys[:6]).json()
    assert [shown["image"] for shown in told["examples"]] == keys[:6]
    assert told["examples"][0]["thumbnail"].startswith(f"/files/images/{keys[0]}/thumbnail/")
    assert ask(client, "post", kimono, "/examples", images=keys[:1]).status_code == 200
    refused = ask(client, "post", kimono, "/examples", images=keys[6:])
    assert (refused.status_code, "At most 6" in refused.json()["detail"]) == (409, True)
    ask(client, "delete", kimono, f"/examples/{keys[0]}")
    assert ask(client, "post", kimono, "/examples", images=keys[6:]).status_code == 200
    assert "shown by these pictures" in kimono.history.first().history_change_reason
    # What is in the trash shows nothing, and leaves its place to others.
    move_to_trash(dataset, keys[6:], by=None)
    assert [shown["image"] for shown in ask(client, "get", kimono).json()["examples"]] == keys[1:6]
    assert ask(client, "post", kimono, "/examples", images=keys[:1]).status_code == 200


def test_pictures_of_datasets_that_one_may_not_see_are_not_shown(
    client: Client, kimono: Tag, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = factories.make_image(factories.make_dataset())
    for each in (secret, image):
        TagExample.objects.create(tag=kimono, image=each)
    hide(monkeypatch, secret.dataset)
    told = ask(client, "get", kimono).json()
    assert ([shown["image"] for shown in told["examples"]], told["more_examples"]) == ([image.pk], 1)
    assert ask(client, "post", kimono, "/examples", images=[secret.pk]).status_code == 404
    assert ask(client, "delete", kimono, f"/examples/{secret.pk}").status_code == 404
    assert client.get(f"/api/v1/datasets/{secret.dataset_id}/tag-meaning?name=kimono").status_code == 404


def test_a_dataset_finds_what_is_said_of_its_word_in_another_spelling(client: Client, dataset: Dataset) -> None:
    Tag.objects.create(name="red_dress", description="Of that colour.")
    Tag.objects.create(name="red dress")
    DatasetVocabulary.objects.create(dataset=dataset, spelling=Spelling.SPACES)
    address = f"/api/v1/datasets/{dataset.pk}/tag-meaning"
    assert client.get(address, {"name": "red dress"}).json()["description"] == "Of that colour."
    missing = client.get(address, {"name": "blue dress"})
    assert (missing.status_code, "not in the vocabulary yet" in missing.json()["detail"]) == (404, True)
    assert client.get(address, {"name": "a, b"}).status_code == 422


def test_the_number_of_queries_is_the_same_however_much_there_is_to_say(
    client: Client, kimono: Tag, dataset: Dataset
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert ask(client, "get", kimono).status_code == 200
        return len(queries)

    few = count()
    for number in range(6):
        ask(client, "post", kimono, "/aliases", name=f"alias {number}")
        add_implication(kimono, Tag.objects.create(name=f"tag {number}"))
        TagExample.objects.create(tag=kimono, image=factories.make_image(dataset))
        TagScope.objects.create(tag=kimono, dataset=factories.make_dataset())
    assert count() == few < 12


def test_everybody_may_look_and_staff_that_may_change_tags_change(kimono: Tag, password_mode: None) -> None:
    client = Client()
    user = factories.make_user()
    client.force_login(user)
    assert ask(client, "get", kimono).json()["can_edit"] is False
    refused = ask(client, "patch", kimono, description="x")
    assert (refused.status_code, "Ask somebody of the staff" in refused.json()["detail"]) == (403, True)
    for method, path in (("put", "/datasets"), ("post", "/examples"), ("post", "/aliases"), ("post", "/implications")):
        body = {"datasets": [], "images": [1], "name": "x"}
        assert ask(client, method, kimono, path, **body).status_code == 403
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="change_tag"))
    assert ask(client, "patch", kimono, description="x").status_code == 200
    assert kimono.history.first().history_user == user
    kimono.pk += 1
    assert ask(client, "get", kimono).status_code == 404
