"""Password mode asks everyone to sign in, for every page, file, API call and socket; open mode asks nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django.fixtures import Settings

from datasets.models import Dataset, ImportItem, ImportJob
from tagger_project.env import VARIABLES
from tests import factories, images, uploading
from tests.sockets import is_refused, refusal

PUBLIC = {"/favicon.ico", "/healthz", "/readyz", "/login/", "/texts.js", "/account/inactive/", "/account/signup/"}
PUBLIC |= {f"/account/password/reset/{page}" for page in ("", "sent/", "done/", "x-x/")}
# Says that there is nothing here, or leads to the way in.
NOTHING = {"/first/": 410, "/logout/": 302, "/admin/login/": 302, "/account/second-factor/webauthn/login/": 302}
NOTHING |= {"/account/second-factor/authenticate/": 302, "/account/password/reset/x/": 404}
API = "/api/v1/"
OF_A_PROVIDER = ("/account/oidc/", "/account/provider/")


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    """Every address of the program, with 1 for each number and x for each word."""
    for pattern in patterns:
        path = prefix + filled(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        else:
            yield path


def filled(route: str) -> str:
    """A route with something in place of its parameters."""
    route = re.sub(r"<int:\w+>", "1", route)
    route = re.sub(r"<(?:\w+:)?\w+>", "x", route)
    if route.startswith("^") or route.endswith(("$", r"\Z")):
        route = re.sub(r"\(\?P<\w+>[^)]*\)", "x", route)
        route = re.sub(r"\(\?P.*", "x/", route)
        route = route.strip("^$").replace(r"\Z", "").replace("\\", "")
    return route


ADDRESSES = sorted(set(routes(get_resolver().url_patterns)))


def test_the_resolver_gives_every_kind_of_address() -> None:
    assert {"/", "/datasets/1/", "/files/images/1/original/", "/api/v1/datasets/1/images", "/admin/", "/login/"} <= set(
        ADDRESSES
    )
    assert len(ADDRESSES) > 60


@pytest.fixture
def stored(db: None) -> Dataset:
    """What every address with a 1 in it stands for."""
    dataset = factories.make_dataset(id=1)
    factories.make_image(dataset, id=1)
    # Numbers are given, not taken: PostgreSQL counts on after a test that was rolled back.
    job = ImportJob.objects.create(id=1, dataset=dataset, source=ImportJob.Source.UPLOAD)
    ImportItem.objects.create(
        id=1, job=job, kind=ImportItem.Kind.IMAGE, name="a.jpg", stem_key="a", byte_size=3, position=2
    )
    return dataset


@pytest.mark.usefixtures("password_mode", "stored")
@pytest.mark.parametrize("address", [address for address in ADDRESSES if address not in PUBLIC | set(NOTHING)])
def test_a_stranger_is_asked_to_sign_in_everywhere(client: Client, address: str) -> None:
    for method in ("get", "post", "put", "patch", "delete"):
        answer = getattr(client, method)(address, data={} if method in {"get", "post"} else b"{}")
        is_call = address.startswith(API) and address != f"{API}openapi.json"
        if is_call:
            assert answer.status_code in {401, 404, 405}, (method, answer.status_code)
            assert answer.status_code != 404 or address == API
        elif address.startswith(OF_A_PROVIDER):
            assert answer.status_code == 404
        elif address == "/invitations/x/":
            # A link that is none says so, to strangers too (tests/security/test_guessing_invitations.py).
            assert answer.status_code == (404 if method in {"get", "post"} else 405)
        else:
            assert answer.status_code == 302, (method, answer.status_code)
            assert answer["Location"].startswith(("/login/?next=", "/admin/login/?next="))


@pytest.mark.usefixtures("password_mode", "stored")
def test_every_api_call_refuses_a_stranger(client: Client) -> None:
    member = Client()
    member.force_login(factories.make_user())
    paths = member.get(f"{API}openapi.json").json()["paths"]
    calls = [(method, re.sub(r"{\w+}", "1", path)) for path, methods in paths.items() for method in methods]
    assert len(calls) > 15
    for method, path in calls:
        answer = getattr(client, method)(
            path, **({} if method == "get" else {"data": "{}", "content_type": "application/json"})
        )
        assert answer.status_code == 401, (method, path)


@pytest.mark.usefixtures("password_mode", "db")
@pytest.mark.parametrize("address", sorted(PUBLIC - {"/readyz", "/favicon.ico"}))
def test_what_everybody_may_see_is_this_and_no_more(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200


@pytest.mark.usefixtures("password_mode", "db")
@pytest.mark.parametrize(("address", "status"), sorted(NOTHING.items()))
def test_the_way_in_shows_nothing_else(client: Client, address: str, status: int) -> None:
    assert client.get(address).status_code == status


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("address", [address for address in ADDRESSES if address.startswith(("/account/", "/login/"))])
def test_open_mode_has_no_pages_of_accounts(client: Client, address: str) -> None:
    if address not in NOTHING or NOTHING[address] != 404:
        assert client.get(address)["Location"] == reverse("datasets:list")


@pytest.mark.usefixtures("password_mode")
def test_files_are_not_told_apart_from_missing_ones(client: Client, dataset: Dataset) -> None:
    image = uploading.bring(uploading.start(dataset), "a.png", images.encoded("PNG")).image
    assert image is not None
    for kind in ("thumbnail", "preview", "original"):
        here, missing = (client.get(reverse(f"datasets:{kind}", args=[pk])) for pk in (image.pk, 999))
        assert (here.status_code, missing.status_code) == (302, 302)


@pytest.mark.django_db(transaction=True)
def test_a_socket_is_for_those_who_signed_in(password_mode: None) -> None:
    dataset = factories.make_dataset()
    job = uploading.start(dataset)
    member = Client()
    member.force_login(factories.make_member(dataset))
    for path in (f"/ws/datasets/{dataset.pk}/", f"/ws/imports/{job.pk}/"):
        assert async_to_sync(is_refused)(path)
        assert async_to_sync(is_refused)(path, client=Client())
        assert not async_to_sync(is_refused)(path, client=member)


@pytest.mark.django_db(transaction=True)
def test_after_signing_out_a_socket_is_refused(password_mode: None) -> None:
    dataset = factories.make_dataset()
    member = Client()
    member.force_login(factories.make_user())
    cookies = {name: morsel.value for name, morsel in member.cookies.items()}
    member.logout()
    member.cookies.load(cookies)
    assert async_to_sync(is_refused)(f"/ws/datasets/{dataset.pk}/", client=member)


@pytest.fixture
def person(db: None) -> User:
    return factories.make_user(username="anna")


@pytest.mark.usefixtures("password_mode")
def test_signing_in_leads_to_where_one_wanted_to_go(strict_client: Client, person: User) -> None:
    wanted = reverse("datasets:create")
    page = strict_client.get(wanted, follow=True)
    form = {"login": "anna", "password": "correct horse", "csrfmiddlewaretoken": page.context["csrf_token"]}
    answer = strict_client.post(page.request["PATH_INFO"] + f"?next={wanted}", form)
    assert (answer.status_code, answer["Location"]) == (302, wanted)
    assert strict_client.get(wanted).status_code == 200
    assert strict_client.get(f"{API}datasets").status_code == 200


@pytest.mark.usefixtures("password_mode")
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(client: Client, person: User, elsewhere: str) -> None:
    form = {"login": "anna", "password": "correct horse", "next": elsewhere}
    assert client.post("/login/", form)["Location"] == reverse("datasets:list")


@pytest.mark.usefixtures("password_mode")
def test_a_wrong_password_lets_nobody_in(client: Client, person: User) -> None:
    assert client.post("/login/", {"login": "anna", "password": "wrong"}).status_code == 200
    assert client.get(reverse("datasets:list")).status_code == 302


@pytest.mark.usefixtures("password_mode")
def test_signing_out_is_the_end(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get(reverse("datasets:list")).status_code == 200
    assert client.post(reverse("account_logout")).status_code == 302
    assert client.get(reverse("datasets:list")).status_code == 302
    assert client.get(f"{API}datasets").status_code == 401


@pytest.mark.usefixtures("password_mode")
def test_what_a_person_makes_bears_their_name(client: Client, person: User) -> None:
    client.force_login(person)
    made = client.post(f"{API}datasets", {"name": "Mine"}, content_type="application/json").json()
    job = client.post(f"{API}datasets/{made['id']}/imports", {}, content_type="application/json").json()
    dataset = Dataset.objects.get(pk=made["id"])
    assert list(dataset.memberships.values_list("user", "role")) == [(person.pk, "OWNER")]
    assert dataset.imports.get(pk=job["id"]).started_by == person


def test_in_open_mode_nobody_signs_in_and_nothing_bears_a_name(client: Client, person: User) -> None:
    client.force_login(person)
    made = client.post(f"{API}datasets", {"name": "Ours"}, content_type="application/json").json()
    assert not Dataset.objects.get(pk=made["id"]).memberships.exists()
    assert Client().get(reverse("datasets:list")).status_code == 200
    assert len(Client().get(f"{API}datasets").json()) == 1


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "127.0.0.1.evil.example", "192.168.1.5:8000"]
)
@pytest.mark.parametrize("path", ["/", "/api/v1/datasets", "/admin/", "/files/images/1/original/"])
def test_a_foreign_host_is_refused_in_open_mode(client: Client, host: str, path: str) -> None:
    assert client.get(path, headers={"host": host}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_foreign_page_opens_no_socket_in_open_mode() -> None:
    dataset = factories.make_dataset()
    assert async_to_sync(is_refused)(f"/ws/datasets/{dataset.pk}/", origin="http://evil.example")


LOCAL = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", ""]
ELSEWHERE = ["192.168.1.9", "203.0.113.7", "172.18.0.1", "fe80::1%eth0", "2001:db8::7", "::ffff:192.168.1.9", "0.0.0.0"]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("address", LOCAL + ELSEWHERE)
@pytest.mark.parametrize("path", ["/", "/api/v1/datasets", "/admin/", "/files/images/1/original/"])
def test_open_mode_answers_this_machine_whatever_name_is_asked_for(
    client: Client, settings: Settings, address: str, path: str
) -> None:
    answer = client.get(path, headers={"host": "localhost"}, REMOTE_ADDR=address)
    assert (answer.status_code == 400) == (address in ELSEWHERE)
    settings.OPEN_TO_NETWORK = True
    assert client.get(path, headers={"host": "localhost"}, REMOTE_ADDR=address).status_code != 400


@pytest.mark.parametrize(
    ("forwarded", "status"), [("127.0.0.1", 200), ("192.168.1.9", 400), ("127.0.0.1, 192.0.2.1", 400)]
)
def test_behind_a_proxy_it_is_the_browser_that_is_elsewhere(
    client: Client, db: None, settings: Settings, forwarded: str, status: int
) -> None:
    settings.TRUSTED_PROXIES = 1
    assert client.get("/", headers={"X-Forwarded-For": forwarded}).status_code == status


@pytest.mark.django_db(transaction=True)
def test_another_machine_opens_no_socket_in_open_mode(settings: Settings) -> None:
    path = f"/ws/datasets/{factories.make_dataset().pk}/"
    for address in (*LOCAL, *ELSEWHERE):
        assert async_to_sync(refusal)(path, address=address) == (None if address in LOCAL else (None, "")), address
    settings.OPEN_TO_NETWORK = True
    assert async_to_sync(refusal)(path, address=ELSEWHERE[0]) is None


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "https://evil.example", "http://testserver.evil.example", "http://eviltestserver"),
        *("https://testserver", "http://testserver:81", "http://testserver.", "http://testserver@evil.example"),
        *("http://testserver/", "http://testserver, http://evil.example", "file://", "http://localhost"),
    ],
)
def test_a_foreign_origin_is_refused_in_open_mode(client: Client, origin: str) -> None:
    for path in ("/", "/api/v1/datasets", "/files/images/1/original/"):
        assert client.get(path, headers={"origin": origin}).status_code == 400, path
    assert client.post("/datasets/new/", {"name": "x"}, headers={"origin": origin}).status_code == 400
    assert not Dataset.objects.exists()


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "host",
    ["", "testserver:evil", "testserver, evil.example", "evil.example:80", "[::2]", "0.0.0.0", "testserver@evil"],
)
def test_a_strange_host_is_refused_in_open_mode(client: Client, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 400


def test_unless_told_otherwise_the_program_answers_to_this_machine_only() -> None:
    defaults = {variable.name: variable.default for variable in VARIABLES}
    assert defaults["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert (defaults["HOST"], defaults["AUTH_MODE"], defaults["DEBUG"]) == ("127.0.0.1", "open", False)
