"""Nobody asks for more than is on the list: names of fields, of Python and of SQL in queries change no answer."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from datasets.models import Image
from tagger_project.api.root import api
from tagger_project.env import BASE_DIR
from tests import factories

pytestmark = pytest.mark.django_db

# Names that somebody could hope are handed to the database as they are.
NAMES = [
    "owner__password__startswith",
    "owner__password",
    "memberships__user__password__startswith",
    "dataset__owner__password__regex",
    "dataset__memberships__user__password__startswith",
    "by__password__startswith",
    "user__password__startswith",
    "image_tags__tag__name",
    "pk__in",
    "id",
    "__class__",
    "__init__",
    "_connector",
    "_negated",
    "order_by",
    "ordering",
    "o",
    "fields",
    "select",
    "self",
    "request",
    "using",
    "' OR 1=1 --",
]
VALUES = [
    "owner__password",
    "-owner__password",
    "owner__password:pbkdf2",
    "user__password__startswith=a",
    "__class__",
    "__class__.__init__.__globals__",
    "{0.__class__}",
    "%(password)s",
    "' OR '1'='1",
    "1; DROP TABLE datasets_dataset; --",
    "1) UNION SELECT password FROM auth_user --",
    "added; SELECT pg_sleep(5)",
    "?",
    "-1",
    "9" * 40,
    "1e400",
    "nan",
    "\x00",
    "\ud83d".encode("utf-8", "surrogatepass"),
    "a" * 5_000,
    "(" * 500,
    "*" * 500,
]
_ASKED = re.compile(r"""request\.GET(?:\.get(?:list)?\(|\[)["'](\w+)["']""")


@pytest.fixture(params=[pytest.param(False, id="some"), pytest.param(True, id="all", marks=pytest.mark.heavy)])
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether each is tried with each, or each at least once."""
    return bool(request.param)


@pytest.fixture
def numbers() -> dict[str, Any]:
    """A dataset with an image, and what fills the holes in addresses."""
    dataset = factories.make_dataset()
    image = factories.make_image(dataset)
    factories.make_image_tag(image, "hat")
    factories.make_user(username="somebody")
    return {
        "dataset_id": dataset.pk,
        "image_id": image.pk,
        "sha256": image.sha256,
        "kind": "rename",
        "tag_id": image.image_tags.get().tag_id,
    }


def pages(patterns: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every page's address with its holes as `<kind:name>`, and its view; the admin's and the API's apart."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin" and not address.startswith("api/"):
                yield from pages(pattern.url_patterns, address)
        # It is to say 503 here, where no worker runs.
        elif isinstance(pattern, URLPattern) and pattern.name != "readyz":
            yield address, pattern.callback


def filled(address: str, numbers: dict[str, Any]) -> str:
    """An address with its holes filled; what is not there is number 1, which ends in 404 as it should."""
    return "/" + re.sub(r"[<{](?:\w+:)?(\w+)[>}]", lambda hole: str(numbers.get(hole[1], 1)), address)


def asked_by(view: Any) -> set[str]:
    """The names that the module of a view reads from the query."""
    module = inspect.getmodule(inspect.unwrap(view))
    path = Path(getattr(module, "__file__", "") or "/")
    if not path.is_relative_to(BASE_DIR) or ".venv" in path.parts:
        return set()
    text = path.read_text(encoding="utf-8")
    # Some hand the whole query to a reader of its own.
    more = set(re.findall(r"""(?:query|get|asked|data)\.get(?:list)?\(["'](\w+)["']""", text))
    return set(_ASKED.findall(text)) | more


def operations() -> Iterator[tuple[str, dict[str, str]]]:
    """Every address of the API that is read by GET, with an allowed value for each name that it has to be given."""
    for address, methods in api.get_openapi_schema()["paths"].items():
        if "get" in methods:
            given = [entry for entry in methods["get"].get("parameters", []) if entry["in"] == "query"]
            yield address.lstrip("/"), {entry["name"]: _example(entry) for entry in given}


def _example(entry: dict[str, Any]) -> str:
    schema = entry["schema"]
    if not entry.get("required"):
        return ""
    return "1" if schema.get("type") in {"integer", "number"} else "a"


def body(client: Client, address: str, query: dict[str, Any]) -> tuple[int, str]:
    """An answer without what differs from one to the next."""
    answer = client.get(address, query)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    text = content.decode("utf-8", "replace")
    # A page may carry its own address along, and brings tokens that are new each time.
    text = re.sub(r'csrfmiddlewaretoken" value="\w+"|nonce="[^"]*"|"[0-9a-f-]{36}"', "", text)
    return answer.status_code, text


def dealt(names: Iterable[str], thorough: bool) -> Iterator[tuple[str, Any]]:
    """Names with values for them: each with each, or four for each, so that all have their turn."""
    turns = itertools.cycle(VALUES)
    for name in names:
        for value in VALUES if thorough else itertools.islice(turns, 4):
            yield name, value


def needed(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if value}


def test_there_are_addresses_and_names_to_try() -> None:
    assert len(list(operations())) > 20
    assert len(list(pages())) > 20
    names = set().union(*(asked_by(view) for _, view in pages()))
    assert {"filter", "order", "after", "walk", "by", "how", "before", "base", "goal"} <= names


def test_a_name_that_the_api_does_not_know_changes_no_answer(
    client: Client, numbers: dict[str, Any], thorough: bool
) -> None:
    client.raise_request_exception = False
    for address, given in operations():
        where, plain = filled(address, numbers), needed(given)
        expected = body(client, where, plain)
        assert expected[0] < 500, where
        unknown = [name for name in NAMES if name not in given]
        for value in ("a", "pbkdf2_sha256$"):
            for names in [[name] for name in unknown] if thorough else [unknown]:
                assert body(client, where, {**plain, **dict.fromkeys(names, value)}) == expected, (where, names)


def test_a_value_that_the_api_does_not_know_is_refused_in_words(client: Client, numbers: dict[str, Any]) -> None:
    client.raise_request_exception = False
    wrong = []
    for address, given in operations():
        where = filled(address, numbers)
        for name, value in dealt(given, True):
            answer = client.get(where, {**needed(given), name: value})
            if answer.status_code not in {200, 400, 404, 422} or b"Traceback" in answer.getvalue():
                wrong.append((answer.status_code, where, name, value[:40]))
    assert wrong == []


def test_orders_are_taken_from_a_list(client: Client, numbers: dict[str, Any]) -> None:
    address = f"/api/v1/datasets/{numbers['dataset_id']}/images"
    assert client.get(address, {"order": "added"}).status_code == 200
    for value in ("owner__password", "dataset__owner__password", "pk", "-pk", "?", "sha256", "Order.ADDED", "ADDED"):
        assert client.get(address, {"order": value}).status_code == 422, value


def test_a_name_that_a_page_does_not_know_changes_nothing(client: Client, numbers: dict[str, Any]) -> None:
    client.raise_request_exception = False
    for address, view in pages():
        where = filled(address, numbers)
        # Once before, for what a first visit sets up.
        body(client, where, {})
        expected = body(client, where, {})
        assert expected[0] < 500, where
        unknown = {name: "pbkdf2" for name in NAMES if name not in asked_by(view)}
        status, text = body(client, where, unknown)
        assert status == expected[0], where
        if status == 200 and "pbkdf2" not in text:
            assert text == expected[1], where


def test_a_value_that_a_page_does_not_know_breaks_nothing(
    client: Client, numbers: dict[str, Any], thorough: bool
) -> None:
    client.raise_request_exception = False
    wrong = []
    for address, view in pages():
        where = filled(address, numbers)
        for name, value in dealt(sorted(asked_by(view)), thorough):
            answer = client.get(where, {name: value})
            if answer.status_code >= 500:
                wrong.append((answer.status_code, where, name, value[:40]))
    assert wrong == []
    assert Image.objects.count() == 1


# What every list of the admin could be asked about accounts by way of what it is linked to.
SECRETS = [
    "{link}__password__startswith",
    "{link}__password",
    "{link}__session__session_key",
    "{link}__is_superuser",
]
LINKS = [
    "user",
    "owner",
    "by",
    "created_by",
    "changed_by",
    "history_user",
    "dataset__owner",
    "dataset__memberships__user",
]


def test_no_list_of_the_admin_tells_of_accounts(password_mode: None, numbers: dict[str, Any], thorough: bool) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(factories.make_user(is_staff=True, is_superuser=True))
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert client.get(address).status_code == 200
        secrets = SECRETS if thorough else SECRETS[:1]
        names = [secret.format(link=link) for secret in secrets for link in LINKS] + ["password__startswith"]
        for name in [*names, "__class__", "' OR 1=1 --"]:
            answer = client.get(address, {name: "p"})
            # Refused, or led back to the list with all that is in it.
            assert answer.status_code in {400, 302}, (address, name, answer.status_code)
            assert answer.status_code == 400 or answer["Location"].endswith("?e=1")
        for value in ("password", "-user__password", "1.99999999999999999999", "' OR 1=1 --", "nan"):
            assert client.get(address, {"o": value}).status_code in {200, 302}, (address, value)
        assert client.get(address, {"q": "\x00' OR 1=1 --"}).status_code in {200, 302}
