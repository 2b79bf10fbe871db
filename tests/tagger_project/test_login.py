"""Signing in: limits on guesses, where it leads, what it tells a stranger, second factors."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django.fixtures import Settings

from datasets.models import Role
from datasets.services import members
from tagger_project.accounts import attempts
from tagger_project.accounts.forms import FirstAccountForm
from tagger_project.auth import LOCAL_OWNER
from tagger_project.bounds.client_address import client_address
from tests import factories
from tests.tagger_project import letters

pytestmark = pytest.mark.usefixtures("password_mode", "db")

LOGIN = "/login/"
RIGHT = "correct horse"


@pytest.fixture
def anna() -> User:
    return factories.make_user(username="anna")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The time that limits go by, forward as a test wants it."""
    moved = SimpleNamespace(seconds=0.0)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + moved.seconds)
    return moved


def guess(client: Client, name: str = "anna", password: str = "wrong", **extra: Any) -> int:
    return int(client.post(LOGIN, {"login": name, "password": password}, **extra).status_code)


def test_after_five_wrong_passwords_nothing_is_heard_for_a_while(
    client: Client, anna: User, clock: SimpleNamespace
) -> None:
    assert [guess(client) for _ in range(5)] == [200] * 5
    answer = client.post(LOGIN, {"login": "anna", "password": RIGHT})
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    assert int(answer["Retry-After"]) == 15 * 60
    assert "Location" not in answer
    clock.seconds = 15 * 60 + 1
    assert guess(client, password=RIGHT) == 302


def test_each_time_the_wait_is_twice_as_long(client: Client, anna: User, clock: SimpleNamespace) -> None:
    waits = []
    for _ in range(3):
        for _ in range(5):
            assert guess(client) == 200
        answer = client.post(LOGIN, {"login": "anna", "password": "wrong"})
        waits.append(int(answer["Retry-After"]))
        clock.seconds += waits[-1] + 1
    assert waits == [900, 1800, 3600]


def test_a_name_in_other_letters_is_the_same_name(client: Client, anna: User) -> None:
    assert [guess(client, name) for name in ("anna", "ANNA", "Anna", "ａｎｎａ", " anna ")] == [200] * 5
    assert guess(client, "anna") == 429


def test_a_letter_with_the_same_capital_is_the_same_letter(client: Client) -> None:
    # PostgreSQL finds “ida” by “ıda”, as both are “IDA”.
    assert [guess(client, name) for name in ("ida", "ıda", "ıda", "IDA", "ıda")] == [200] * 5
    assert guess(client, "ida") == 429


def test_who_guesses_locks_out_neither_others_nor_other_addresses(client: Client, anna: User) -> None:
    factories.make_user(username="bert")
    for _ in range(6):
        guess(client, REMOTE_ADDR="203.0.113.5")
    assert guess(client, password=RIGHT, REMOTE_ADDR="203.0.113.5") == 429
    assert guess(Client(), "bert", RIGHT, REMOTE_ADDR="203.0.113.5") == 302
    assert guess(Client(), "anna", RIGHT, REMOTE_ADDR="203.0.113.6") == 302


def test_many_addresses_are_no_way_around_and_the_owner_gets_in_where_they_were_before(
    anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "GUESSES_FROM_EVERYWHERE", 12)
    home = Client()
    assert guess(home, password=RIGHT) == 302
    home.post(reverse("account_logout"))
    assert home.get("/").status_code == 302
    guesses = [guess(Client(), REMOTE_ADDR=f"203.0.113.{number}") for number in range(12)]
    assert set(guesses) == {200}
    assert guess(Client(), password=RIGHT, REMOTE_ADDR="198.51.100.1") == 429
    assert guess(home, password=RIGHT) == 302
    # The token is for one account, and guesses with it are counted too.
    home.post(reverse("account_logout"))
    assert [guess(home) for _ in range(6)] == [200] * 5 + [429]


