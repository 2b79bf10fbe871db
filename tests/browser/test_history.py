"""Histories in a real browser: what was done, by whom, and back from it, on the page and on the desk."""

from __future__ import annotations

import itertools
import os
import uuid
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.flow]

_shots = itertools.count(1)


def edit(desk: Desk, number: int, *operations: dict[str, Any], group: str | None = None) -> None:
    """What another page does in one call."""
    cookies = {cookie["name"]: cookie["value"] for cookie in desk.page.context.cookies()}
    sent = [{"key": str(uuid.uuid4()), "group": group, **operation} for operation in operations]
    answer = desk.page.request.post(
        f"{desk.url}/api/v1/images/{desk.image_ids[number - 1]}/edits",
        headers={"X-CSRFToken": cookies["csrftoken"], "Referer": desk.url},
        data={"operations": sent},
    )
    assert answer.ok, answer.text()


def add(tag: str) -> dict[str, Any]:
    return {"kind": "add", "tag": tag}


@pytest.fixture
def edited(desk: Desk) -> Desk:
    """Three pictures got two tags in one action, one of which was touched since; a caption was written and changed."""
    desk.open(2)
    group = str(uuid.uuid4())
    for number in (2, 3, 4):
        edit(desk, number, add("boat"), add("<b>sea</b>"), group=group)
    edit(desk, 3, {"kind": "remove", "tag": "boat"})
    edit(desk, 2, {"kind": "caption", "text": "A boat at sea.", "version": 0})
    edit(desk, 2, {"kind": "caption", "text": "A boat on a calm sea in the evening.", "version": 1})
    return desk


def history(desk: Desk) -> str:
    return f"{desk.url}/datasets/{desk.dataset_id}/history/"


def entry(page: Page, text: str) -> Locator:
    return page.locator(".history__entry", has_text=text)


def look(page: Page, name: str) -> None:
    """Keep a picture of the page where a person asked for it."""
    if folder := os.environ.get("TAGGER_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{next(_shots):02d}-{name}.png")


def check_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_an_entry_is_undone_on_the_page_with_what_stays_and_the_undo_too(edited: Desk, page: Page) -> None:
    page.goto(f"{edited.url}/datasets/{edited.dataset_id}/")
    page.get_by_role("link", name="History").first.click()
    page.wait_for_url(history(edited))
    expect(page.locator(".history__entry")).to_have_count(5)
    big = entry(page, "3 pictures")
    expect(big).to_contain_text("6 tags added")
    expect(big.locator(".history-tag__name")).to_have_text(["boat", "<b>sea</b>"])
    expect(entry(page, "calm").locator("del")).to_have_text("A boat at sea.")
    look(page, "history")
    check_accessible(page)
    big.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("3 pictures put back, 1 left alone")
    expect(page.locator("[data-kept] li")).to_contain_text(["03.jpg: boat. Somebody removed it"])
    expect(entry(page, "6 tags added")).to_contain_text("Taken back")
    # What was left alone may be taken back later.
    expect(entry(page, "6 tags added").get_by_role("button", name="Undo")).to_be_visible()
    assert [edited.stored_tags(number) for number in (2, 3, 4)] == [[], [], []]
    look(page, "undone")
    check_accessible(page)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="3 pictures put back")).to_be_visible()
    expect(entry(page, "6 tags added")).not_to_contain_text("Taken back")
    expect(page.locator("[data-kept] li")).to_have_count(0)
    both = ["boat", "<b>sea</b>"]
    assert [edited.stored_tags(number) for number in (2, 3, 4)] == [both, ["<b>sea</b>"], both]


def test_the_page_filters_by_way(edited: Desk, page: Page) -> None:
    page.goto(history(edited))
    page.get_by_label("How").select_option("SIDECAR")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".history__entry")).to_have_count(1)
    expect(page.locator(".history__entry")).to_contain_text("8 tags added")
    page.get_by_label("How").select_option("MODEL")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("Nothing of this kind was done here")).to_be_visible()
    check_accessible(page)


def test_the_desk_tells_who_put_a_tag_there_and_takes_back(edited: Desk, page: Page) -> None:
    edited.open(2)
    edited.expect_chips("boat", "<b>sea</b>")
    edited.type("gull")
    edited.press("Control+Enter")
    edited.press("Alt+h")
    dialog = page.get_by_role("dialog", name="History of this picture")
    expect(dialog.locator(".blame__tag")).to_have_text(["boat", "<b>sea</b>", "gull"])
    expect(dialog.locator(".history__entry")).to_have_count(4)
    expect(dialog.locator(".history__entry").first).to_contain_text("gull")
    look(page, "desk-history")
    check_accessible(page)
    dialog.locator(".history__entry", has_text="calm").get_by_role("button").click()
    expect(dialog.locator("[data-history-text]")).to_have_text("1 picture put back")
    expect(edited.caption).to_have_value("A boat at sea.", timeout=10_000)
    dialog.locator(".history__entry", has_text="boat").last.get_by_role("button").click()
    expect(dialog.locator("[data-history-text]")).to_have_text("3 pictures put back, 1 left alone")
    expect(dialog.locator(".history-kept li")).to_contain_text(["Somebody removed it"])
    expect(dialog.locator(".blame__tag")).to_have_text(["gull"])
    look(page, "desk-undone")
    check_accessible(page)
    dialog.locator("[data-history-redo]").click()
    expect(dialog.locator(".blame__tag")).to_have_text(["boat", "<b>sea</b>", "gull"])
    page.keyboard.press("Escape")
    expect(edited.box).to_be_focused()
    edited.expect_chips("boat", "<b>sea</b>", "gull")


def test_histories_fit_a_phone_and_the_dark(edited: Desk, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    for address in (history(edited), edited.address(2)):
        page.goto(address)
        if address == edited.address(2):
            page.locator("[data-action=history]").click()
            expect(page.locator("#history .history__entry")).to_have_count(3)
        expect(page.locator(".history__entry").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        look(page, "phone")
        check_accessible(page)
