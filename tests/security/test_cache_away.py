"""Every door while the cache is really away: nothing breaks, and nothing stands open."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from tagger_project import falling_cache
from tagger_project.api.token_door import MOST_WRONG
from tagger_project.api.tokens import make_token
from tagger_project.bounds.requests import Door, seconds_to_wait
from tests import factories
from tests.tagger_project.test_login import LOGIN, RIGHT, code_of, guess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("password_mode", "cache_away")]

REDIS = "django.core.cache.backends.redis.RedisCache"


@pytest.fixture
def cache_away(settings: Settings) -> Iterator[None]:
    """A cache, as tagger_project/settings.py has it, at an address where nobody listens."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    there: dict[str, Any] = {
        "LOCATION": f"redis://127.0.0.1:{port}/2",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
    settings.CACHES = {
        "default": {"BACKEND": "tagger_project.falling_cache.FallingBackCache", **there},
        "broker": {"BACKEND": REDIS, **there},
    }
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def anna() -> User:
    return factories.make_user(username="anna")


def test_passwords_let_in_and_are_guessed_no_more_often(anna: User) -> None:
    assert guess(Client(), password=RIGHT) == 302
    assert [guess(Client()) for _ in range(6)] == [200] * 5 + [429]
    assert guess(Client(), password=RIGHT) == 429
    assert guess(Client(), password=RIGHT, REMOTE_ADDR="203.0.113.6") == 302


def test_codes_let_in_once_and_are_guessed_no_more_often(anna: User) -> None:
    TOTP.activate(anna, secret := generate_totp_secret())
    asked, code, answers = reverse("mfa_authenticate"), code_of(secret), []
    for _ in range(2):
        client = Client()
        client.post(LOGIN, {"login": "anna", "password": RIGHT})
        answers.append(client.post(asked, {"code": code}).status_code)
    assert answers == [302, 200], "a code that was used is no code"
    # One guess was the code that was used.
    assert [client.post(asked, {"code": "000000"}).status_code for _ in range(5)] == [200] * 4 + [429]


def test_signing_out_and_a_new_password_need_no_cache(anna: User) -> None:
    client = Client()
    assert guess(client, password=RIGHT) == 302
    form = {"oldpassword": RIGHT, "password1": "another horse 9", "password2": "another horse 9"}
    assert client.post(reverse("account_change_password"), form).status_code == 302
    assert client.post(reverse("account_logout")).status_code == 302
    assert guess(client, password="another horse 9") == 302


def test_wrong_tokens_make_an_address_wait(client: Client, anna: User) -> None:
    def ask(secret: str) -> int:
        return client.get("/api/v1/datasets", headers={"Authorization": f"Bearer {secret}"}).status_code

    secret = make_token(anna, name="script", scopes=["read"])[1]
    assert ask(secret) == 200
    assert [ask("dtag_wrong") for _ in range(MOST_WRONG + 1)] == [401] * MOST_WRONG + [429]
    assert ask(secret) == 200, "who worked here before works on"
    assert ask(make_token(anna, name="new", scopes=["read"])[1]) == 429


def test_what_is_costly_is_counted(settings: Settings) -> None:
    door = Door("costly", 2)
    assert [seconds_to_wait(door, "somebody") > 0 for _ in range(3)] == [False, False, True]


def test_it_is_told_once_and_asked_again_after_a_rest(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(falling_cache, "REST_SECONDS", 60.0)
    falling_cache._rests_until.clear()
    for _ in range(5):
        cache.set("a", 1)
    assert cache.get_many(["a", "b"]) == {"a": 1}
    assert [record.message.startswith("The cache does not answer") for record in caplog.records] == [True]
    falling_cache._rests_until.clear()
    assert cache.has_key("a")
    assert len(caplog.records) == 2


def test_it_is_not_said_to_be_ready(client: Client) -> None:
    assert client.get("/readyz").json()["broker"] == "no answer"
