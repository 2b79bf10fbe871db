"""Several people on one dataset, each in a browser of their own: who is here, what they do, and whose picture it is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.browser.axe import Axe
from tests.browser.desk import WORDS, Desk
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]


@pytest.fixture
def other_context(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody else's browser."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def other(desk: Desk, other_context: BrowserContext) -> Desk:
    """The same dataset in somebody else's browser."""
    return Desk(other_context.new_page(), desk.url, desk.dataset_id, desk.image_ids)


def note(desk: Desk) -> Locator:
    return desk.page.locator("[data-here]")


def faces(desk: Desk) -> Locator:
    return desk.page.locator("[data-people] .avatar")


def test_people_see_each_other_and_who_is_on_their_picture(desk: Desk, other: Desk) -> None:
    desk.open(2)
    expect(faces(desk)).to_have_count(0)
    expect(note(desk)).to_be_hidden()
    other.open(3)
    expect(faces(desk)).to_have_count(1)
    expect(faces(desk).first).to_have_attribute("title", re.compile(r"Guest \d"))
    expect(note(desk)).to_be_hidden()
    other.open(2)
    expect(note(desk)).to_contain_text("is on this picture, too")
    expect(note(other)).to_contain_text("is working on this picture")
    expect(desk.box).to_be_focused()
    other.page.close()
    expect(faces(desk)).to_have_count(0, timeout=15_000)
    expect(note(desk)).to_be_hidden()


def test_a_second_tab_is_a_second_person_and_a_reload_is_the_same(desk: Desk) -> None:
    desk.open(2)
    tab = Desk(desk.page.context.new_page(), desk.url, desk.dataset_id, desk.image_ids).open(2)
    expect(faces(desk)).to_have_count(1)
    name = faces(tab).first.get_attribute("title")
    desk.page.reload()
    expect(faces(desk)).to_have_count(1)
    expect(faces(tab)).to_have_count(1)
    assert faces(tab).first.get_attribute("title") == name


def test_edits_of_others_appear_while_one_types_and_take_nothing_away(
    desk: Desk, other: Desk, problems: Problems
) -> None:
    problems.allow_failed_requests()
    desk.open(1)
    other.open(1)
    desk.page.keyboard.type("half a ta")
    other.type("heron,")
    other.expect_saved()
    desk.expect_chips(*WORDS, "heron")
    expect(desk.page.locator(".chip--arrived")).to_have_text("heron")
    expect(desk.box).to_be_focused()
    expect(desk.box).to_have_value("half a ta")
    expect(desk.page.locator("[data-live=people]")).to_have_text("Added by somebody else: heron.")
    desk.caption.click()
    desk.page.keyboard.type("A lake in")
    # In one step, before a pause in typing saves this text.
    other.edit_elsewhere(1, kind="caption", text="Mountains.", version=0)
    other.type("reeds,")
    desk.expect_chips(*WORDS, "heron", "reeds")
    expect(desk.caption).to_be_focused()
    expect(desk.caption).to_have_value("A lake in")
    assert desk.page.locator(".chip--arrived", has_text="half").count() == 0
    # The two texts meet when this one is saved; the browser notes the 409.
    desk.box.click()
    expect(desk.state).to_have_attribute("data-state", "conflict")


def test_an_own_edit_is_not_told_as_somebody_elses(desk: Desk, other: Desk) -> None:
    desk.open(2)
    other.open(2)
    for name in ("heron", "reeds", "fog"):
        desk.type(f"{name},")
    desk.expect_saved()
    other.expect_chips("heron", "reeds", "fog")
    expect(desk.page.locator(".chip--arrived")).to_have_count(0)
    expect(desk.page.locator("[data-live=people]")).to_be_empty()
    desk.expect_chips("heron", "reeds", "fog")


def test_a_picture_is_taken_over_and_the_one_before_is_told(desk: Desk, other: Desk) -> None:
    desk.open(2)
    expect(note(desk)).to_be_hidden()
    other.open(2)
    take = note(other).get_by_role("button", name="Take over")
    expect(take).to_be_visible()
    take.click()
    expect(take).to_be_hidden()
    expect(other.box).to_be_focused()
    expect(desk.page.locator(".toast")).to_contain_text("took over this picture")
    expect(note(desk)).to_contain_text("is working on this picture")
    # A courtesy, no lock: both go on.
    desk.type("heron,")
    desk.expect_saved()
    other.expect_chips("heron")


def test_next_free_leads_past_pictures_that_somebody_is_on(desk: Desk, other: Desk) -> None:
    other.open(3)
    expect(faces(other)).to_have_count(0)
    desk.open(2)
    expect(note(desk)).to_be_hidden()
    expect(faces(desk)).to_have_count(1)
    desk.press("Alt+n")
    expect(desk.page).to_have_url(desk.address(4))
    expect(desk.box).to_be_focused()
    other.press("Alt+n")
    expect(other.page).to_have_url(other.address(5))
    other.press("Alt+n")
    expect(other.page).to_have_url(other.address(2))


