"""Every address of the program, used by everybody, in a dataset of theirs and in another's: as the table says."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from datasets.models import Dataset, Image, Membership
from tagger_project.api.root import api
from tagger_project.api.tokens import make_token
from tagger_project.live import Message, Notice
from tagger_project.models import ApiToken
from tagger_project.models.api_token import Scope
from tagger_project.routing import websocket_urlpatterns
from tagging.models import Change, Review
from tests import factories
from tests.access.table import ADMIN, API, MESSAGES, PAGES, SOCKETS, Needs, Row
from tests.access.world import Place, World, make_world
from tests.sockets import Refusal, refusal

ROOT = "/api/v1"
ACTORS = ("anonymous", "stranger", "viewer", "tagger", "reviewer", "owner", "superuser")
LADDER = (Needs.SEE, Needs.EDIT, Needs.REVIEW, Needs.MANAGE)
RIGHTS = {"viewer": 1, "tagger": 2, "reviewer": 3, "owner": 4, "superuser": 4}
NOBODYS = {Needs.NOTHING, Needs.LOGIN_PAGE, Needs.SIGN_IN, Needs.SET_UP, Needs.ELSEWHERE, Needs.STAFF}
WAYS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ADMINS_WAY_IN = {"/admin/login/", "/admin/logout/"}
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b(?!.*django_session)", re.I | re.S)


# --- The table is whole -----------------------------------------------------------------------------------------------


def page_routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Every route of the program but those of the admin and the API, as it is written."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if route in {ADMIN, "api/v1/"}:
            continue
        if isinstance(pattern, URLResolver):
            yield from page_routes(pattern.url_patterns, route)
        else:
            yield route


def api_routes() -> Iterator[tuple[str, str]]:
    """Every operation of the API."""
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            yield from ((way, path) for operation in view.operations for way in operation.methods)


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert {row.route for row in PAGES} == set(page_routes(get_resolver().url_patterns))
    assert {(row.way, row.route) for row in API} == set(api_routes())


def test_every_socket_and_every_message_has_a_row() -> None:
    assert set(SOCKETS) == {str(each.pattern) for each in websocket_urlpatterns} - {""}
    assert set(MESSAGES) == {each.type for each in messages(Message)}
    assert {route for routes in MESSAGES.values() for route in routes} <= set(SOCKETS)


def messages(kind: type[Message]) -> Iterator[type[Message]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("tests") or issubclass(each, Notice):
            continue
        yield each
        yield from messages(each)


@pytest.mark.django_db
@pytest.mark.parametrize("actor", ["anonymous", "owner"])
def test_a_page_takes_no_way_that_has_no_row(password_mode: None, actor: str) -> None:
    world = make_world()
    known = {(row.way, row.route) for row in PAGES}
    needs = {row.route: row.needs for row in PAGES}
    asked = 0
    for route, way in sorted((route, way) for route in needs for way in WAYS if (way, route) not in known):
        if (way, route) in {("POST", "invitations/<str:secret>/")}:
            continue  # who comes in by it becomes a member: see tests/datasets/test_members.py
        client, asked = client_of(world, actor), asked + 1
        answer = client.generic(way, f"/{filled(route, world.own, 'owner')}")
        if actor == "anonymous" and needs[route] is not Needs.NOTHING and leads_to_login(answer):
            continue
        refused = {405, 404} if needs[route] in {Needs.ELSEWHERE, Needs.SET_UP} else {405}
        assert answer.status_code in refused, (way, route, answer.status_code)
    assert asked > 3 * len(needs)


# --- What it says -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_may_what_the_table_says_and_nothing_else(password_mode: None, actor: str) -> None:
    world = make_world()
    client = client_of(world, actor)
    faults = [
        f"{row.way} {row.route} {row.body or ''} in {name}: {fault}"
        for row in [*PAGES, *API]
        for name, place in (("own", world.own), ("other", world.other))
        # What is nobody's dataset's is the same from each of them.
        if name == "own" or row.needs not in NOBODYS
        for fault in check(client, row, place, actor, is_own=name == "own")
    ]
    assert not faults, "\n" + "\n".join(faults)


def check(client: Client, row: Row, place: Place, actor: str, *, is_own: bool) -> Iterator[str]:
    """What is wrong with one cell of the table."""
    expected = verdict(row, actor, is_own=is_own)
    answer, writes = ask(client, row, place, actor)
    if expected == "allowed":
        is_sent_away = leads_to_login(answer) and row.needs != Needs.LOGIN_PAGE
        if answer.status_code in {401, 403, 404, 405} or is_sent_away:
            yield f"is refused with {answer.status_code} {text_of(answer)[:200]}"
        return
    if writes:
        yield f"wrote though refused: {writes[0][:200]}"
    if expected == "sign in":
        if answer.status_code != 401 and not leads_to_login(answer):
            yield f"does not ask for a login: {answer.status_code}"
    elif expected == "forbidden":
        if answer.status_code != 403:
            yield f"answers {answer.status_code} where it is forbidden"
    else:
        missing, _writes = ask(client, row, place.nowhere(), actor)
        yield from told_apart(answer, missing)


def told_apart(answer: Any, missing: Any) -> Iterator[str]:
    """By what one could tell something that one does not see from something that is not there."""
    if answer.status_code != 404:
        yield f"answers {answer.status_code} where nothing is to be seen: {text_of(answer)[:200]}"
    elif (missing.status_code, text_of(missing)) != (404, text_of(answer)):
        yield f"is told apart from what does not exist: {missing.status_code} {text_of(missing)[:200]}"
    elif heads_of(missing) != heads_of(answer):
        yield f"has other headers than what does not exist: {heads_of(missing) ^ heads_of(answer)}"
    elif missing.statements != answer.statements:
        more = [each for each in missing.statements + answer.statements if each not in missing.statements]
        yield f"asks the database for other things: {more}, {len(missing.statements)}, {len(answer.statements)}"


def verdict(row: Row, actor: str, *, is_own: bool) -> str:
    """What the table says of a cell."""
    if row.needs == Needs.NOTHING:
        return "allowed"
    if row.needs == Needs.ELSEWHERE:
        return "missing"
    if actor == "anonymous":
        return "sign in"
    if row.needs in {Needs.SIGN_IN, Needs.LOGIN_PAGE}:
        return "allowed"
    if row.needs == Needs.SET_UP:
        return "missing"
    if row.needs == Needs.STAFF:
        return "allowed" if actor == "superuser" else "forbidden"
    rights = RIGHTS.get(actor, 0) if is_own or actor == "superuser" else 0
    if not rights:
        return "missing"
    if row.needs == Needs.OWN:
        return "allowed"
    return "allowed" if rights > LADDER.index(row.needs) else "forbidden"


def ask(client: Client, row: Row, place: Place, actor: str) -> tuple[HttpResponse, list[str]]:
    """Use an address, and take back what that wrote; returns the answer with the writes."""
    key = str(uuid.uuid4())
    is_call = row in API
    path = f"{ROOT}{filled(row.route, place, actor)}" if is_call else f"/{filled(row.route, place, actor)}"
    query = with_numbers(row.query, place, key)
    body = {name: with_numbers(value, place, key) for name, value in row.body.items()}
    # A logout takes the cookie away, and messages bring one.
    cookies = SimpleCookie({name: morsel.value for name, morsel in client.cookies.items()})
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        answer = send(client, row.way, path + query, body, is_call=is_call)
        transaction.set_rollback(True)
    client.cookies = cookies
    answer.statements = [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries]
    return answer, [query["sql"] for query in queries if _WRITES.match(query["sql"])]


def send(client: Client, way: str, path: str, body: dict[str, Any], *, is_call: bool) -> Any:
    if way == "GET":
        return client.get(path)
    if path.partition("?")[0].endswith("/content"):
        return client.put(path, b"bytes", content_type="application/octet-stream")
    if is_call:
        return client.generic(way, path, json.dumps(body), content_type="application/json")
    return client.generic(
        way,
        path,
        "&".join(f"{name}={value}" for name, value in body.items()),
        content_type="application/x-www-form-urlencoded",
    )


def filled(route: str, place: Place, actor: str) -> str:
    """A route with what a place has in place of its parameters."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "walk_id":
            return str(place.walks.get(actor, place.walks["owner"]))
        if name == "token_id":
            return str(place.tokens.get(actor, place.tokens["owner"]))
        if name == "job_id":
            return str(next(number for word, number in place.jobs.items() if f"{word}/" in route))
        return str(place.numbers[name])

    route = re.sub(r"\^(.*)\$$", r"\1", re.sub(r"\(\?P<\w+>[^)]*\)", "x", route))
    return re.sub(r"[<{](?:\w+:)?(\w+)[>}]", value, route)


