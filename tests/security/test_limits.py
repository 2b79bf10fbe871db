"""How often one may ask: far more than hands can, and no more than that."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from datasets.models import Dataset
from tagger_project import env
from tagger_project.api.tokens import make_token
from tagger_project.bounds.bodies import most_bytes
from tagger_project.bounds.requests import Door, seconds_to_wait
from tagger_project.bounds.sockets import Allowance
from tagger_project.models import ApiToken
from tests import factories


@pytest.fixture(autouse=True)
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute that does not end in the middle of a test."""
    cache.clear()
    monkeypatch.setattr("tagger_project.bounds.requests.time.time", lambda: 1_700_000_010.0)


def test_too_much_is_answered_with_when_to_come_again(client: Client, settings: Settings, dataset: Dataset) -> None:
    settings.REQUESTS_A_MINUTE = 3
    answers = [client.get("/api/v1/datasets") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1].json()["detail"].startswith("That was a lot at once. Try again in ")
    page = client.get("/")
    assert (page.status_code, page["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert b"One moment" in page.content


def test_one_persons_haste_is_not_anothers(settings: Settings, password_mode: None, db: None) -> None:
    settings.REQUESTS_A_MINUTE = 2
    hasty, calm = Client(), Client()
    hasty.force_login(factories.make_user())
    calm.force_login(factories.make_user())
    assert [hasty.get("/api/v1/datasets").status_code for _ in range(3)] == [200, 200, 429]
    assert calm.get("/api/v1/datasets").status_code == 200


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def status(secret: str, address: str = "/api/v1/datasets") -> int:
    return int(Client().get(address, headers=bearer(secret)).status_code)


@pytest.fixture
def tokens(password_mode: None, db: None) -> tuple[str, str, str]:
    """Two tokens of one person, and one of another."""
    anna, bert = factories.make_user(), factories.make_user()
    return tuple(make_token(user, name="script", scopes=["read"])[1] for user in (anna, anna, bert))  # type: ignore[return-value]


def test_scripts_at_one_address_are_counted_by_person(settings: Settings, tokens: tuple[str, str, str]) -> None:
    settings.REQUESTS_A_MINUTE = 3
    one, same, other = tokens
    assert [status(one), status(same), status(one), status(same)] == [200, 200, 200, 429]
    assert [status(other) for _ in range(4)] == [200, 200, 200, 429]
    # Nobody was counted for the address, nor the other way round.
    assert [status("dtag_wrong") for _ in range(4)] == [401, 401, 401, 429]


def test_a_persons_pages_and_scripts_are_counted_together(settings: Settings, tokens: tuple[str, str, str]) -> None:
    settings.REQUESTS_A_MINUTE = 2
    browser = Client()
    browser.force_login(ApiToken.objects.order_by("pk")[0].user)
    assert [browser.get("/api/v1/datasets").status_code, status(tokens[0]), status(tokens[1])] == [200, 200, 429]


def test_an_address_of_wrong_tokens_is_not_looked_up_any_more(settings: Settings, tokens: tuple[str, str, str]) -> None:
    settings.REQUESTS_A_MINUTE = 3
    one, same, _other = tokens
    assert status(one) == 200
    assert [status(f"dtag_wrong{number}") for number in range(3)] == [401] * 3
    with CaptureQueriesContext(connection) as queries:
        assert status("dtag_wrong3") == 429
        assert status(same) == 429, "nobody knows it here yet"
    assert not queries.captured_queries
    assert status(one) == 200, "who worked here before works on"


def test_a_token_that_ended_counts_for_its_address(settings: Settings, tokens: tuple[str, str, str]) -> None:
    ApiToken.objects.update(expires_at=timezone.now())
    settings.REQUESTS_A_MINUTE = 2
    assert [status(tokens[0]), status(tokens[2]), status(tokens[1])] == [401, 401, 429]


def test_a_token_is_no_way_around_the_limit_of_pages(settings: Settings, tokens: tuple[str, str, str]) -> None:
    """Pages do not look at tokens: whoever sends one there is an address like any other."""
    settings.ANONYMOUS_REQUESTS_A_MINUTE = 2
    assert [status(tokens[0], "/login/") for _ in range(3)] == [200, 200, 429]


def test_costly_work_is_counted_apart(client: Client, settings: Settings, dataset: Dataset) -> None:
    settings.COSTLY_REQUESTS_A_MINUTE = 2
    address = f"/api/v1/datasets/{dataset.pk}/imports"
    assert [client.post(address).status_code for _ in range(4)].count(429) == 2
    assert client.get("/api/v1/datasets").status_code == 200


def test_the_way_in_is_counted_by_address(settings: Settings, password_mode: None, db: None) -> None:
    settings.ANONYMOUS_REQUESTS_A_MINUTE = 2
    assert [Client().get("/login/").status_code for _ in range(3)] == [200, 200, 429]
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert other.get("/login/").status_code == 200


def test_a_limit_of_nothing_is_no_limit() -> None:
    assert [seconds_to_wait(Door("costly", 0), "somebody") for _ in range(100)] == [0] * 100


def test_ten_people_at_one_address_are_never_refused() -> None:
    """Each saves ten times a second, is shown a picture each time, and sends four parts of files a second."""
    a_second = 10 * (10 + 10 + 4)
    assert a_second * 60 <= env.REQUESTS_A_MINUTE


@pytest.mark.parametrize(
    ("path", "most"),
    [("/datasets/new/", 2**20), ("/api/v1/imports/1/items/1/content", 4224 * 1024), ("/admin/", 2**24)],
)
def test_bodies_have_a_limit_by_address(path: str, most: int) -> None:
    assert most_bytes(path) == most


def test_the_proxy_and_the_program_bound_bodies_alike() -> None:
    from tests.compose_file import NGINX_FILE

    text = NGINX_FILE.read_text(encoding="utf-8")
    assert [part.split(";")[0] for part in text.split("client_max_body_size ")[1:]] == ["1m", "4224k", "16m"]


@pytest.mark.parametrize(("length", "status"), [("1048577", 413), ("x", 400), ("-1", 400), ("9" * 5000, 400)])
def test_a_page_takes_a_megabyte(client: Client, db: None, length: str, status: int) -> None:
    assert client.post("/datasets/new/", headers={"Content-Length": length}).status_code == status


def test_an_allowance_fills_again() -> None:
    allowance = Allowance(at_once=3, a_second=2)
    assert [allowance.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert [allowance.take(11.0) for _ in range(3)] == [True, True, False]
    assert [allowance.take(1000.0) for _ in range(4)] == [True, True, True, False]