def test_an_invented_token_is_none(anna: User) -> None:
    client = Client()
    client.cookies[attempts.DEVICE_COOKIE] = "abc:def"
    assert [guess(client) for _ in range(6)] == [200] * 5 + [429]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "198.51.100.1", "10.0.0.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 172.18.0.2", "198.51.100.1"),
        (2, "172.18.0.2", "10.0.0.9"),
        (1, "", "10.0.0.9"),
        (1, "2001:db8:1:2:3::4", "2001:db8:1:2::"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_behind_proxies_it_is_the_address_of_the_browser_that_counts(
    settings: Settings, proxies: int, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.9")) == expected


def shown(client: Client, name: str, password: str = "wrong") -> str:
    page = client.post(LOGIN, {"login": name, "password": password}).content.decode()
    return re.sub(r'value="[^"]*"', "", page)


def test_a_stranger_learns_no_names(client: Client, anna: User) -> None:
    factories.make_user(username="gone", is_active=False)
    texts = {shown(Client(), name) for name in ("anna", "nobody", "gone")}
    assert len(texts) == 1
    assert "do not fit together" in texts.pop()


def test_the_session_gets_another_name_at_both_ends(client: Client, anna: User) -> None:
    client.cookies["sessionid"] = "x" * 32
    client.get(LOGIN)
    names = ["x" * 32]
    client.post(LOGIN, {"login": "anna", "password": RIGHT})
    names.append(client.cookies["sessionid"].value)
    client.post(reverse("account_logout"))
    left = Client()
    left.cookies["sessionid"] = names[-1]
    assert left.get("/").status_code == 302
    client.post(LOGIN, {"login": "anna", "password": RIGHT})
    names.append(client.cookies["sessionid"].value)
    assert len(set(names)) == 3


def test_what_a_signed_in_person_sees_is_kept_nowhere(client: Client, anna: User) -> None:
    client.force_login(anna)
    for address in (
        "/",
        "/api/v1/datasets",
        reverse("mfa_index"),
        reverse("account_change_password"),
        "/datasets/999/",
    ):
        assert "no-store" in client.get(address)["Cache-Control"], address


def test_cookies_are_kept_from_scripts_and_from_other_sites(client: Client, anna: User) -> None:
    client.post(LOGIN, {"login": "anna", "password": RIGHT}, secure=True)
    for name in ("sessionid", attempts.DEVICE_COOKIE):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"
    assert client.cookies[attempts.DEVICE_COOKIE]["secure"]


def test_the_admin_has_no_door_of_its_own(client: Client, anna: User) -> None:
    form = {"username": "anna", "password": RIGHT}
    assert client.post("/admin/login/", form)["Location"].startswith(LOGIN)
    assert client.get("/admin/").status_code == 302
    client.force_login(anna)
    assert client.get("/admin/login/").status_code == 403
    anna.is_staff = anna.is_superuser = True
    anna.save()
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/socialaccount/socialapp/").status_code == 404
    for made_elsewhere in ("mfa/authenticator", "usersessions/usersession"):
        assert client.post(f"/admin/{made_elsewhere}/add/", {"type": "totp"}).status_code == 403
    TOTP.activate(anna, secret := generate_totp_secret())
    page = client.get(f"/admin/mfa/authenticator/{Authenticator.objects.get(user=anna).pk}/change/").content.decode()
    assert "anna" in page
    assert secret not in page


def test_nobody_signs_up_without_an_invitation(client: Client) -> None:
    form = {"username": "eve", "password1": "long enough 1", "password2": "long enough 1"}
    page = client.post(reverse("account_signup"), form)
    assert "by invitation" in page.content.decode()
    assert not User.objects.filter(username="eve").exists()


def test_who_was_invited_signs_up_and_comes_back(client: Client, anna: User) -> None:
    dataset = factories.make_dataset(owner=anna)
    _, secret = members.invite(dataset, Role.VIEWER, lasts=timedelta(days=1), by=anna)
    link = reverse("datasets:invitation", args=[secret])
    assert client.get(link).status_code == 302
    form = {"username": "eve", "password1": "long enough 1", "password2": "long enough 1", "next": link}
    page = client.get(reverse("account_signup")).content.decode()
    assert "Make your account" in page
    assert re.findall(r"<label[^>]*>([^<]+)</label>", page) == ["Name", "Password", "The same again"]
    answer = client.post(reverse("account_signup"), form)
    assert (answer.status_code, answer["Location"]) == (302, link)
    assert dataset.name in client.get(link).content.decode()
    eve = User.objects.get(username="eve")
    assert not eve.is_staff
    assert not eve.memberships.exists(), "who signed up has not come in yet"


def test_nobody_takes_the_name_that_counts_as_nobody(client: Client, anna: User) -> None:
    User.objects.filter(username=LOCAL_OWNER).delete()
    dataset = factories.make_dataset(owner=anna)
    _, secret = members.invite(dataset, Role.VIEWER, lasts=timedelta(days=1), by=anna)
    client.get(reverse("datasets:invitation", args=[secret]))
    form = {"password1": "long enough 1", "password2": "long enough 1"}
    for name in (LOCAL_OWNER, LOCAL_OWNER.upper()):
        assert client.post(reverse("account_signup"), {"username": name, **form}).status_code == 200
        assert "username" in FirstAccountForm({"username": name, **form}).errors
    assert list(User.objects.values_list("username", flat=True)) == ["anna"]
    assert FirstAccountForm({"username": "eve", **form}).is_valid()


def test_an_invitation_that_is_over_makes_no_account(client: Client, anna: User) -> None:
    dataset = factories.make_dataset(owner=anna)
    link, secret = members.invite(dataset, Role.VIEWER, lasts=timedelta(days=1), by=anna)
    client.get(reverse("datasets:invitation", args=[secret]))
    members.revoke(link, by=anna)
    form = {"username": "eve", "password1": "long enough 1", "password2": "long enough 1"}
    assert "by invitation" in client.post(reverse("account_signup"), form).content.decode()
    assert not User.objects.filter(username="eve").exists()


def test_without_a_mail_server_the_owner_resets_a_lost_password(client: Client, anna: User) -> None:
    address = reverse("account_reset_password")
    for answer in (client.get(address), client.post(address, {"email": "a@example.org"})):
        assert "Ask its owner" in answer.content.decode()
    assert mail.outbox == []


@pytest.mark.usefixtures("empty_line")
def test_with_a_mail_server_a_link_resets_it_and_nobody_learns_who_has_an_account(
    client: Client, settings: Settings
) -> None:
    settings.EMAIL_URL = "smtp://localhost"
    factories.make_user(username="anna", email="anna@example.org")
    address = reverse("account_reset_password")
    pages = []
    for email in ("anna@example.org", "nobody@example.org"):
        answer = client.post(address, {"email": email})
        pages.append((answer.status_code, answer["Location"]))
    assert len(set(pages)) == 1
    assert letters.send_all() == ["anna@example.org", "nobody@example.org"]
    [letter] = [letter for letter in mail.outbox if "anna@example.org" in letter.to]
    link = re.search(r"http://testserver(/account/password/reset/\S+)", str(letter.body))
    assert link is not None
    page = client.get(link[1], follow=True)
    form = {"password1": "another horse 9", "password2": "another horse 9"}
    assert client.post(page.request["PATH_INFO"], form).status_code == 302
    assert guess(Client(), "anna", "another horse 9") == 302


def code_of(secret: str) -> str:
    counter = next(yield_hotp_counters_from_time())
    return str(format_hotp_value(hotp_value(secret, counter)))


@pytest.fixture
def secret(anna: User) -> str:
    """Anna's app has this secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(anna, secret)
    return secret


def test_a_second_factor_is_asked_for_and_lets_in(client: Client, anna: User, secret: str) -> None:
    answer = client.post(LOGIN, {"login": "anna", "password": RIGHT, "next": "/datasets/new/"})
    asked = reverse("mfa_authenticate")
    assert answer["Location"].partition("?")[0] == asked
    assert client.get("/").status_code == 302
    assert client.get("/api/v1/datasets").status_code == 401
    assert client.post(asked, {"code": "000000"}).status_code == 200
    answer = client.post(asked, {"code": code_of(secret)})
    assert (answer.status_code, answer["Location"]) == (302, "/datasets/new/")
    assert client.get("/").status_code == 200


def test_codes_are_guessed_no_more_often_than_passwords(client: Client, anna: User, secret: str) -> None:
    client.post(LOGIN, {"login": "anna", "password": RIGHT})
    asked = reverse("mfa_authenticate")
    assert [client.post(asked, {"code": "000000"}).status_code for _ in range(5)] == [200] * 5
    assert client.post(asked, {"code": code_of(secret)}).status_code == 429
    # Nor by beginning again, from elsewhere.
    other = Client()
    other.post(LOGIN, {"login": "anna", "password": RIGHT}, REMOTE_ADDR="203.0.113.7")
    assert other.post(asked, {"code": code_of(secret)}, REMOTE_ADDR="203.0.113.7").status_code == 429


def test_who_has_the_password_cannot_shut_the_owner_out_of_the_second_step(
    anna: User, secret: str, clock: SimpleNamespace
) -> None:
    home, asked = Client(), reverse("mfa_authenticate")

    def first_step(client: Client, **extra: Any) -> None:
        assert client.post(LOGIN, {"login": "anna", "password": RIGHT}, **extra)["Location"].startswith(asked)

    first_step(home)
    assert home.post(asked, {"code": code_of(secret)}).status_code == 302
    home.post(reverse("account_logout"))
    thief = Client(REMOTE_ADDR="203.0.113.9")
    waits = []
    for _ in range(2):
        first_step(thief)
        assert [thief.post(asked, {"code": "000000"}).status_code for _ in range(5)] == [200] * 5
        answer = thief.post(asked, {"code": "000000"})
        waits.append(int(answer["Retry-After"]))
        clock.seconds += waits[-1] + 1
    assert waits == [900, 1800]
    first_step(thief)
    assert [thief.post(asked, {"code": "000000"}).status_code for _ in range(6)] == [200] * 5 + [429]
    clock.seconds += 60
    first_step(home)
    code = RecoveryCodes.activate(anna).get_unused_codes()[0]
    assert home.post(asked, {"code": code}).status_code == 302, "known here"
    home.post(reverse("account_logout"))
    first_step(home)
    assert [home.post(asked, {"code": "000000"}).status_code for _ in range(6)] == [200] * 5 + [429]


def test_a_recovery_code_works_once(anna: User, secret: str) -> None:
    code = RecoveryCodes.activate(anna).get_unused_codes()[0]
    for expected in (302, 200):
        client = Client()
        client.post(LOGIN, {"login": "anna", "password": RIGHT})
        assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected


def sign_in_and_confirm(client: Client) -> None:
    """Sign in, and give the password once more, as every change of a second factor asks for."""
    client.post(LOGIN, {"login": "anna", "password": RIGHT})
    address = reverse("mfa_activate_totp")
    asked = client.get(address)["Location"]
    assert asked.startswith(reverse("account_reauthenticate"))
    assert client.post(asked, {"password": "wrong"}).status_code == 200
    assert client.post(asked, {"password": RIGHT})["Location"] == address


def test_a_person_turns_a_second_factor_on(client: Client, anna: User) -> None:
    sign_in_and_confirm(client)
    address = reverse("mfa_activate_totp")
    page = client.get(address)
    secret = page.context["form"].secret
    assert client.post(address, {"code": code_of(secret)}).status_code == 302
    assert client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    for name in ("mfa_index", "mfa_list_webauthn", "mfa_add_webauthn", "usersessions_list", "account_change_password"):
        assert client.get(reverse(name)).status_code == 200


def test_pages_of_accounts_carry_no_script_or_style_of_their_own(client: Client, anna: User) -> None:
    pages = [client.get(LOGIN).content.decode()]
    sign_in_and_confirm(client)
    names = ("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "usersessions_list", "account_change_password")
    pages += [client.get(reverse(name)).content.decode() for name in names]
    for page in pages:
        assert "Dataset tagger" in page
        assert " style=" not in page.partition("<main")[2].replace("<svg", "")
        scripts = re.findall(r"<script([^>]*)>", page)
        assert all("src=" in script or 'type="application/json"' in script for script in scripts), scripts