def with_numbers(value: Any, place: Place, key: str) -> Any:
    """What is sent, with numbers and keys in the places of braces."""
    if isinstance(value, dict):
        return {name: with_numbers(each, place, key) for name, each in value.items()}
    if isinstance(value, list):
        return [with_numbers(each, place, key) for each in value]
    if not isinstance(value, str):
        return value
    known = {**place.numbers, "key": key}
    whole = re.fullmatch(r"{(\w+)}", value)
    if whole:
        return known[whole[1]]
    return re.sub(r"{(\w+)}", lambda match: str(known[match[1]]), value)


def client_of(world: World, actor: str) -> Client:
    client = Client()
    if actor != "anonymous":
        client.force_login(world.people[actor])
    return client


def leads_to_login(answer: Any) -> bool:
    logins = ("/login/", "/admin/login/", "/accounts/login")
    return bool(answer.status_code == 302 and answer["Location"].startswith(logins))


def heads_of(answer: HttpResponse) -> set[tuple[str, str]]:
    """The headers of an answer and the names of its cookies, without the number and the time that are its own."""
    cookies = {("cookie", name) for name in answer.cookies}
    return cookies | {
        (name, value) for name, value in answer.headers.items() if name not in {"X-Request-ID", "Expires"}
    }


def text_of(answer: HttpResponse) -> str:
    """What an answer says, without what is new each time."""
    if getattr(answer, "streaming", False):
        return "(a stream)"
    text = answer.content.decode(errors="replace")
    return re.sub(r'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"', "", text)


