"""A caption as it is typed: whatever ends the tab, right behind the last key, no letter of it is lost."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.browser.desk import Desk
from tests.browser.problems import Problems
from tests.browser.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.flow]

_DRAFTS = "Object.keys(localStorage).filter((name) => name.startsWith('tagger.draft.')).length"


def _kill(page: Page) -> None:
    """End the process behind the page without a last word."""
    browser = page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    with page.expect_event("crash"):
        for process in session.send("SystemInfo.getProcessInfo")["processInfo"]:
            if process["type"] == "renderer":
                os.kill(process["id"], signal.SIGKILL)
    page.close()


def _crash(page: Page) -> None:
    """End this page alone, without a last word; the others live on."""
    with page.expect_event("crash"), suppress(Error):
        page.goto("chrome://crash")
    page.close()


def _again(desk: Desk, number: int) -> Desk:
    desk.page = desk.page.context.new_page()
    return desk.open(number)


def _write(desk: Desk, text: str) -> None:
    expect(desk.caption).to_be_focused()
    desk.page.keyboard.type(text)


def test_a_caption_is_kept_with_each_letter_when_the_tab_is_killed(desk: Desk) -> None:
    desk.open(2)
    desk.press("Alt+c")
    _write(desk, "A heron in the mist")
    _kill(desk.page)
    assert desk.stored_caption(2) == ""
    _again(desk, 2)
    expect(desk.caption).to_have_value("A heron in the mist")
    desk.expect_saved()
    assert desk.stored_caption(2) == "A heron in the mist"
    wait_until(desk.page, f"{_DRAFTS} === 0")


def test_what_is_typed_behind_a_caption_on_its_way_is_kept_too(desk: Desk, problems: Problems) -> None:
    heard: list[str] = []

    def lose(route: Route) -> None:
        # The server hears of the first sentence, and never gets to say so.
        if not heard:
            heard.append(route.fetch().text())
        route.abort()

    desk.open(2)
    desk.page.route("**/edits", lose)
    desk.press("Alt+c")
    _write(desk, "A heron.")
    expect(desk.state).to_have_attribute("data-state", "offline")
    _write(desk, " Reeds.")
    _kill(desk.page)
    assert desk.stored_caption(2) == "A heron."
    _again(desk, 2)
    expect(desk.caption).to_have_value("A heron. Reeds.")
    desk.expect_saved()
    assert desk.stored_caption(2) == "A heron. Reeds."
    problems.allow_failed_requests()  # what did not answer is noted in the console


def test_another_tab_of_the_dataset_sends_what_was_being_typed(desk: Desk) -> None:
    dying = desk.open(2).page
    desk.press("Alt+c")
    desk.page.keyboard.type("Nobody comes back here")
    _again(desk, 3)
    _crash(dying)
    desk.page.evaluate("window.dispatchEvent(new Event('focus'))")
    wait_until(desk.page, f"{_DRAFTS} === 0")
    desk.expect_saved()
    assert desk.stored_caption(2) == "Nobody comes back here"
    assert desk.stored_caption(3) == ""


def test_a_draft_that_somebody_was_quicker_than_waits_for_a_choice(desk: Desk, problems: Problems) -> None:
    desk.open(2)
    desk.press("Alt+c")
    _write(desk, "mine")
    desk.edit_elsewhere(2, kind="caption", text="theirs", version=0)
    _kill(desk.page)
    _again(desk, 2)
    panel = desk.page.get_by_role("region", name="Someone changed this caption")
    expect(panel.locator("[data-mine]")).to_contain_text("mine")
    expect(panel.locator("[data-theirs]")).to_contain_text("theirs")
    assert desk.stored_caption(2) == "theirs"
    problems.allow_failed_requests()  # the refusal itself is noted in the console


def test_nothing_is_left_of_a_draft_that_was_taken_back(desk: Desk) -> None:
    desk.open(2)
    desk.press("Alt+c")
    _write(desk, "ab")
    assert desk.page.evaluate(_DRAFTS) == 1
    desk.press("Backspace", "Backspace", "Escape")
    wait_until(desk.page, f"{_DRAFTS} === 0")
    desk.page.reload()
    expect(desk.box).to_be_focused()
    expect(desk.caption).to_have_value("")
    desk.expect_saved()
