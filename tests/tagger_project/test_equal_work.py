"""A stranger learns nothing at the doors: the same is said and done for who has an account and for who has none.

How long something takes is what is done for it: hashes of passwords, statements, what is asked of the cache, letters.
These are counted here, to the last one; `bench/sign_in_timing.py` measures the time they take.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from kombu.exceptions import OperationalError
from pytest_django.fixtures import Settings

from datasets.models import Role
from datasets.services import members
from tagger_project.accounts import attempts
from tagger_project.tasks import send_reset_letter
from tests import factories
from tests.tagger_project import letters

pytestmark = pytest.mark.usefixtures("password_mode", "db")

NAMES = ("anna", "nobody", "gone", "never", "older", "ANNA")


class Counted(PBKDF2PasswordHasher):
    """The real hasher with few rounds; counts them."""

    iterations = 10
    rounds = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        Counted.rounds += iterations or self.iterations
        return super().encode(password, salt, iterations)


@pytest.fixture
def people(settings: Settings) -> None:
    """Accounts of every kind."""
    settings.PASSWORD_HASHERS = [f"{__name__}.Counted"]
    factories.make_user(username="anna", email="anna@example.org")
    factories.make_user(username="gone", email="gone@example.org", is_active=False)
    never = factories.make_user(username="never", email="never@example.org")
    never.set_unusable_password()
    never.save()
    # A password of the years before, when there were fewer rounds.
    older = factories.make_user(username="older", email="older@example.org")
    older.password = PBKDF2PasswordHasher().encode("correct horse", "salt", 4)
    older.save()


Work = tuple[int, list[str], list[str], int]


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Work]]:
    """What is done inside: rounds of hashing, statements, calls of the cache, letters."""
    calls: list[str] = []
    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as queries:
        for name in ("get", "add", "set", "incr", "delete"):
            patch.setattr(LocMemCache, name, noted(getattr(LocMemCache, name), name, calls))
        rounds, sent = Counted.rounds, len(mail.outbox)
        yield lambda: (
            Counted.rounds - rounds,
            [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries],
            calls,
            len(mail.outbox) - sent,
        )


def noted(method: Any, name: str, calls: list[str]) -> Any:
    def call(self: LocMemCache, *args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return method(self, *args, **kwargs)

    return call


def said(answer: Any) -> tuple[int, str, dict[str, str], list[str]]:
    """An answer without what is new each time, and what was typed."""
    body = re.sub(r'value="[^"]*"', "", answer.content.decode())
    own = {"X-Request-ID", "Content-Length", "Expires"}
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return answer.status_code, body, headers, sorted(answer.cookies)


def alike(monkeypatch: pytest.MonkeyPatch, ways: dict[str, Callable[[], Any]]) -> list[Work]:
    """Do each thing once to be warm, then count; all of it has to be the same."""
    for way in ways.values():
        way()
    heard, done = {}, {}
    for name, way in ways.items():
        with counted(monkeypatch) as work:
            heard[name] = said(way())
            done[name] = work()
    first = next(iter(ways))
    assert {name: heard[name] for name in ways if heard[name] != heard[first]} == {}
    assert {name: done[name] for name in ways if done[name] != done[first]} == {}, done[first]
    return list(done.values())


def guess(name: str, **extra: Any) -> Any:
    form = {"login": name, "password": "a wrong one"}
    return Client().post("/login/", form, **extra)


def test_a_wrong_password_is_as_much_work_for_every_name(people: None, monkeypatch: pytest.MonkeyPatch) -> None:
    work = alike(monkeypatch, {name: partial(guess, name) for name in NAMES if name != "ANNA"})
    rounds, statements, _calls, _letters = work[0]
    assert rounds == Counted.iterations
    assert len([each for each in statements if "auth_user" in each]) == 1


def test_nobody_hears_from_the_wait_whether_there_is_an_account(people: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        for _ in range(5):
            guess(name)
    work = alike(monkeypatch, {name: partial(guess, name) for name in NAMES[:4]})
    assert work[0][0] == 0
    assert guess("nobody").status_code == 429


def test_the_admin_and_the_login_are_one_door(people: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(name: str) -> Any:
        return Client().post("/admin/login/", {"username": name, "password": "a wrong one"})

    alike(monkeypatch, {name: partial(ask, name) for name in NAMES[:4]})


EMAILS = [f"{name}@example.org" for name in NAMES[:4]]


@pytest.mark.usefixtures("empty_line")
def test_a_lost_password_is_as_much_work_for_every_address(
    people: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_URL = "smtp://localhost"
    address = reverse("account_reset_password")

    def ask(email: str) -> Any:
        return Client().post(address, {"email": email})

    work = alike(monkeypatch, {each: partial(ask, each) for each in EMAILS})
    assert mail.outbox == []
    assert not [each for each in work[0][1] if "auth_user" in each or "emailaddress" in each]
    assert letters.send_all() == EMAILS
    links = {letter.to[0]: "/account/password/reset/" in str(letter.body) for letter in mail.outbox}
    assert links == dict(zip(EMAILS, (True, False, False, True), strict=True)), "switched off is as if there were none"
    link = next(letter for letter in mail.outbox if letter.to == [EMAILS[0]])
    assert "http://testserver/account/password/reset/" in str(link.body)


def test_while_no_letter_can_be_put_in_line_every_address_hears_so(
    people: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_URL = "smtp://localhost"

    def ask(email: str) -> Any:
        return Client().post(reverse("account_reset_password"), {"email": email})

    def refuse(**_: Any) -> None:
        raise OperationalError("nobody listens")

    monkeypatch.setattr(send_reset_letter, "delay", refuse)
    alike(monkeypatch, {each: partial(ask, each) for each in EMAILS})
    answer = ask(EMAILS[0])
    assert answer.status_code == 503
    assert "cannot be sent at this moment" in answer.content.decode()


def test_a_made_up_reset_link_is_as_much_work_for_every_account(people: None, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [User.objects.get(username=name).pk for name in ("anna", "gone", "never")] + [10**6]
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"

    def base36(number: int) -> str:
        return base36(number // 36) + digits[number % 36] if number >= 36 else digits[number]

    def page(pk: int) -> Any:
        return Client().get(f"/account/password/reset/{base36(pk)}-d0aaaa-{'0' * 32}/")

    bodies = {re.sub(r"/reset/\w+-", "/reset/-", page(pk).content.decode()) for pk in numbers}
    assert len({re.sub(r'value="[^"]*"', "", body) for body in bodies}) == 1
    done = []
    for number in numbers:
        with counted(monkeypatch) as work:
            page(number)
            done.append(work())
    assert done == [done[0]] * len(numbers)


def test_who_signs_up_hears_nothing_of_other_addresses(
    people: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_URL = "smtp://localhost"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
    owner = User.objects.get(username="anna")
    _, secret = members.invite(factories.make_dataset(owner=owner), Role.VIEWER, lasts=timedelta(days=1), by=owner)
    made = iter(range(100))

    def sign_up(email: str) -> Any:
        client = Client()
        client.get(reverse("datasets:invitation", args=[secret]))
        form = {
            "username": f"new{next(made)}",
            "email": email,
            "password1": "long enough 1",
            "password2": "long enough 1",
        }
        return client.post(reverse("account_signup"), form)

    work = alike(monkeypatch, {each: partial(sign_up, each) for each in ("anna@example.org", "no@example.org")})
    assert User.objects.filter(username__startswith="new").count() == 4
    assert work[0][3] == 0


def test_the_first_step_makes_no_device_known(people: None) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(User.objects.get(username="anna"), generate_totp_secret())
    client = Client()
    answer = client.post("/login/", {"login": "anna", "password": "correct horse"})
    assert answer["Location"].startswith(reverse("mfa_authenticate"))
    assert attempts.DEVICE_COOKIE not in client.cookies
