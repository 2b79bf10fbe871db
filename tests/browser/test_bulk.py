"""Changing many pictures at once in a real browser: seen first, done, stopped, taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import Axe
from tests.browser.grid import GridPage, many_images
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

IMAGES = 600


@pytest.fixture(scope="module")
def dataset_id(running_program: RunningProgram) -> Iterator[int]:
    with many_images(running_program, IMAGES) as number:
        yield number


@pytest.fixture
def grid(running_program: RunningProgram, dataset_id: int, page: Page) -> GridPage:
    return GridPage(page, running_program.url, dataset_id).open()


def _dialog(grid: GridPage) -> Locator:
    return grid.page.get_by_role("dialog", name=re.compile("^Change "))


def _undo(grid: GridPage, text: str) -> None:
    toast = grid.page.locator(".toast").filter(has_text=text)
    toast.get_by_role("button", name="Undo").click(timeout=30_000)
    expect(grid.page.locator(".toast").filter(has_text="put back")).to_be_visible(timeout=30_000)


def test_tags_are_added_by_keys_alone_after_a_look_and_taken_back(grid: GridPage) -> None:
    grid.focus(1)
    grid.press("x", "Shift+ArrowRight", "Shift+ArrowRight", "t")
    dialog = _dialog(grid)
    expect(dialog.get_by_role("heading", name="Change 3 images")).to_be_visible()
    grid.page.keyboard.type("heron, blue sky,")
    expect(dialog.locator("[data-bulk-count]")).to_have_text("3 of 3 images change")
    sample = dialog.locator(".bulk-sample").nth(1)
    expect(sample.locator("ins")).to_have_text([re.compile("heron"), re.compile("blue sky")])
    assert grid.in_server("heron") == 0
    grid.press("Enter")
    expect(dialog).to_be_hidden()
    expect(grid.page.locator(".toast")).to_contain_text("3 images changed")
    assert grid.in_server("heron blue_sky") == 3
    # What was untagged is marked without a reload.
    expect(grid.cell(1).locator(".cell__mark")).to_have_count(1)
    grid.press("Control+z")
    expect(grid.page.locator(".toast").filter(has_text="3 pictures put back")).to_be_visible()
    assert grid.in_server("heron OR blue_sky") == 0
    expect(grid.cell(1).locator(".cell__mark")).to_have_count(0)


def test_chips_tell_what_all_and_what_some_have_and_start_a_change(grid: GridPage) -> None:
    grid.click(2, "Control")
    grid.click(10, "Shift")
    total = 9
    grid.page.get_by_role("button", name=re.compile("^Add tags")).click()
    dialog = _dialog(grid)
    chip = dialog.locator(".shared-tag").first
    name = chip.locator(".shared-tag__name").inner_text()
    count = int(chip.locator(".shared-tag__count").inner_text())
    assert 0 < count < total
    expect(chip).to_contain_text(f"on {count} of {total}")
    chip.get_by_role("button", name=f"Remove {name}").click()
    expect(dialog.get_by_role("radio", name="Remove")).to_be_checked()
    expect(dialog.locator("[data-bulk-count]")).to_have_text(f"{count} of {total} images change")
    expect(dialog.locator("del").first).to_contain_text(name)
    chip.get_by_role("button", name=f"Add {name} to all").click()
    expect(dialog.get_by_role("radio", name="Add", exact=True)).to_be_checked()
    expect(dialog.locator("[data-bulk-count]")).to_have_text(f"{total - count} of {total} images change")
    dialog.get_by_role("button", name=re.compile("^Change ")).click()
    expect(dialog).to_be_hidden()
    expect(grid.page.locator(".toast")).to_contain_text("changed")
    grid.press("t")
    expect(dialog.locator(".shared-tag").first).to_have_class(re.compile("shared-tag--all"))
    grid.press("Escape")
    _undo(grid, "changed")


def test_a_change_of_all_that_match_runs_as_a_job_and_is_taken_back(grid: GridPage) -> None:
    before = grid.in_server("word_000")
    assert 0 < before < IMAGES
    grid.focus(1)
    grid.press("Control+a", "Shift+R")
    dialog = _dialog(grid)
    grid.page.keyboard.type("word 000,")
    grid.press("Tab")
    dialog.get_by_role("combobox", name="Tags that come in their place").fill("first word")
    grid.press("Control+Enter")
    expect(dialog.locator("[data-bulk-count]")).to_have_text(f"{before} of {IMAGES} images change")
    grid.press("Enter")
    expect(dialog).to_be_hidden()
    expect(grid.page.locator(".toast")).to_contain_text(f"{before} images changed", timeout=30_000)
    assert grid.in_server("word_000") == 0
    assert grid.in_server("first_word") == before
    # What somebody touched since is left alone, and told.
    grid.page.get_by_label("Filter the pictures").fill("first_word")
    grid.press("Enter")
    grid.expect_number(before)
    href = grid.link(1).get_attribute("href") or ""
    grid.edit(int(href.rstrip("/").rpartition("/")[2]), kind="remove", tag="first word")
    grid.expect_number(before - 1)
    _undo(grid, "images changed")
    toast = grid.page.locator(".toast").filter(has_text="1 left alone")
    toast.get_by_role("button", name="Show what was left").click()
    kept = grid.page.get_by_role("dialog", name="Left as it is")
    expect(kept).to_contain_text("first word")
    results = Axe().run(grid.page)
    assert results.violations_count == 0, results.generate_report()
    assert grid.in_server("word_000") in {before - 1, before}


def test_captions_are_changed_by_a_pattern_and_a_bad_one_says_why(grid: GridPage, problems: Problems) -> None:
    problems.allow_failed_requests()
    image = grid.first_image()
    grid.edit(image, kind="caption", text="A cat by the lake.", version=0)
    grid.click(1, "Control")
    grid.press("c")
    dialog = _dialog(grid)
    grid.page.keyboard.type(r"(cat")
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    expect(dialog.locator("[data-bulk-run]")).to_be_disabled()
    dialog.get_by_label("Look for").fill(r"\b(c)at\b")
    dialog.get_by_label("Put in its place").fill(r"\1ormorant")
    expect(dialog.locator("[data-bulk-count]")).to_have_text("1 of 1 image changes")
    caption = dialog.locator(".bulk-sample__caption")
    expect(caption.locator("del")).to_contain_text("cat")
    expect(caption.locator("ins")).to_contain_text("cormorant")
    grid.press("Enter")
    expect(grid.page.locator(".toast")).to_contain_text("1 image changed")
    assert grid.in_server("caption:cormorant") == 1
    _undo(grid, "1 image changed")
    assert grid.in_server("caption:cormorant") == 0


def test_tags_are_copied_from_one_to_many(grid: GridPage) -> None:
    grid.focus(2)
    grid.press("Control+c")
    expect(grid.page.locator(".toast").filter(has_text="copied")).to_be_visible()
    grid.focus(20)
    grid.press("x", "Shift+ArrowRight", "Control+v")
    dialog = _dialog(grid)
    expect(dialog.get_by_role("radio", name="Copy")).to_be_checked()
    expect(dialog).to_contain_text("The tags of picture000002.jpg")
    expect(dialog.locator("[data-bulk-count]")).to_have_text(re.compile("of 2 images change"))
    grid.press("Escape")
    expect(grid.link(21)).to_be_focused()


def test_a_job_shows_how_far_it_is_and_can_be_stopped(grid: GridPage, dataset_id: int) -> None:
    """What the server says while a job runs is made up here: a real one of this size is over at once."""
    asked = {"state": "RUNNING"}

    def job(done: int) -> dict[str, Any]:
        facts = {"id": 77, "dataset_id": dataset_id, "kind": "add", "total": 600, "done": done, "changed": done}
        return {**facts, "rate": 40.0, "seconds_left": 12, "change": None, "error": "", "undone": None, **asked}

    def cancelled(route: Route) -> None:
        asked["state"] = "CANCELLED"
        route.fulfill(json=job(240))

    page = grid.page
    page.route(
        "**/bulk",
        lambda route: route.fulfill(status=202, json={"job": job(0), "change": None, "images": 600, "changed": 0}),
    )
    page.route("**/bulk-jobs/77", lambda route: route.fulfill(json=job(240)))
    page.route("**/bulk-jobs/77/cancel", cancelled)
    grid.focus(1)
    grid.press("Control+a", "t")
    page.keyboard.type("heron,")
    expect(_dialog(grid).locator("[data-bulk-run]")).to_be_enabled()
    grid.press("Enter")
    shown = page.get_by_role("region", name="Change of many images")
    expect(shown).to_contain_text("240 of 600 images · about 10 seconds left")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    # The page can be left and come back to.
    page.reload()
    expect(shown).to_contain_text("240 of 600 images")
    shown.get_by_role("button", name="Stop").click()
    expect(shown).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_dialog_fits_and_everyone_can_use_it(grid: GridPage, scheme: Any, width: int, height: int) -> None:
    grid.page.emulate_media(color_scheme=scheme)
    grid.page.set_viewport_size({"width": width, "height": height})
    grid.focus(2)
    grid.press("x", "Shift+ArrowRight", "Shift+ArrowDown", "t")
    grid.page.keyboard.type("heron,")
    dialog = _dialog(grid)
    expect(dialog.locator(".bulk-sample").first).to_be_visible()
    for name in ("Add", "Sort"):
        dialog.get_by_role("radio", name=name, exact=True).check()
        expect(dialog.locator("[data-bulk-count]")).not_to_be_empty()
        results = Axe().run(grid.page)
        assert results.violations_count == 0, results.generate_report()
    assert grid.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_all_selected_go_to_the_trash_and_come_back(grid: GridPage) -> None:
    grid.click(5, "Control")
    grid.click(7, "Shift")
    grid.press("Shift+Delete")
    expect(grid.page.locator(".toast")).to_contain_text("3 images moved to the trash")
    grid.expect_number(IMAGES - 3)
    expect(grid.cell(5)).to_contain_text("picture000008.jpg")
    grid.page.get_by_role("button", name="Undo").click()
    grid.expect_number(IMAGES)
    expect(grid.cell(5)).to_contain_text("picture000005.jpg")
