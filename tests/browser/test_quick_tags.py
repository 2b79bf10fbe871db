"""Quick tags, recent ones, and lists of tags carried from picture to picture, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import Axe
from tests.browser.desk import WORDS, Desk
from tests.browser.problems import Problems

pytestmark = [pytest.mark.browser, pytest.mark.flow]


def pin(desk: Desk, *names: str) -> None:
    """Pin tags to the keys 1, 2, …, past this page."""
    desk.page.goto(f"{desk.url}/datasets/{desk.dataset_id}/")
    cookies = {cookie["name"]: cookie["value"] for cookie in desk.page.context.cookies()}
    for slot, name in enumerate(names, start=1):
        answer = desk.page.request.put(
            f"{desk.url}/api/v1/datasets/{desk.dataset_id}/quick-tags/{slot}",
            headers={"X-CSRFToken": cookies["csrftoken"], "Referer": desk.url},
            data={"tag": name},
        )
        assert answer.ok, answer.text()


def expect_keys(desk: Desk, *names: str) -> None:
    expect(desk.page.locator(".quick-tag__name")).to_have_text(list(names))


def test_five_quick_tags_and_the_next_picture_take_six_keys(desk: Desk) -> None:
    names = ["lake", "fog", "heron", "blue sky", "reeds"]
    pin(desk, *names)
    desk.open(2)
    expect_keys(desk, *names)
    desk.press("2", "1", "3", "5", "4", "Enter")
    assert desk.keys == 6
    expect(desk.page).to_have_url(desk.address(3))
    desk.expect_saved()
    assert desk.stored_tags(2) == ["fog", "lake", "heron", "reeds", "blue sky"]


def test_the_tags_of_the_picture_before_and_on_take_two_keys(desk: Desk) -> None:
    desk.open(2)
    desk.press("Control+d", "Enter")
    assert desk.keys == 2
    expect(desk.page).to_have_url(desk.address(3))
    desk.expect_saved()
    assert desk.stored_tags(2) == WORDS
    desk.page.locator(".toast").get_by_role("button", name="Undo").click()
    desk.expect_saved()
    assert desk.stored_tags(2) == []


def test_a_held_digit_gives_its_tag_once_and_writes_nothing(desk: Desk) -> None:
    pin(desk, "fog")
    desk.open(2)
    expect_keys(desk, "fog")
    for _ in range(4):
        desk.page.keyboard.down("1")
    desk.page.keyboard.up("1")
    desk.expect_chips("fog")
    expect(desk.box).to_have_value("")


def test_a_digit_takes_the_tag_again_and_is_a_letter_wherever_one_writes(desk: Desk) -> None:
    pin(desk, "lake")
    desk.open(2)
    expect_keys(desk, "lake")
    key = desk.page.get_by_role("button", name="lake", exact=True).first
    expect(key).to_have_attribute("aria-pressed", "false")
    desk.press("1")
    expect(key).to_have_attribute("aria-pressed", "true")
    desk.press("1")
    desk.expect_chips()
    # A key without a tag, a second letter, and a digit behind a blank are text.
    desk.press("2", "1")
    expect(desk.box).to_have_value("21")
    desk.box.fill("")
    desk.press("Space", "1")
    expect(desk.box).to_have_value(" 1")
    desk.type("girl")
    desk.press("Control+Enter")
    desk.expect_chips("1girl")
    desk.press("Alt+c", "1")
    expect(desk.caption).to_have_value("1")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["1girl"]


def test_a_tag_is_pinned_from_its_chip_moved_and_taken_off_and_other_pages_hear_of_it(
    desk: Desk, context: BrowserContext, problems: Problems
) -> None:
    page = desk.page
    desk.open(1)
    other = Desk(context.new_page(), desk.url, desk.dataset_id, desk.image_ids).open(2)
    page.get_by_role("button", name="lake, 4 of 8").focus()
    desk.press("Alt+p")
    expect_keys(desk, "lake")
    page.get_by_role("button", name="sunset, 5 of 8").focus()
    page.locator("[data-chip-pin]").click()
    expect_keys(desk, "lake", "sunset")
    expect_keys(other, "lake", "sunset")
    page.get_by_role("button", name="Arrange").click()
    dialog = page.get_by_role("dialog", name="Quick tags")
    dialog.get_by_role("button", name="Move lake to the key behind").click()
    expect_keys(desk, "sunset", "lake")
    expect(dialog.get_by_role("button", name="Move lake to the key behind")).to_be_focused()
    dialog.get_by_label("Tag for key 5").fill("a, b")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("comma")
    assert "422" in problems.pop()
    dialog.get_by_label("Tag for key 5").fill("heron")
    page.keyboard.press("Enter")
    expect_keys(desk, "sunset", "lake", "heron")
    dialog.get_by_role("button", name="Take sunset off key 1").click()
    expect_keys(desk, "lake", "heron")
    page.keyboard.press("Escape")
    expect(desk.box).to_be_focused()
    expect_keys(other, "lake", "heron")
    other.page.close()


def test_what_was_added_last_is_offered_at_once_and_after_a_reload(desk: Desk) -> None:
    page = desk.page
    desk.open(2)
    recent = page.locator(".recent-tag")
    expect(page.locator("[data-recent]")).to_be_hidden()
    desk.type("heron,")
    desk.type("fog,")
    expect(recent).to_have_text(["fog", "heron"])
    desk.expect_saved()
    desk.press("Enter")
    expect(page).to_have_url(desk.address(3))
    recent.filter(has_text="heron").click()
    desk.expect_chips("heron")
    expect(desk.box).to_be_focused()
    expect(recent).to_have_text(["fog", "heron"])
    expect(recent.filter(has_text="heron")).to_have_attribute("aria-pressed", "true")
    desk.expect_saved()
    page.reload()
    expect(recent).to_have_text(["heron", "fog"])


def test_tags_are_copied_and_pasted_in_order_and_taken_back_as_one(desk: Desk, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = desk.page
    desk.open(1)
    desk.press("Control+c")
    expect(page.locator(".toast")).to_have_text(re.compile("8 tags copied"))
    assert page.evaluate("navigator.clipboard.readText()") == ", ".join(WORDS)
    desk.press("Enter")
    expect(page).to_have_url(desk.address(2))
    desk.type("lake,")
    desk.press("Control+v")
    desk.expect_chips("lake", *[word for word in WORDS if word != "lake"])
    offer = page.locator(".toast").filter(has_text="7 tags added")
    offer.get_by_role("button", name="Undo").click()
    desk.expect_chips("lake")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["lake"]
    # One word goes into the box: it may be the start of a tag. Selected text is copied as ever.
    desk.type("reed")
    desk.press("Control+a", "Control+c", "Backspace", "Control+v")
    expect(desk.box).to_have_value("reed")
    desk.expect_chips("lake")


def test_pasting_on_the_page_works_where_the_clipboard_may_not_be_read(desk: Desk) -> None:
    desk.open(1)
    desk.press("Control+c")
    desk.press("Enter")
    expect(desk.page).to_have_url(desk.address(2))
    desk.page.locator("[data-stage]").click()
    desk.page.evaluate("document.activeElement.blur()")
    desk.press("Control+v")
    desk.expect_chips(*WORDS)


def test_the_keys_break_no_rule(desk: Desk, page: Page) -> None:
    pin(desk, "lake", "a very long tag that does not fit into its place", "fog")
    for scheme, width in (("light", 1440), ("dark", 390)):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        desk.open(1)
        expect(page.locator("[data-reading-text]")).to_contain_text("outdoors")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        page.get_by_role("button", name="Arrange").click()
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()


def test_a_drag_lets_two_tags_change_their_keys(desk: Desk) -> None:
    pin(desk, "lake", "fog", "heron")
    desk.open(2)
    expect_keys(desk, "lake", "fog", "heron")
    desk.page.locator(".quick-tag").nth(0).drag_to(desk.page.locator(".quick-tag").nth(2))
    expect_keys(desk, "heron", "fog", "lake")
    # The drag gave no tag, and the box kept the focus.
    assert desk.chips() == []
    expect(desk.box).to_be_focused()
    desk.page.get_by_role("button", name="Arrange the quick tags").click()
    rows = desk.page.locator(".key-list__row")
    rows.nth(1).locator(".key-list__name").drag_to(rows.nth(4))
    expect(rows.nth(4).locator(".key-list__name")).to_contain_text("fog")
    expect(rows.nth(1).locator("input")).to_be_visible()
