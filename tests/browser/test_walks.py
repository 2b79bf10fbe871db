"""Tagging sessions in a real browser: starting one, walking it, coming back to it, finishing it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk
from tests.browser.problems import Problems

pytestmark = [pytest.mark.browser, pytest.mark.flow]


def _start(desk: Desk, filter_text: str, *, order: str = "as they were added", name: str = "") -> None:
    desk.page.goto(f"{desk.url}/datasets/{desk.dataset_id}/")
    desk.page.get_by_role("link", name="Session").first.click()
    expect(desk.page.get_by_role("dialog", name="Start a session")).to_be_visible()
    desk.page.get_by_label("Which pictures").fill(filter_text)
    desk.page.get_by_text(order, exact=True).click()
    desk.page.locator("#start-name").fill(name)
    desk.page.get_by_role("button", name="Start", exact=True).click()


def _at(number: int) -> re.Pattern[str]:
    return re.compile(rf"/tag/{number}/\?walk=\d+$")


def _walks(desk: Desk) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = desk.page.request.get(f"{desk.url}/api/v1/walks").json()
    return answer


def _keep(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_session_leads_past_what_matches_and_ends_with_its_numbers(desk: Desk) -> None:
    _start(desk, "is:untagged", order="newest first", name="The rest")
    second, third, fourth, fifth = desk.image_ids[1:]
    expect(desk.page).to_have_url(_at(fifth))
    expect(desk.box).to_be_focused()
    expect(desk.page.locator("[data-number]")).to_have_text("1 of 4")
    desk.type("heron,")
    desk.press("Enter")
    expect(desk.page).to_have_url(_at(fourth))
    expect(desk.page.locator("[data-number]")).to_have_text("2 of 4")
    desk.expect_saved()
    # It matches no more, but it is where it was.
    desk.press("PageUp")
    expect(desk.page).to_have_url(_at(fifth))
    desk.expect_chips("heron")
    with desk.page.expect_response(lambda answer: answer.url.endswith("/tagging-session")):
        desk.press("PageDown")
        expect(desk.page).to_have_url(_at(fourth))
        desk.press("PageDown")
        expect(desk.page).to_have_url(_at(third))
    desk.page.reload()
    expect(desk.page.locator("[data-number]")).to_have_text("3 of 4")
    expect(desk.box).to_be_focused()
    desk.press("PageDown")
    expect(desk.page).to_have_url(_at(second))
    desk.press("PageDown")
    expect(desk.page.get_by_role("heading", name="That was the last picture of this session")).to_be_visible()
    expect(desk.page.locator("[data-walk-numbers]")).to_contain_text("1 / 3")
    _keep(desk.page, "walk-finish")
    desk.page.get_by_role("button", name="Finish session").click()
    expect(desk.page.get_by_role("heading", name="Finished")).to_be_visible()
    finished = next(walk for walk in _walks(desk) if walk["dataset_id"] == desk.dataset_id)
    assert (finished["visited"], finished["tagged"], finished["skipped"]) == (4, 1, 3)
    assert finished["finished_at"] is not None
    _keep(desk.page, "walk-finished")


def test_the_way_back_does_not_wait_for_the_server_to_hear_of_the_way(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    second, third = desk.image_ids[1:3]
    desk.page.route("**/tagging-session", lambda route: route.abort())
    # Nothing of the next picture is known before the first one is tagged, so that it is asked for after that.
    desk.page.route(f"**/images/{third}/desk*", lambda route: route.abort())
    _start(desk, "is:untagged")
    expect(desk.box).to_be_focused()
    desk.page.wait_for_load_state("networkidle")
    desk.type("heron,")
    desk.expect_saved()
    desk.page.unroute(f"**/images/{third}/desk*")
    desk.press("Enter")
    expect(desk.page).to_have_url(_at(third))
    desk.press("PageUp")
    expect(desk.page).to_have_url(_at(second))
    desk.expect_chips("heron")


def test_a_session_is_resumed_from_the_first_page(desk: Desk) -> None:
    _start(desk, "is:untagged", name="Water birds")
    expect(desk.box).to_be_focused()
    desk.press("PageDown")
    expect(desk.page).to_have_url(_at(desk.image_ids[2]))
    desk.page.goto(desk.url)
    # The place was sent while the page was left: it is there as soon as it has arrived.
    card = desk.page.locator(".go-on__card", has_text="Water birds").first
    _reload_until(desk.page, lambda: card.filter(has_text="2 of 4").count() == 1)
    _keep(desk.page, "walk-first-page")
    card.click()
    expect(desk.page).to_have_url(_at(desk.image_ids[2]))


def _reload_until(page: Page, is_there: Callable[[], bool]) -> None:
    for _ in range(50):
        if is_there():
            return
        page.wait_for_timeout(100)
        page.reload()
    raise AssertionError(page.content())


def test_a_session_keeps_the_way_of_its_owner_on_both_sides_of_the_end(desk: Desk) -> None:
    """The whole dataset and a walk through a part of it are two places."""
    desk.open(4)
    with desk.page.expect_response(lambda answer: answer.url.endswith("/tagging-session")):
        desk.press("PageDown")
    _start(desk, "is:untagged")
    expect(desk.page).to_have_url(_at(desk.image_ids[1]))
    desk.page.goto(f"{desk.url}/datasets/{desk.dataset_id}/tag/")
    expect(desk.page).to_have_url(desk.address(5))


def test_a_filter_is_counted_while_it_is_typed_and_explains_itself(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.page.goto(f"{desk.url}/datasets/{desk.dataset_id}/sessions/new/")
    field, line = desk.page.get_by_label("Which pictures"), desk.page.locator("[data-count]")
    expect(line).to_have_text("5 pictures")
    desk.page.get_by_role("button", name="Untagged").click()
    expect(line).to_have_text("4 pictures")
    field.fill("state:done")
    expect(line).to_contain_text("state: knows untagged, in-progress, ready")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("nowhere")
    expect(line).to_contain_text("No picture matches.")
    _keep(desk.page, "walk-start")
    desk.page.get_by_role("button", name="Start", exact=True).click()
    expect(desk.page.locator("[data-count]")).to_contain_text("No picture matches “nowhere”")
    desk.page.get_by_role("button", name="Untagged").click()
    expect(line).to_have_text("4 pictures")
    # The answers that say what is wrong with a filter.
    assert all("422" in problem for problem in problems)


def test_a_session_is_renamed_and_deleted(desk: Desk) -> None:
    name = f"Session {desk.dataset_id}"
    _start(desk, "is:untagged", name=name)
    expect(desk.page).to_have_url(_at(desk.image_ids[1]))
    desk.page.goto(f"{desk.url}/sessions/")
    desk.page.locator(f"summary[aria-label*='{name}']").click()
    _keep(desk.page, "walk-more")
    walk = desk.page.locator(".walk", has_text=name)
    walk.get_by_label("Name").fill(f"Herons {desk.dataset_id}")
    walk.get_by_role("button", name="Rename").click()
    expect(desk.page.get_by_role("heading", name=f"Herons {desk.dataset_id}")).to_be_visible()
    desk.page.locator(f"summary[aria-label*='Herons {desk.dataset_id}']").click()
    desk.page.locator(".walk", has_text=f"Herons {desk.dataset_id}").get_by_role("button", name="Delete").click()
    expect(desk.page.get_by_role("heading", name=f"Herons {desk.dataset_id}")).to_have_count(0)
    assert desk.stored_tags(1) != []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_sessions_break_no_rule(make_desk: Callable[..., Desk], browser: Browser, theme: Any) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme)
    page = context.new_page()
    desk = make_desk(page)
    for text, name in (("is:untagged", "Open one"), ("", "Finished one")):
        _start(desk, text, name=name)
        expect(desk.box).to_be_focused()
    page.keyboard.press("Alt+Shift+KeyF")
    expect(page).to_have_url(f"{desk.url}/sessions/")
    wide, narrow = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
    walk = next(walk for walk in _walks(desk) if walk["name"] == "Open one")
    for address in ("/", "/sessions/", f"/datasets/{desk.dataset_id}/sessions/new/", walk["page"]):
        page.goto(f"{desk.url}{address}")
        for size, viewport in (("wide", wide), ("narrow", narrow)):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]  # both numbers are there
            _keep(page, f"page-{address.strip('/').replace('/', '-').split('?')[0]}-{size}-{theme}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
    context.close()
