"""Reviews on the desk and in the grid, in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, Route, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk
from tests.browser.problems import Problems

pytestmark = [pytest.mark.browser, pytest.mark.flow]


def _state(desk: Desk) -> Locator:
    return desk.page.locator("[data-review-state]")


def _keep(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_picture_goes_from_untagged_to_approved_by_keys(desk: Desk) -> None:
    desk.open(2)
    expect(_state(desk)).to_have_text("untagged")
    desk.type("heron,")
    expect(_state(desk)).to_have_text("in progress")
    # The words are on their way; what is ready has them.
    desk.press("Shift+Enter")
    expect(desk.page).to_have_url(desk.address(3))
    desk.press("PageUp")
    expect(_state(desk)).to_have_text("ready")
    desk.press("Alt+a")
    expect(_state(desk)).to_have_text("approved")
    assert desk.stored(2)["review_state"] == "APPROVED"
    desk.type("reeds,")
    expect(_state(desk)).to_have_text("ready")
    expect(desk.page.locator("[data-review-reason]")).to_have_text("Edited after it was approved.")


def test_changes_are_requested_with_a_reason_that_is_seen(desk: Desk) -> None:
    desk.open(1)
    desk.page.get_by_role("button", name=re.compile("^Ready")).click()
    desk.page.get_by_role("button", name=re.compile("^Request changes")).first.wait_for()
    desk.press("Alt+r")
    field = desk.page.get_by_label("What should change?")
    expect(field).to_be_focused()
    _keep(desk.page, "review-form")
    desk.page.keyboard.type("The mountain is a cloud.")
    desk.press("Enter")
    expect(_state(desk)).to_have_text("changes requested")
    expect(desk.page.locator("[data-review-reason]")).to_have_text("The mountain is a cloud.")
    expect(desk.box).to_be_focused()
    desk.page.get_by_text("Steps so far").click()
    expect(desk.page.locator(".review__step-state")).to_have_text(["changes requested", "ready"])
    _keep(desk.page, "review-changes")
    desk.page.get_by_role("button", name=re.compile("^Ready")).click()
    expect(_state(desk)).to_have_text("ready")


def test_a_picture_without_words_is_not_ready_and_says_so(desk: Desk) -> None:
    desk.open(3)
    desk.press("Shift+Enter")
    expect(desk.page.get_by_text("A picture without words is not ready yet.")).to_be_visible()
    expect(desk.page).to_have_url(desk.address(3))


def test_what_was_just_entered_is_ready_with_the_tag_that_waits_for_its_suggestion(desk: Desk) -> None:
    desk.open(2)
    held: list[Route] = []
    asked = re.compile("/tag-suggestions")
    desk.page.route(asked, lambda route: held.append(route))
    desk.type("cat")
    desk.press("Enter", "Shift+Enter")
    expect(desk.page).to_have_url(desk.address(2))
    desk.page.unroute(asked)
    for route in held:
        with suppress(Error):  # one that the page has given up
            route.continue_()
    expect(desk.page).to_have_url(desk.address(3))
    desk.press("PageUp")
    expect(_state(desk)).to_have_text("ready")
    assert desk.stored_tags(2) == ["cat"]


def test_the_steps_and_a_half_written_reason_belong_to_their_picture(desk: Desk) -> None:
    page = desk.page
    desk.open(1)
    page.get_by_role("button", name=re.compile("^Ready")).click()
    expect(_state(desk)).to_have_text("ready")
    desk.press("Alt+r")
    field = page.get_by_label("What should change?")
    page.keyboard.type("The mountain is")
    page.get_by_text("Steps so far").click()
    expect(page.locator(".review__step-state")).to_have_text(["ready"])
    desk.edit_elsewhere(1, kind="add", tag="fog")
    expect(page.locator(".chip__name").last).to_have_text("fog")
    expect(field).to_have_value("The mountain is")
    for number in (2, 3):
        with page.expect_response(re.compile(f"/images/{desk.image_ids[number - 1]}/reviews$")):
            desk.press("PageDown")
        expect(field).to_be_hidden()
    expect(page.get_by_text("Nobody has reviewed this picture yet.")).to_be_visible()
    desk.press("PageUp", "PageUp")
    expect(field).to_have_value("The mountain is")


def test_a_review_elsewhere_is_seen_here(desk: Desk) -> None:
    desk.open(1)
    cookies = {cookie["name"]: cookie["value"] for cookie in desk.page.context.cookies()}
    address = f"{desk.url}/api/v1/images/{desk.image_ids[0]}/review"
    headers = {"X-CSRFToken": cookies["csrftoken"], "Referer": desk.url}
    assert desk.page.request.post(address, headers=headers, data={"state": "READY"}).ok
    expect(_state(desk)).to_have_text("ready")


def test_without_the_server_a_review_says_that_it_needs_it(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(1)
    desk.page.wait_for_load_state("networkidle")
    desk.page.context.set_offline(True)
    desk.page.get_by_role("button", name=re.compile("^Ready")).click()
    expect(desk.page.get_by_text("A review needs the server, and it does not answer")).to_be_visible()
    expect(_state(desk)).to_have_text("in progress")
    desk.page.context.set_offline(False)
    desk.page.get_by_role("button", name=re.compile("^Ready")).click()
    expect(_state(desk)).to_have_text("ready")
    # What was asked for without a network, whoever asked.
    assert all("net::ERR_" in problem or "WebSocket" in problem for problem in problems), problems


def test_the_grid_shows_states_and_filters_by_them(desk: Desk) -> None:
    desk.open(1)
    desk.page.get_by_role("button", name=re.compile("^Ready")).click()
    expect(_state(desk)).to_have_text("ready")
    desk.page.goto(f"{desk.url}/datasets/{desk.dataset_id}/")
    expect(desk.page.get_by_role("gridcell").first.locator("[title=ready]")).to_be_visible()
    desk.page.locator("[data-states] summary").click()
    _keep(desk.page, "review-grid")
    desk.page.get_by_role("link", name=re.compile("^Ready")).click()
    expect(desk.page.get_by_role("gridcell")).to_have_count(1)
    expect(desk.page).to_have_url(re.compile("filter=state%3Aready"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_review_breaks_no_rule(make_desk: Callable[..., Desk], browser: Browser, theme: Any) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme)
    page = context.new_page()
    desk = make_desk(page).open(1)
    page.get_by_role("button", name=re.compile("^Ready")).click()
    expect(_state(desk)).to_have_text("ready")
    page.keyboard.press("Alt+r")
    page.get_by_text("Steps so far").click()
    expect(page.locator(".review__step-state")).to_have_count(1)
    for name, size in (("wide", {"width": 1440, "height": 900}), ("narrow", {"width": 390, "height": 844})):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # both numbers are there
        page.locator("[data-review]").scroll_into_view_if_needed()
        _keep(page, f"review-{name}-{theme}")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    context.close()
