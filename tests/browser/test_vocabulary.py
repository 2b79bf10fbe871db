"""The vocabulary in a real browser: sorted by dragging and by keyboard, merged with the numbers first; the admin."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.flow]

_shots = itertools.count(1)
_starts = itertools.count(1)
LIST = 'long_hair,0,4350743,"/lh,longhair"\nhatsune_miku,4,103451,miku\nsmile,0,7,outdoors\nodd,9,1,\n'


def look(page: Page, name: str) -> None:
    """Keep a picture of the page where a person asked for it."""
    if folder := os.environ.get("TAGGER_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{next(_shots):02d}-{name}.png")


def check_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def row(page: Page, name: str) -> Locator:
    return page.locator("[data-word]", has=page.locator("th", has_text=name))


def category(page: Page, name: str) -> Locator:
    return page.locator("[data-drop]", has_text=name)


@pytest.fixture
def words(desk: Desk) -> str:
    """Four tags of this test's own, as the vocabulary is everybody's; returns what their names begin with."""
    start = f"shore{next(_starts)}"
    desk.open(2)
    for word in ("lake", "forest", "snow", "mountain"):
        desk.edit_elsewhere(2, kind="add", tag=f"{start} {word}")
    return start


def test_tags_are_dragged_into_a_category_and_moved_by_keyboard(desk: Desk, page: Page, words: str) -> None:
    page.goto(f"{desk.url}/vocabulary/?q={words}")
    expect(row(page, "mountain")).to_be_visible()
    look(page, "vocabulary")
    check_accessible(page)
    page.get_by_label(f"Choose “{words} lake”").check()
    page.get_by_label(f"Choose “{words} forest”").check()
    expect(page.locator("[data-chosen]")).to_have_text("2 tags chosen")
    expect(page.get_by_role("button", name="Rename…")).to_be_disabled()
    row(page, "forest").locator("[data-grip]").drag_to(category(page, "meta"))
    expect(page.locator(".notice").first).to_contain_text("2 tags are now in “meta”.")
    expect(row(page, "lake")).to_contain_text("meta")
    look(page, "sorted")
    check_accessible(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notice").first).to_contain_text("2 tags are back.")
    expect(row(page, "lake")).not_to_contain_text("meta")
    # What is dragged without having been chosen goes alone.
    page.get_by_label(f"Choose “{words} lake”").check()
    row(page, "snow").locator("[data-grip]").drag_to(category(page, "artist"))
    expect(page.locator(".notice").first).to_contain_text("1 tag is now in “artist”.")
    # The same without a pointer.
    page.get_by_label(f"Choose “{words} snow”").focus()
    page.keyboard.press("Space")
    page.get_by_label("Category", exact=True).focus()
    page.keyboard.type("No category")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notice").first).to_contain_text("1 tag has no category now.")
    expect(row(page, "snow")).not_to_contain_text("artist")


def test_tags_are_merged_with_the_numbers_first(desk: Desk, page: Page, words: str) -> None:
    page.goto(f"{desk.url}/vocabulary/?q={words}")
    page.get_by_label(f"Choose “{words} mountain”").check()
    page.get_by_role("button", name="Merge…").click()
    look(page, "merge")
    check_accessible(page)
    page.get_by_label("Into the tag").fill("nothing like it")
    page.get_by_role("button", name="Show the numbers").click()
    expect(page.locator(".field__error")).to_contain_text(f"Rename “{words} mountain” instead")
    page.get_by_label("Into the tag").fill(f"{words} lake")
    page.get_by_role("button", name="Show the numbers").click()
    expect(page.locator(".reword__numbers")).to_be_visible()
    look(page, "numbers")
    check_accessible(page)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("Into the tag")).to_have_value(f"{words} lake")
    page.get_by_role("button", name="Show the numbers").click()
    page.get_by_role("button", name="Merge on").click()
    expect(page.locator(".notice").first).to_contain_text(f"“{words} mountain” merged into “{words} lake”")
    page.goto(f"{desk.url}/vocabulary/?q={words}")
    expect(page.get_by_label(f"Choose “{words} mountain”")).to_have_count(0)
    expect(row(page, f"{words} lake")).to_contain_text(f"{words} mountain")


def test_the_page_fits_a_phone_and_the_dark(desk: Desk, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        "/vocabulary/",
        "/vocabulary/merge/?tag=lake&tag=snow",
        "/vocabulary/?q=nothing",
        "/vocabulary/?show=deprecated",
    ):
        page.goto(f"{desk.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        look(page, "phone")
        check_accessible(page)


def test_the_desk_in_the_admin_works_under_the_policy_of_the_pages(desk: Desk, page: Page, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST)
    page.goto(f"{desk.url}/admin/tagging/tag/import/")
    look(page, "admin-import")
    page.get_by_label("File to import").set_input_files(path)
    page.get_by_role("button", name="Show what would change").click()
    expect(page.locator("tr", has_text="New tags").locator("td")).not_to_have_text("0")
    expect(page.locator(".problems").first).to_contain_text("“outdoors” is a tag itself")
    look(page, "admin-look")
    page.get_by_role("button", name="Load this list").click()
    expect(page.locator(".messagelist")).to_contain_text("List loaded")
    look(page, "admin-loaded")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export", exact=True).click()
    assert "long_hair,0,4350743" in Path(download.value.path()).read_text()
    page.goto(f"{desk.url}/admin/tagging/tag/?q=standing")
    page.locator(".action-select").first.check()
    page.locator("select[name=action]").select_option(label="Merge into another tag…")
    page.get_by_role("button", name="Go").click()
    look(page, "admin-merge")
    page.get_by_label("Into the tag").fill("smile")
    page.get_by_role("button", name="Show the numbers").click()
    expect(page.locator(".reword__numbers")).to_contain_text("Dataset")
    look(page, "admin-numbers")
    page.get_by_role("button", name="Merge on").click()
    expect(page.locator(".messagelist")).to_contain_text("“standing” merged into “smile”")
    page.goto(f"{desk.url}/admin/tagging/tag/?q=smile")
    page.get_by_role("link", name="smile", exact=True).click()
    page.get_by_label("Description").fill("Corners up.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="smile", exact=True).first.click()
    page.get_by_role("link", name="History").click()
    expect(page.locator("#change-history")).to_contain_text("Corners up.")
    look(page, "admin-history")
    page.locator("#change-history a").last.click()
    look(page, "admin-revert")
