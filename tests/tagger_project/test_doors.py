"""What holds at every door alike: where it leads afterwards, and that the session gets another name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from datasets.models import Role
from datasets.services import members
from tagger_project.accounts import first_account
from tests import factories

pytestmark = pytest.mark.usefixtures("password_mode", "db")

RIGHT = "correct horse"
NEXT = [
    "https://evil.example/", "http://evil.example", "//evil.example", "///evil.example", "////evil.example/x",
    "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "/%09/evil.example\t",
    "https:evil.example", "https:/evil.example", "http:///evil.example", "HTTPS://evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "ftp://evil.example",
    " https://evil.example", "\thttps://evil.example", "\nhttps://evil.example", "\x00https://evil.example",
    "https://testserver@evil.example/", "https://testserver.evil.example/", "https://evil.example#testserver",
    "https://evil.example\\@testserver/", "http://localhost/", "//127.0.0.1/", "https://evil.example/?x=http://testserver/",
    "http://testserver:99/", "/\t/evil.example", "/\n/evil.example", "http://[::1]/", "https://",
]  # fmt: skip
_NEW = {"password1": "long enough 1", "password2": "long enough 1"}


def by_password(client: Client, wanted: str) -> Any:
    return client.post(_with("/login/", wanted), {"login": "anna", "password": RIGHT, "next": wanted})


def by_the_admin(client: Client, wanted: str) -> Any:
    User.objects.update(is_staff=True)
    login = client.get(_with("/admin/login/", wanted))["Location"]
    answer: Any = client.post(login, {"login": "anna", "password": RIGHT})
    again = answer["Location"].startswith("/admin/login/")
    return client.get(answer["Location"]) if again else answer


def by_code(client: Client, wanted: str) -> Any:
    anna = User.objects.get(username="anna")
    TOTP.activate(anna, generate_totp_secret())
    code = RecoveryCodes.activate(anna).get_unused_codes()[0]
    asked = by_password(client, wanted)["Location"]
    assert asked.startswith(reverse("mfa_authenticate"))
    return client.post(_with(asked.partition("?")[0], wanted), {"code": code, "next": wanted})


def by_invitation(client: Client, wanted: str) -> Any:
    anna = User.objects.get(username="anna")
    _, secret = members.invite(factories.make_dataset(owner=anna), Role.VIEWER, lasts=timedelta(days=1), by=anna)
    client.get(reverse("datasets:invitation", args=[secret]))
    return client.post(_with(reverse("account_signup"), wanted), {"username": "eve", "next": wanted, **_NEW})


def by_the_first_link(client: Client, wanted: str) -> Any:
    User.objects.all().delete()
    client.get(first_account.make_link("http://testserver").removeprefix("http://testserver"))
    return client.post(_with(reverse("first_account"), wanted), {"username": "eve", "next": wanted, **_NEW})


def by_password_once_more(client: Client, wanted: str) -> Any:
    client.post("/login/", {"login": "anna", "password": RIGHT})
    return client.post(_with(reverse("account_reauthenticate"), wanted), {"password": RIGHT, "next": wanted})


def by_being_in_already(client: Client, wanted: str) -> Any:
    client.post("/login/", {"login": "anna", "password": RIGHT})
    return client.get(_with("/login/", wanted))


def by_the_way_out(client: Client, wanted: str) -> Any:
    client.post("/login/", {"login": "anna", "password": RIGHT})
    return client.post(_with(reverse("account_logout"), wanted), {"next": wanted})


def by_a_passkey_that_is_none(client: Client, wanted: str) -> Any:
    return client.post(_with(reverse("mfa_login_webauthn"), wanted), {"credential": "{}", "next": wanted})


WAYS_IN = [by_password, by_the_admin, by_code, by_invitation, by_the_first_link]
HOMES = {"/", "/login/", "/admin/"}
DOORS = [*WAYS_IN, by_being_in_already, by_password_once_more, by_the_way_out, by_a_passkey_that_is_none]


@pytest.fixture
def settings_of_doors(settings: Settings) -> None:
    """Thirty ways a minute come from one address."""
    settings.ACCOUNT_RATE_LIMITS = settings.MFA_RATE_LIMITS = False


@pytest.mark.usefixtures("settings_of_doors")
@pytest.mark.parametrize("door", DOORS)
def test_no_door_leads_to_another_site(door: Any) -> None:
    left: dict[str, str] = {}
    for wanted in NEXT:
        with transaction.atomic():
            factories.make_user(username="anna")
            answer = door(Client(), wanted)
            transaction.set_rollback(True)
        assert answer.status_code == 302, (wanted, answer.status_code)
        # A page of ours, and nothing of the address that was wanted.
        left |= {} if answer["Location"] in HOMES else {wanted: answer["Location"]}
    assert len(set(NEXT)) >= 30
    assert left == {}


@pytest.mark.parametrize("door", [by_password, by_code, by_being_in_already, by_password_once_more])
def test_a_page_of_ours_is_led_to(door: Any) -> None:
    factories.make_user(username="anna")
    assert door(Client(), "/datasets/new/?a=1#b")["Location"] == "/datasets/new/?a=1#b"


@pytest.mark.parametrize("door", WAYS_IN)
def test_every_way_in_gives_the_session_another_name(door: Any) -> None:
    factories.make_user(username="anna")
    client = Client()
    client.get("/login/")
    session = client.session
    session["something"] = "planted"
    session.save()
    before = str(session.session_key)
    client.cookies["sessionid"] = before
    assert door(client, "/keys/").status_code == 302
    after = client.cookies["sessionid"].value
    assert after != before
    assert client.get("/keys/").status_code == 200
    planted = Client()
    planted.cookies["sessionid"] = before
    assert planted.get("/keys/").status_code == 302
    client.post(reverse("account_logout"))
    old = Client()
    old.cookies["sessionid"] = after
    assert old.get("/keys/").status_code == 302


def _with(path: str, wanted: str) -> str:
    return f"{path}?{urlencode({'next': wanted})}"
