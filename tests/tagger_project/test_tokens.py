"""API tokens: what they open, what they never open, and what is left of them."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from datasets.models import Dataset
from tagger_project.api import token_door
from tagger_project.api.scopes import OPERATIONS
from tagger_project.api.tokens import TokenRefused, make_token
from tagger_project.models import ApiToken
from tagger_project.models.api_token import Scope
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("password_mode", "empty_cache")]

DATASETS = "/api/v1/datasets"


@pytest.fixture
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def ada() -> User:
    return factories.make_user(username="ada", is_staff=True, is_superuser=True)


def token_for(user: User, *scopes: str, **facts: Any) -> str:
    """The secret of a new token."""
    return make_token(user, name="script", scopes=scopes or Scope.values, **facts)[1]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def create(client: Client, secret: str, name: str = "Cats", **facts: Any) -> Any:
    return client.post(DATASETS, {"name": name}, content_type="application/json", headers=bearer(secret), **facts)


def test_a_token_works_as_its_person_without_a_csrf_token(strict_client: Client, ada: User) -> None:
    answer = create(strict_client, token_for(ada))
    assert answer.status_code == 201
    assert strict_client.get(DATASETS, headers=bearer(token_for(ada, "read"))).json()[0]["name"] == "Cats"
    assert "sessionid" not in answer.cookies


def test_a_session_still_needs_its_csrf_token(strict_client: Client, ada: User) -> None:
    strict_client.force_login(ada)
    answer = strict_client.post(DATASETS, {"name": "Cats"}, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["type"].endswith(":page-too-old")
    assert not Dataset.objects.exists()


def test_a_wrong_token_is_not_helped_by_a_session(strict_client: Client, ada: User) -> None:
    strict_client.force_login(ada)
    assert create(strict_client, "dtag_wrong").status_code == 401
    assert not Dataset.objects.exists()


def test_only_the_sum_of_a_secret_is_kept(ada: User) -> None:
    token, secret = make_token(ada, name="script", scopes=["read"])
    assert secret.startswith("dtag_")
    assert len(secret) >= 48
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert row["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in json.dumps(row, default=str)
    assert row["prefix"] == secret[:13]


@pytest.mark.parametrize("scope", Scope.values)
def test_a_token_does_what_its_scopes_say_and_nothing_else(client: Client, ada: User, scope: str) -> None:
    secret = token_for(ada, scope)
    assert (client.get(DATASETS, headers=bearer(secret)).status_code == 200) is (scope == "read")
    answer = create(client, secret)
    assert (answer.status_code == 201) is (scope == "manage")
    if scope != "manage":
        assert answer.status_code == 403
        assert answer.json()["scope"] == "manage"
        assert "manage" in answer.json()["detail"]


def test_an_operation_without_a_scope_opens_to_no_token(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tagger_project.api.door import guarded

    monkeypatch.delitem(OPERATIONS, "datasets.api.list_datasets")
    from tagger_project.api.root import api

    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                if operation.view_func.__name__ == "list_datasets":
                    monkeypatch.setattr(operation, "run", guarded(type(operation).run.__get__(operation)))
    assert client.get(DATASETS, headers=bearer(token_for(ada))).status_code == 403


def test_expired_and_revoked_tokens_and_those_of_nobody_are_refused(client: Client, ada: User) -> None:
    expired, revoked, left = token_for(ada), token_for(ada), token_for(ada)
    now = timezone.now()
    rows = list(ApiToken.objects.order_by("pk"))
    ApiToken.objects.filter(pk=rows[0].pk).update(expires_at=now - timedelta(seconds=1))
    ApiToken.objects.filter(pk=rows[1].pk).update(revoked_at=now)
    for secret, word in [(expired, "expired"), (revoked, "revoked"), (left + "x", "not known"), ("", "not known")]:
        answer = client.get(DATASETS, headers=bearer(secret))
        assert answer.status_code == 401, word
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert word in answer.json()["detail"]
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.get(DATASETS, headers=bearer(left)).status_code == 401


@pytest.mark.parametrize("address", ["/", "/admin/", "/tokens/", "/keys/", "/admin/tagger_project/apitoken/"])
def test_a_token_reaches_neither_pages_nor_the_admin(client: Client, ada: User, address: str) -> None:
    answer = client.get(address, headers=bearer(token_for(ada)))
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_a_token_neither_makes_nor_revokes_tokens(client: Client, ada: User) -> None:
    secret = token_for(ada)
    form = {"name": "child", "scopes": ["read"], "days": "30"}
    assert client.post("/tokens/", form, headers=bearer(secret)).status_code == 302
    assert client.post(f"/tokens/{ApiToken.objects.get().pk}/revoke/", headers=bearer(secret)).status_code == 302
    assert ApiToken.objects.filter(revoked_at=None).count() == 1
    assert not [name for name in OPERATIONS if "token" in name.rpartition(".")[2]]


def test_its_use_is_noted_once_a_minute(client: Client, ada: User) -> None:
    secret = token_for(ada)
    client.get(DATASETS, headers=bearer(secret))
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    client.get(DATASETS, headers=bearer(secret))
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    client.get(DATASETS, headers=bearer(secret))
    again = ApiToken.objects.get().last_used_at
    assert again is not None
    assert again >= first


def test_wrong_tokens_make_an_address_wait_and_longer_each_time(client: Client, ada: User) -> None:
    known, new = token_for(ada), token_for(ada)
    assert client.get(DATASETS, headers=bearer(known)).status_code == 200
    waits = []
    for _round in range(2):
        statuses = [client.get(DATASETS, headers=bearer(f"dtag_{n}")).status_code for n in range(token_door.MOST_WRONG)]
        assert statuses == [401] * token_door.MOST_WRONG
        answer = client.get(DATASETS, headers=bearer("dtag_more"))
        assert answer.status_code == 429
        assert answer.json()["type"].endswith(":too-many-requests")
        waits.append(int(answer["Retry-After"]))
        assert client.get(DATASETS, headers=bearer(new)).status_code == 429, "a right guess is no help"
        assert client.get(DATASETS, headers=bearer(known)).status_code == 200, "who worked here before works on"
        assert client.get(DATASETS, headers=bearer(new), REMOTE_ADDR="192.0.2.7").status_code == 200
        cache.delete("token-tries:127.0.0.1:shut")
    assert 895 <= waits[0] <= 900
    assert 1795 <= waits[1] <= 1800


def test_files_that_the_api_names_are_open_to_tokens(client: Client, ada: User) -> None:
    image = factories.make_image(factories.make_dataset())
    address = f"/files/images/{image.pk}/original/"
    assert client.get(address, headers=bearer(token_for(ada, "export"))).status_code == 403
    # Its file is not there, which only who may come in is told.
    assert client.get(address, headers=bearer(token_for(ada, "read"))).status_code == 404
    assert client.get(address, headers=bearer("dtag_wrong")).status_code == 401
    assert client.get(address).status_code == 302


def test_a_token_cannot_be_made_without_a_name_or_for_anything(ada: User) -> None:
    past = timezone.now() - timedelta(days=1)
    for facts in [{"name": " ", "scopes": ["read"]}, {"name": "a", "scopes": []}, {"name": "a", "scopes": ["root"]}]:
        with pytest.raises(TokenRefused):
            make_token(ada, **facts)  # type: ignore[arg-type]
    with pytest.raises(TokenRefused):
        make_token(ada, name="a", scopes=["read"], expires_at=past)


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_a_secret_once(client: Client, ada: User) -> None:
    client.force_login(ada)
    answer = client.post("/tokens/", {"name": "nightly", "scopes": ["read", "export"], "days": "90"})
    token = ApiToken.objects.get()
    secret = answer.context["secret"]
    assert hashlib.sha256(secret.encode()).hexdigest() == token.digest
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert token.scopes == ["read", "export"]
    assert token.expires_at is not None
    again = client.get("/tokens/").content.decode()
    assert secret not in again
    assert token.prefix in again


def test_the_page_says_what_is_missing(client: Client, ada: User) -> None:
    client.force_login(ada)
    answer = client.post("/tokens/", {"name": "", "days": "90"})
    assert answer.status_code == 422
    assert "Give the token a name" in answer.content.decode()
    assert "Choose at least one" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_people_revoke_their_own_tokens_only(client: Client, ada: User) -> None:
    token_for(factories.make_user())
    token = ApiToken.objects.get()
    client.force_login(ada)
    assert client.post(f"/tokens/{token.pk}/revoke/").status_code == 404
    client.force_login(token.user)
    assert client.post(f"/tokens/{token.pk}/revoke/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_the_admin_lists_tokens_and_shows_no_secret_nor_its_sum(client: Client, ada: User) -> None:
    token, secret = make_token(ada, name="nightly", scopes=["read"])
    client.force_login(ada)
    pages = [
        client.get("/admin/tagger_project/apitoken/").content.decode(),
        client.get(f"/admin/tagger_project/apitoken/{token.pk}/change/").content.decode(),
    ]
    for page in pages:
        assert "nightly" in page
        assert secret not in page
        assert token.digest not in page
    assert client.get("/admin/tagger_project/apitoken/add/").status_code == 403


def test_open_mode_does_not_look_at_tokens(strict_client: Client, settings: Any) -> None:
    settings.AUTH_MODE = "open"
    assert create(strict_client, "open").status_code == 201
    assert strict_client.post(DATASETS, {"name": "Dogs"}, content_type="application/json").status_code == 403
    assert "no token" in strict_client.get("/tokens/").content.decode()
