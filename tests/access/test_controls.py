"""What a page draws may be done: no form and no link leads where one's role is refused."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.access.table import ADMIN, API, PAGES, Needs, Row
from tests.access.test_matrix import ROOT, client_of, filled, verdict, with_numbers
from tests.access.world import World, make_world

PRINTED = {Needs.SIGN_IN, Needs.SEE, Needs.EDIT, Needs.REVIEW, Needs.MANAGE, Needs.STAFF, Needs.OWN}
# Beside what the table asks for: what a page draws after a question.
QUESTIONS = {"datasets/<int:dataset_id>/trash/": ["?empty=1"]}
# Who is no owner leaves by it: their own row, see tests/datasets/test_members.py.
OWN_ROW = ("POST", "datasets/<int:dataset_id>/members/remove/")
# Addresses of the API that stand in pages for scripts, and how they are used.
CALLED = {"data-trash-address": "POST", "data-imports-address": "POST", "data-steps": "POST"}


class Controls(HTMLParser):
    """The ways that a page offers: how, and where."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.form: tuple[str, str] | None = None
        self.forms: dict[str, tuple[str, str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, a form, or what a script is told to call."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.found.add(("GET", given["href"]))
        if tag == "form":
            self.form = (given.get("method", "get").upper(), given.get("action", ""))
            self.forms[given.get("id", "")] = self.form
        if tag == "button" and given.get("type", "submit") == "submit" and "disabled" not in given:
            # A form is a way where something in it can be pressed.
            pressed = self.forms.get(given["form"]) if "form" in given else self.form
            self.found |= {pressed} if pressed else set()
        self.found |= {(way, given[name]) for name, way in CALLED.items() if name in given}
        if tag == "dialog" and given.get("id") == "palette":
            self.found |= {("GET", given[name]) for name in given if name.startswith("data-") and name != "data-api"}

    def handle_endtag(self, tag: str) -> None:
        """Leave a form."""
        if tag == "form":
            self.form = None


def controls_of(page: str, here: str) -> Iterator[tuple[str, str]]:
    """Each way with its path; what leads elsewhere or stays on the page is none."""
    parser = Controls()
    parser.feed(page)
    for way, address in parser.found:
        parts = urlsplit(address)
        if not parts.netloc:
            yield way, parts.path or here


def row_of(way: str, path: str) -> Row | str | None:
    """The row of the table for a path; `ADMIN` for the admin's; `None` for what has none, such as static files."""
    try:
        route = resolve(path).route
    except Resolver404:
        return None
    if route.startswith(ADMIN):
        return ADMIN
    if path.startswith(ROOT):
        wanted = route.removeprefix("api/v1").replace("<", "{").replace(">", "}")
        return next((row for row in API if (row.way, row.route) == (way, wanted)), None)
    return next((row for row in PAGES if (row.way, row.route) == (way, route)), None)


@pytest.mark.django_db
def test_no_page_draws_what_the_role_may_not_do(password_mode: None) -> None:
    world = make_world()
    offers = {actor: offered(world, actor) for actor in ("viewer", "tagger", "reviewer", "owner")}
    faults = [
        f"{actor}: {page} offers {way} {address}"
        for actor, found in offers.items()
        for page, way, address, row in found
        if row == ADMIN
        or (isinstance(row, Row) and (way, row.route) != OWN_ROW and verdict(row, actor, is_own=True) != "allowed")
    ]
    assert not faults, "\n" + "\n".join(sorted(faults))
    # The crawl saw what it is about: each of these is drawn for who may do it.
    for needs, route in {
        "viewer": "datasets/<int:dataset_id>/versions/<int:version_id>/fork/",
        "tagger": "datasets/<int:dataset_id>/trash/restore/",
        "reviewer": "datasets/<int:dataset_id>/history/undo/",
        "owner": "datasets/<int:dataset_id>/trash/empty/",
    }.items():
        roles = [actor for actor, found in offers.items() if ("POST", route) in {way_of(each) for each in found}]
        assert roles == list(offers)[list(offers).index(needs) :], route


Offer = tuple[str, str, str, Row | str]


def way_of(offer: Offer) -> tuple[str, str]:
    _page, way, _address, row = offer
    return way, row.route if isinstance(row, Row) else row


def offered(world: World, actor: str) -> list[Offer]:
    """Every way that the pages of a dataset offer somebody."""
    return [
        (page.route, way, address, row)
        for page, path, text in printed(world, actor)
        for way, address in sorted(controls_of(text, path))
        if (row := row_of(way, address)) is not None
    ]


def printed(world: World, actor: str) -> Iterator[tuple[Row, str, str]]:
    """Every page that somebody may open in their dataset, as it is printed."""
    client = client_of(world, actor)
    for row in PAGES:
        if row.way != "GET" or row.needs not in PRINTED or verdict(row, actor, is_own=True) != "allowed":
            continue
        for query in [row.query, *QUESTIONS.get(row.route, [])]:
            path = f"/{filled(row.route, world.own, actor)}{with_numbers(query, world.own, '')}"
            answer = client.get(path, follow=True)
            if answer["Content-Type"].startswith("text/html") and not answer.streaming:
                yield row, answer.request["PATH_INFO"], answer.content.decode()
