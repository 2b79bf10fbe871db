"""Another site can make a browser ask, and nothing happens: no token, no change; and no change by looking."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client

from datasets.models import Dataset
from tagger_project.api.root import api
from tests import factories, images, uploading
from tests.security.routes import addresses

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def stored() -> dict[str, list[Any]]:
    """Every row of every table but the sessions of browsers."""
    return {
        model._meta.label: sorted(map(repr, model._default_manager.all().values_list()))
        for model in apps.get_models(include_auto_created=True)
        if model is not Session
    }


@pytest.fixture
def numbers(dataset: Dataset) -> dict[str, Any]:
    """A dataset with something of most things in it."""
    job = uploading.start(dataset)
    item = uploading.bring(job, "a.jpg", images.encoded())
    assert item.image is not None
    word = factories.make_image_tag(item.image, "blue hair")
    return {
        "dataset_id": dataset.pk,
        "image_id": item.image.pk,
        "job_id": job.pk,
        "item_id": item.pk,
        "tag_id": word.tag.pk,
        "object_id": word.tag.pk,
        "app_label": "tagging",
    }


def unsafe_requests(numbers: dict[str, Any]) -> list[tuple[str, str]]:
    """Each operation of the API by its own methods, and a form sent to every page."""
    calls = {
        (method, address)
        for address in addresses(numbers)
        for method in (UNSAFE if address.startswith("/api/") else ["POST"])
    }
    return sorted(calls)


def sent_without_token(client: Client, method: str, address: str) -> int:
    # As a form of another site sends it: it can choose the body, and the cookies come along.
    content, kind = ("{}", "application/json") if address.startswith("/api/") else ("name=x", "text/plain")
    answer = client.generic(method, address, content, kind, headers={"Origin": "https://evil.example"})
    return int(answer.status_code)


@pytest.mark.parametrize("mode", ["open", "password"])
def test_without_the_token_nothing_is_done(mode: str, settings: Any, numbers: dict[str, Any], dataset: Dataset) -> None:
    settings.AUTH_MODE = mode
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if mode == "password":
        client.force_login(factories.make_user(is_superuser=True, is_staff=True))
    before = stored()
    answers = {call: sent_without_token(client, *call) for call in unsafe_requests(numbers)}
    # Without a login another site's name alone is enough to be refused, at every address.
    usual = {400} if mode == "open" else {403, 404, 405}
    wrong = {call: status for call, status in answers.items() if status not in usual}
    assert wrong == {}
    refused = [address for (_, address), status in answers.items() if status in {400, 403}]
    operations = {
        (method, path)
        for path, found in api.get_openapi_schema()["paths"].items()
        for method in found
        if method.upper() in UNSAFE
    }
    assert len([address for address in refused if address.startswith("/api/")]) >= len(operations)
    assert stored() == before


def test_looking_changes_nothing(numbers: dict[str, Any], settings: Any) -> None:
    settings.AUTH_MODE = "password"
    client = Client(raise_request_exception=False)
    client.force_login(factories.make_user(is_superuser=True, is_staff=True))
    before = stored()
    seen = 0
    for address in addresses(numbers):
        if address == "/logout/":
            continue
        for method in ("GET", "HEAD", "OPTIONS"):
            seen += client.generic(method, address).status_code < 400
        assert stored() == before, address
    assert seen > 60