@pytest.mark.django_db
@pytest.mark.parametrize("actor", ["stranger", "owner", "superuser"])
def test_a_token_is_nobody_elses_to_revoke(password_mode: None, actor: str) -> None:
    world = make_world()
    client = client_of(world, actor)
    for number in (world.own.tokens["viewer"], 10**15):
        assert client.post(f"/tokens/{number}/revoke/").status_code == 404
    assert not ApiToken.objects.exclude(revoked_at=None).exists()


@pytest.mark.django_db
def test_staff_who_are_no_members_write_nothing_in_others_datasets(password_mode: None) -> None:
    """All the permissions of the admin give no right over the API."""
    world = make_world()
    staff = factories.make_user(username="staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(staff)
    writes = [row for row in API if row.way != "GET" and row.needs in LADDER]
    faults = [
        f"{row.way} {row.route}: {fault}"
        for row in writes
        for fault in check(client, row, world.other, "stranger", is_own=False)
    ]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.django_db
@pytest.mark.parametrize("by_token", [False, True])
def test_what_a_superuser_writes_over_the_api_is_done_and_bears_their_name(password_mode: None, by_token: bool) -> None:
    world = make_world()
    person, place = world.people["superuser"], world.other
    client = client_of(world, "superuser")
    if by_token:
        secret = make_token(person, name="all", scopes=Scope.values)[1]
        client = Client(headers={"Authorization": f"Bearer {secret}"}, enforce_csrf_checks=True)
    image, dataset = place.numbers["image_id"], place.numbers["dataset_id"]
    edit = {"operations": [{"key": str(uuid.uuid4()), "kind": "add", "tag": "rug"}]}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/images/{image}/edits", edit),
        ("POST", f"/images/{image}/review", {"state": "APPROVED"}),
        ("POST", f"/datasets/{dataset}/trash", {"images": [image]}),
        ("PATCH", f"/datasets/{dataset}", {"name": "Renamed by root"}),
        ("PATCH", f"/members/{place.numbers['member_id']}", {"role": "VIEWER"}),
    ]
    for way, path, body in calls:
        answer: Any = client.generic(way, ROOT + path, json.dumps(body), content_type="application/json")
        assert answer.status_code in {200, 201}, (path, text_of(answer))
    assert Change.objects.filter(dataset=dataset, done_by=person).exists()
    assert Review.objects.filter(image=image, state="APPROVED", done_by=person).exists()
    assert Image.everything.get(pk=image).trashed_by == person
    assert Dataset.objects.get(pk=dataset).name == "Renamed by root"
    assert Membership.objects.get(pk=place.numbers["member_id"]).role == "VIEWER"
    assert not Membership.objects.filter(user=person).exists(), "and they are no member by that"


# --- The admin, and sockets -------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("actor", ["anonymous", "stranger", "owner"])
def test_the_admin_is_not_for_members(password_mode: None, actor: str) -> None:
    from tests.tagger_project.test_auth_mode import ADDRESSES

    client = client_of(make_world(), actor)
    asked = [address for address in ADDRESSES if address.startswith(f"/{ADMIN}") and address not in ADMINS_WAY_IN]
    assert len(asked) > 50
    for address in asked:
        for way in WAYS:
            with CaptureQueriesContext(connection) as queries:
                answer = client.generic(way, address)
            assert leads_to_login(answer) or answer.status_code == 404, (way, address, answer.status_code)
            assert not [query["sql"] for query in queries if _WRITES.match(query["sql"])], (way, address)


@pytest.mark.django_db(transaction=True)
def test_sockets_are_for_who_sees_the_dataset(password_mode: None) -> None:
    world = make_world()
    for route in SOCKETS:
        for actor in ACTORS:
            client, refusals = client_of(world, actor), set[Refusal | None]()
            for place in (world.own, world.other, world.own.nowhere()):
                refused = async_to_sync(refusal)(f"/{filled(route, place, actor)}", client=client)
                sees = actor == "superuser" if place is not world.own else actor in RIGHTS
                is_there = place.numbers["dataset_id"] in {world.own.dataset.pk, world.other.dataset.pk}
                assert (refused is None) == (sees and is_there), (route, actor)
                refusals |= {refused} - {None}
            assert len(refusals) < 2, "what is not seen and what is not there are told apart"
