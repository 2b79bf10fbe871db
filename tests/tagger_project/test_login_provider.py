"""Signing in at an OpenID Connect provider: a real one, small, that listens on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from datasets.models import Role
from datasets.services import members
from tagger_project.accounts import first_account
from tagger_project.auth import LOCAL_OWNER
from tagger_project.oidc import oidc_providers
from tests import factories

CLIENT, SECRET = "tagger", "a secret of the provider"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider(ThreadingHTTPServer):
    """Discovery, consent, token (with PKCE), user and keys; everybody is `person`.

    Attributes:
        person: the claims of who signs in next.
        audience: whom the token is for; another program's where a test wants that.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.person: dict[str, Any] = {"sub": "1", "preferred_username": "ada", "email": "ada@example.org"}
        self.audience = CLIENT
        self.challenges: dict[str, str] = {}


class Answers(BaseHTTPRequestHandler):
    """What the provider answers."""

    server: Provider

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Discovery, consent, user, keys."""
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        issuer = self.server.issuer
        if address.path == "/.well-known/openid-configuration":
            self.say(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "userinfo_endpoint": f"{issuer}/me",
                    "jwks_uri": f"{issuer}/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                }
            )
        elif address.path == "/authorize":
            assert asked["code_challenge_method"] == "S256"
            code = f"code-{len(self.server.challenges)}"
            self.server.challenges[code] = asked["code_challenge"]
            self.send_response(302)
            self.send_header(
                "Location", f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
            )
            self.end_headers()
        elif address.path == "/me":
            assert self.headers["Authorization"] == "Bearer opens"
            self.say(self.server.person)
        elif address.path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_KEY.public_key()))
            self.say({"keys": [{**public, "kid": "1", "use": "sig", "alg": "RS256"}]})

    def do_POST(self) -> None:
        """Give a token for a code, to who knows the secret and began with it."""
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        challenge = self.server.challenges.pop(sent["code"][0], "")
        digest = hashlib.sha256(sent["code_verifier"][0].encode()).digest()
        if sent["client_secret"] != [SECRET] or base64.urlsafe_b64encode(digest).decode().rstrip("=") != challenge:
            self.say({"error": "invalid_grant"}, 400)
            return
        now = int(time.time())
        claims = {
            "iss": self.server.issuer,
            "aud": self.server.audience,
            "iat": now,
            "exp": now + 60,
            **self.server.person,
        }
        token = jwt.encode(claims, _KEY, algorithm="RS256", headers={"kid": "1"})
        self.say({"access_token": "opens", "token_type": "Bearer", "id_token": token})

    def say(self, answer: object, status: int = 200) -> None:
        """Answer in JSON."""
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def provider(settings: Settings, db: None) -> Iterator[Provider]:
    """The provider, and the program told of it."""
    cache.clear()
    with Provider() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.AUTH_MODE = "oidc"
        settings.SOCIALACCOUNT_PROVIDERS = oidc_providers(
            issuer=server.issuer, client_id=CLIENT, secret=SECRET, name="Team ID"
        )
        yield server
        server.shutdown()


def names() -> list[str]:
    """Who has an account; the local owner of open mode is nobody."""
    return list(User.objects.exclude(username=LOCAL_OWNER).values_list("username", flat=True))


def go(client: Client, wanted: str = "") -> Any:
    """Press the button, follow to the provider and back; return the answer on the way back."""
    page = client.get(reverse("account_login") + (f"?{urlencode({'next': wanted})}" if wanted else "")).content.decode()
    assert "Go on with Team ID" in page
    assert 'name="password"' not in page
    found = re.search(r'action="(/account/oidc/sso/login/[^"]*)"', page)
    assert found is not None
    leads = client.post(found[1].replace("&amp;", "&"))
    there = re.search(r'http-equiv="refresh" content="0;url=([^"]*)"', leads.content.decode())
    assert there is not None
    back = httpx.get(there[1].replace("&amp;", "&"), trust_env=False).headers["Location"]
    return client.get(back.removeprefix("http://testserver"))


def first_link(client: Client) -> None:
    address = first_account.make_link("http://testserver").removeprefix("http://testserver")
    assert "Go on with Team ID" in client.get(address, follow=True).content.decode()


def test_the_first_link_makes_the_first_account_and_after_that_one_signs_in(client: Client, provider: Provider) -> None:
    dataset = factories.make_dataset()
    first_link(client)
    answer = go(client)
    assert (answer.status_code, answer["Location"]) == (302, reverse("datasets:list"))
    ada = User.objects.get(username="ada")
    assert ada.is_superuser
    assert not ada.has_usable_password()
    assert list(dataset.memberships.values_list("user", "role")) == [(ada.pk, Role.OWNER)]
    assert client.get("/").status_code == 200
    again = Client()
    assert go(again, "/datasets/new/")["Location"] == "/datasets/new/"
    assert names() == ["ada"]


def test_nobody_gets_an_account_without_an_invitation(client: Client, provider: Provider) -> None:
    page = go(client)
    assert "by invitation" in page.content.decode()
    assert names() == []
    assert client.get("/").status_code == 302


def test_who_was_invited_gets_one_that_may_nothing_yet(client: Client, provider: Provider) -> None:
    owner = factories.make_user(username="owner")
    dataset = factories.make_dataset(owner=owner)
    _, secret = members.invite(dataset, Role.VIEWER, lasts=timedelta(days=1), by=owner)
    link = reverse("datasets:invitation", args=[secret])
    assert client.get(link)["Location"] == f"/login/?{urlencode({'next': link}, safe='/')}"
    assert go(client, link)["Location"] == link
    ada = User.objects.get(username="ada")
    assert not ada.is_staff
    assert not ada.memberships.exists()


def test_an_account_with_the_same_mail_is_not_taken_over(client: Client, provider: Provider) -> None:
    anna = factories.make_user(username="anna", email="ada@example.org")
    go(client)
    assert "_auth_user_id" not in client.session
    assert not anna.is_superuser


def invited(client: Client) -> None:
    """Let a browser come by an invitation."""
    owner = factories.make_user(username="owner")
    _, secret = members.invite(factories.make_dataset(owner=owner), Role.VIEWER, lasts=timedelta(days=1), by=owner)
    client.get(reverse("datasets:invitation", args=[secret]))


def test_nobody_names_themselves_past_the_provider(client: Client, provider: Provider) -> None:
    invited(client)
    form = {"username": "eve", "password1": "long enough 1", "password2": "long enough 1"}
    assert client.post(reverse("account_signup"), form).status_code == 404
    assert names() == ["owner"]
    assert "_auth_user_id" not in client.session


def test_an_account_gets_no_second_identity(client: Client, provider: Provider) -> None:
    client.force_login(factories.make_user(username="anna"))
    address = reverse("openid_connect_login", args=["sso"])
    for wanted in ("connect", "redirect"):
        assert client.get(address, {"process": wanted}).status_code == 404
        assert client.post(address, {"process": wanted}).status_code == 404


def test_a_second_factor_of_other_days_shuts_nobody_out(client: Client, provider: Provider) -> None:
    invited(client)
    go(client)
    TOTP.activate(User.objects.get(username="ada"), generate_totp_secret())
    again = Client()
    assert go(again)["Location"] == reverse("datasets:list")
    assert again.get("/").status_code == 200


def test_a_token_for_another_program_is_refused(client: Client, provider: Provider) -> None:
    first_link(client)
    provider.audience = "another program"
    assert "did not work" in go(client).content.decode()
    assert names() == []


def test_an_answer_that_was_not_asked_for_is_refused(client: Client, provider: Provider) -> None:
    address = reverse("openid_connect_callback", args=["sso"])
    assert "did not work" in client.get(f"{address}?code=code-0&state=invented").content.decode()


def test_passwords_and_second_factors_are_the_providers_business(client: Client, provider: Provider) -> None:
    factories.make_user(username="anna")
    assert client.post("/login/", {"login": "anna", "password": "correct horse"}).status_code == 403
    for page in ("account_change_password", "account_reset_password", "mfa_index", "mfa_login_webauthn"):
        assert client.get(reverse(page)).status_code == 404


@pytest.mark.parametrize(
    "given",
    [
        {"issuer": ""},
        {"client_id": ""},
        {"secret": ""},
        {"issuer": "http://id.example"},
    ],
)
def test_a_provider_that_is_half_named_or_without_tls_is_refused(given: dict[str, str]) -> None:
    whole = {"issuer": "https://id.example", "client_id": "a", "secret": "b", "name": "c"}
    assert oidc_providers(**whole)
    with pytest.raises(ImproperlyConfigured, match="OIDC_"):
        oidc_providers(**{**whole, **given})
