"""Every answer is strict: pages, the API, files, static files, errors."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from pytest_django.fixtures import Settings

from datasets.models import Dataset
from tests import factories
from tests.access.table import API, PAGES
from tests.access.test_matrix import ROOT, client_of, filled, with_numbers
from tests.access.world import make_world
from tests.security import observatory
from tests.security.conftest import cookies_of
from tests.security.routes import addresses

PASSED = 130
pytestmark = pytest.mark.usefixtures("behind_tls")


def check(answer: Any, name: str) -> None:
    given = observatory.parts(answer.headers, cookies_of(answer))
    assert observatory.score(answer.headers, cookies_of(answer)) >= PASSED, f"{name} ({answer.status_code}): {given}"
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy, name
    assert "Permissions-Policy" in answer.headers, name


def test_every_address_scores_high_for_who_is_signed_in(signed_in: Client, dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    found = addresses(
        {"dataset_id": dataset.pk, "image_id": image.pk, "object_id": dataset.pk, "app_label": "datasets"}
    )
    assert len(found) > 80, "the resolver was read"
    statuses = set()
    for address in found:
        answer = signed_in.get(address, secure=True)
        statuses.add(answer.status_code)
        check(answer, address)
        assert answer.status_code < 500 or address == "/readyz", address
    assert {200, 302, 404, 405} <= statuses


@pytest.mark.parametrize("actor", ["stranger", "owner"])
def test_every_page_and_every_call_scores_high_with_something_on_it(db: None, actor: str) -> None:
    world, statuses = make_world(), Counter[int]()
    client = client_of(world, actor)
    client.defaults["wsgi.url_scheme"] = "https"
    for row in (row for row in [*PAGES, *API] if row.is_read):
        path = f"{ROOT if row in API else '/'}{filled(row.route, world.own, actor)}"
        answer = client.get(path + with_numbers(row.query, world.own, "key"), secure=True)
        statuses[answer.status_code] += 1
        check(answer, f"{actor}: {path}")
    assert sum(statuses.values()) > 80
    assert statuses[200 if actor == "owner" else 404] > 50, statuses


def test_the_admins_pages_score_high(signed_in: Client) -> None:
    world = make_world()
    client = client_of(world, "superuser")
    shown = set()
    for model, _admin in sorted(admin.site._registry.items(), key=lambda each: each[0]._meta.label):
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        row = model._default_manager.order_by("pk").first()
        for address in (
            base,
            f"{base}add/",
            *([f"{base}{row.pk}/{page}/" for page in ("change", "history", "delete")] if row else []),
        ):
            answer = client.get(address, secure=True)
            shown |= {address} if answer.status_code == 200 else set()
            check(answer, address)
    assert len(shown) > 40, sorted(shown)


def test_every_address_scores_high_for_who_is_not(db: None) -> None:
    client = Client(raise_request_exception=False)
    for address in addresses():
        check(client.get(address, secure=True), address)


def test_static_files_score_high(client: Client) -> None:
    for name in ("icon.svg", "page.js"):
        answer = client.get(f"/static/{name}", secure=True)
        assert answer.status_code == 200
        check(answer, name)


def test_errors_score_high(signed_in: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.security.broken_urls"
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    answers = {
        400: strict.get("/login/", secure=True, headers={"Host": "evil.example"}),
        403: strict.post("/login/", secure=True),
        404: signed_in.get("/no/such/page/", secure=True),
        405: signed_in.put("/logout/", secure=True),
        411: strict.post("/login/", secure=True, headers={"Transfer-Encoding": "chunked", "Content-Length": ""}),
        413: strict.post("/login/", "x" * 1_100_000, content_type="text/plain", secure=True),
        500: signed_in.get("/breaks/", secure=True),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        check(answer, str(status))
    refused = strict.get("/api/v1/datasets", secure=True)
    assert refused.status_code == 401
    check(refused, "401")


def test_plain_http_is_led_to_tls(signed_in: Client) -> None:
    answer = Client().get("/datasets/new/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/datasets/new/")


def test_what_a_person_sees_stays_in_no_cache(signed_in: Client, dataset: Dataset) -> None:
    answer = signed_in.get(f"/datasets/{dataset.pk}/", secure=True)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("headers", "points"),
    [
        ({}, 100 - 25 - 20 - 5 - 20),
        ({"Content-Security-Policy": "default-src 'self' 'unsafe-inline'"}, 100 - 20 - 20 - 5 - 20),
        ({"Content-Security-Policy": "default-src 'none'; script-src 'unsafe-eval'"}, 100 - 10 - 20 - 5 - 20),
    ],
)
def test_the_table_takes_points_for_what_is_missing(headers: dict[str, str], points: int) -> None:
    assert observatory.score(headers) == points