def test_what_was_said_of_the_picture_one_leaves_cannot_come_after_the_next_one_is_held(desk: Desk) -> None:
    desk.open(2)
    # Going away and coming back says so.
    come_back = "document.dispatchEvent(new Event('visibilitychange'))"
    for _ in range(2):
        with desk.page.expect_response("**/presence"):
            desk.page.evaluate(come_back)
    heard: list[str] = []

    def say_slowly(route: Route) -> None:
        desk.page.wait_for_timeout(250)
        heard.append("said")
        route.continue_()

    desk.page.route("**/presence", say_slowly, times=1)
    desk.page.on("request", lambda request: heard.append("next") if request.url.endswith("/claims/next") else None)
    with desk.page.expect_request("**/presence"):
        desk.page.evaluate(come_back)
    desk.press("Alt+n")
    expect(desk.page).to_have_url(desk.address(3))
    assert heard == ["said", "next"]
    desk.page.unroute_all(behavior="ignoreErrors")


def test_a_page_that_was_away_catches_up_without_a_reload(
    make_desk: Callable[..., Desk], page: Page, running_program: RunningProgram, problems: Problems
) -> None:
    problems.allow_failed_requests()
    desk = make_desk(page).open(1)
    expect(faces(desk)).to_have_count(0)
    desk.page.keyboard.type("half a ta")
    desk.page.context.set_offline(True)
    desk.page.evaluate("() => window.dispatchEvent(new Event('offline'))")
    elsewhere = desk.page.context.browser
    assert elsewhere is not None
    with elsewhere.new_context() as context:
        away = Desk(context.new_page(), desk.url, desk.dataset_id, desk.image_ids).open(1)
        away.type("heron,")
        away.expect_saved()
    desk.page.context.set_offline(False)
    desk.expect_chips(*WORDS, "heron")
    expect(desk.box).to_have_value("half a ta")


def test_what_could_not_be_read_is_asked_for_again(desk: Desk, other: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(1)
    other.open(2)
    onward = desk.page.locator("a[data-action=next]").first
    expect(onward).to_have_attribute("href", re.compile(f"/{desk.image_ids[1]}/"))
    asked = re.compile(rf"/api/v1/images/{desk.image_ids[0]}/desk")
    desk.page.route(asked, lambda route: route.fulfill(status=503, json={"detail": "Busy"}))
    with desk.page.expect_response(asked):
        other.page.locator("[data-action=trash]").first.click()
    desk.page.unroute(asked)
    expect(onward).to_have_attribute("href", re.compile(f"/{desk.image_ids[2]}/"), timeout=15_000)


def test_the_grid_shows_who_is_where_and_marks_what_was_tagged(desk: Desk, other: Desk) -> None:
    desk.page.goto(f"{desk.url}/datasets/{desk.dataset_id}/")
    marks = desk.page.locator(".grid .cell__mark")
    expect(marks).to_have_count(1)
    other.open(2)
    cell = desk.page.locator(".cell").nth(1)
    expect(cell.locator(".avatar")).to_have_count(1)
    expect(cell.locator(".cell__link")).to_have_attribute("aria-label", re.compile(r"Guest \d"))
    rows = desk.page.locator(".grid__rows").element_handle()
    picture = cell.locator("img").element_handle()
    other.type("heron,")
    expect(marks).to_have_count(2)
    # What changed is changed in place: the picture was not made anew.
    assert desk.page.evaluate("([rows, picture]) => rows.contains(picture)", [rows, picture])
    other.open(3)
    expect(desk.page.locator(".cell").nth(2).locator(".avatar")).to_have_count(1)
    expect(cell.locator(".avatar")).to_have_count(0)


def test_the_list_of_datasets_shows_who_is_tagging(make_desk: Callable[..., Desk], desk: Desk, other: Desk) -> None:
    page = desk.page
    empty = make_desk(page)
    page.goto(desk.url)
    here = page.locator(f"[data-people-of='{desk.dataset_id}']")
    expect(here).to_be_hidden()
    other.open(2)
    _come_back_when(desk, is_somebody_there=True)
    expect(here.locator(".avatar")).to_have_count(1)
    expect(here.locator(".avatar")).to_have_attribute("title", re.compile(r"Guest \d"))
    expect(page.locator(f"[data-people-of='{empty.dataset_id}']")).to_be_hidden()
    for scheme, width in (("light", 1440), ("dark", 390)):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert Axe().run(page).response["violations"] == []
    here.locator(".avatar").click()
    expect(page).to_have_url(f"{desk.url}/datasets/{desk.dataset_id}/")
    page.go_back()
    expect(here.locator(".avatar")).to_have_count(1)
    other.page.close()
    _come_back_when(desk, is_somebody_there=False)
    expect(here).to_be_hidden()


def _come_back_when(desk: Desk, *, is_somebody_there: bool) -> None:
    """Wait until the server knows of it, then let the page look, as it does when one comes back to it."""

    def told() -> set[int]:
        return {one["dataset_id"] for one in desk.page.request.get(f"{desk.url}/api/v1/people").json()["datasets"]}

    deadline = time.monotonic() + 15
    while (desk.dataset_id in told()) != is_somebody_there:
        assert time.monotonic() < deadline
        desk.page.wait_for_timeout(100)
    desk.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_company_is_accessible(desk: Desk, other: Desk, scheme: str, tmp_path: Path) -> None:
    desk.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    desk.open(2)
    other.open(2)
    expect(note(desk)).to_be_visible()
    for page in (desk.page, other.page):
        expect(page.locator("[data-here]")).to_be_visible()
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
        assert found.response["violations"] == []
