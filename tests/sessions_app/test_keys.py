"""The keys of a person: read, written, checked, and delivered with the desk."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from datasets.models import Dataset
from sessions_app.models import KeyMap
from tests import factories

ADDRESS = "/api/v1/key-map"


def _put(client: Client, keys: Any, **more: Any) -> Any:
    return client.put(ADDRESS, {"keys": keys, **more}, content_type="application/json")


def test_who_changed_nothing_has_the_keys_of_the_program(client: Client, db: None) -> None:
    assert client.get(ADDRESS).json() == {"keys": {}, "single_keys": True}
    assert not KeyMap.objects.exists()


def test_changed_keys_are_kept_and_come_with_the_desk(client: Client, dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    changed = {"next": ["Alt+KeyN", "F8"], "undo": []}
    assert _put(client, changed, single_keys=False).status_code == 200
    assert _put(client, {"next": ["F8"]}, single_keys=False).json() == {"keys": {"next": ["F8"]}, "single_keys": False}
    assert client.get(ADDRESS).json() == {"keys": {"next": ["F8"]}, "single_keys": False}
    assert KeyMap.objects.count() == 1
    page = client.get(f"/datasets/{dataset.pk}/tag/{image.pk}/")
    assert page.context["payload"]["keys"] == {"keys": {"next": ["F8"]}, "single_keys": False}
    assert client.get("/keys/").context["payload"]["keys"] == {"keys": {"next": ["F8"]}, "single_keys": False}


def test_each_person_has_keys_of_their_own(client: Client, settings: Settings, db: None) -> None:
    settings.AUTH_MODE = "password"
    assert client.get(ADDRESS).status_code == 401
    assert client.get("/keys/").status_code == 302
    for number in (1, 2):
        client.force_login(factories.make_user())
        assert client.get(ADDRESS).json()["keys"] == {}
        assert _put(client, {"next": [f"F{number}"]}).status_code == 200
        assert client.get(ADDRESS).json()["keys"] == {"next": [f"F{number}"]}
    assert sorted(key_map.keys["next"][0] for key_map in KeyMap.objects.all()) == ["F1", "F2"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"next": ["a", "b", "c", "d", "e"]}, "at most 4"),
        ({"next": ["a", "a"]}, "twice"),
        ({"next": ["g g"]}, "is no key"),
        ({"next": [""]}, "is no key"),
        ({"next": ["x" * 41]}, "is no key"),
        ({"next": ["a\nb"]}, "is no key"),
        ({"../next": ["a"]}, "is no command"),
        ({"n" * 65: ["a"]}, "is no command"),
        ({f"action{number}": ["a"] for number in range(201)}, "At most 200"),
        ({"next": "a"}, "cannot be read"),
        ({"next": [1]}, "cannot be read"),
        ([], "cannot be read"),
    ],
)
def test_what_is_no_map_of_keys_is_refused_with_the_reason(client: Client, db: None, keys: Any, words: str) -> None:
    answer = _put(client, keys)
    assert answer.status_code == 422
    assert words in json.loads(answer.content)["detail"]
    assert not KeyMap.objects.exists()


@pytest.mark.parametrize(
    "chord",
    ["$mod+KeyJ", "Alt+ArrowRight", "[Shift]+?", "/", "+", "[Shift]++", "Alt+Shift+ArrowLeft", "F1", "ö", "Space"],
)
def test_every_way_a_key_is_spelled_is_taken(client: Client, db: None, chord: str) -> None:
    assert _put(client, {"next": [chord]}).json()["keys"] == {"next": [chord]}
