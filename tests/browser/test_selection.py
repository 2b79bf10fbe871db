"""Selecting pictures of the grid in a real browser: by pointer, by key, by finger, and more than is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

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
    """Seven columns at 1440 pixels."""
    grid = GridPage(page, running_program.url, dataset_id).open()
    expect(page.get_by_role("grid")).to_have_attribute("aria-colcount", "7")
    return grid


def test_a_click_opens_while_nothing_is_selected_and_selects_after_that(grid: GridPage, problems: Problems) -> None:
    problems.allow_failed_requests()
    grid.click(3, "Control")
    grid.expect_selected(3)
    expect(grid.count).to_have_text("1 of 600 selected")
    expect(grid.page.locator("[data-status]")).to_have_text("1 of 600 selected")
    grid.click(5, "Control")
    grid.expect_selected(3, 5)
    grid.click(9)
    grid.expect_selected(9)
    # A second click on the only one opens it.
    grid.click(9)
    grid.page.wait_for_url(re.compile(r"/tag/\d+/"))
    grid.page.go_back()
    expect(grid.cell(1)).to_be_visible()
    grid.click(2)
    grid.page.wait_for_url(re.compile(r"/tag/\d+/"))
    # These images have no files.


def test_shift_and_a_click_selects_a_range_also_where_it_is_not_loaded(grid: GridPage) -> None:
    grid.click(2, "Control")
    grid.click(4, "Shift")
    grid.expect_selected(2, 3, 4)
    # The range follows the last click, from where it began.
    grid.click(8, "Shift")
    grid.expect_selected(2, 3, 4, 5, 6, 7, 8)
    grid.click(1, "Shift")
    grid.expect_selected(1, 2)
    grid.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    grid.click(600, "Shift")
    expect(grid.count).to_have_text("599 of 600 selected")
    grid.page.evaluate("scrollTo(0, 0)")
    expect(grid.cell(2)).to_have_attribute("aria-selected", "true")
    expect(grid.cell(1)).to_have_attribute("aria-selected", "false")


def test_all_that_match_and_the_others_are_no_list_of_numbers(grid: GridPage) -> None:
    grid.focus(1)
    grid.press("Control+a")
    expect(grid.count).to_have_text("600 of 600 selected")
    grid.press("x")
    expect(grid.count).to_have_text("599 of 600 selected")
    grid.press("Control+i")
    expect(grid.count).to_have_text("1 of 600 selected")
    grid.expect_selected(1)
    grid.press("Control+i")
    with grid.page.expect_request("**/bulk/preview") as asked:
        grid.press("t")
        grid.page.keyboard.type("never,")
    target = (asked.value.post_data_json or {})["target"]
    assert target == {"images": None, "filter": "", "except_images": [grid.first_image()]}


def test_keys_select_as_the_pointer_does(grid: GridPage) -> None:
    grid.focus(1)
    grid.press("x", "ArrowRight", "ArrowRight", "x")
    grid.expect_selected(1, 3)
    grid.press("Shift+X")
    grid.expect_selected(1)
    grid.press("Escape")
    grid.expect_selected()
    expect(grid.page.locator("[data-selection-bar]")).to_be_hidden()
    # A block, as the rectangle does: two columns in two rows.
    grid.focus(9)
    grid.press("Shift+ArrowRight", "Shift+ArrowDown")
    grid.expect_selected(9, 10, 16, 17)
    grid.press("Shift+ArrowLeft")
    grid.expect_selected(9, 16)
    # A block ends where the row ends.
    grid.press("Escape")
    grid.focus(7)
    grid.press("Shift+ArrowRight", "Shift+ArrowDown")
    grid.expect_selected(7, 14)
    # To the end, in the list's order.
    grid.press("Escape")
    grid.focus(9)
    grid.press("Shift+End")
    expect(grid.count).to_have_text("592 of 600 selected")


def test_a_rectangle_selects_what_it_touches(grid: GridPage) -> None:
    start = grid.cell(2).bounding_box()
    end = grid.cell(10).bounding_box()
    assert start
    assert end
    mouse = grid.page.mouse
    mouse.move(start["x"] + 90, start["y"] + 90)
    mouse.down()
    mouse.move(start["x"] + 120, start["y"] + 120)
    mouse.move(end["x"] + 60, end["y"] + 60, steps=4)
    expect(grid.page.locator(".grid__lasso")).to_be_visible()
    mouse.up()
    expect(grid.page.locator(".grid__lasso")).to_have_count(0)
    grid.expect_selected(2, 3, 9, 10)
    assert grid.page.url == grid.address
    # With Ctrl it comes on top.
    grid.page.keyboard.down("Control")
    mouse.move(end["x"] + 400, end["y"] + 60)
    mouse.down()
    mouse.move(end["x"] + 440, end["y"] + 80, steps=4)
    mouse.up()
    grid.page.keyboard.up("Control")
    grid.expect_selected(2, 3, 9, 10, 12)


def test_much_that_is_let_go_can_be_brought_back(grid: GridPage) -> None:
    grid.click(1, "Control")
    grid.click(25, "Shift")
    expect(grid.count).to_have_text("25 of 600 selected")
    grid.click(8)
    grid.expect_selected(8)
    toast = grid.page.locator(".toast").filter(has_text="Selection of 25 cleared")
    toast.get_by_role("button", name="Undo").click()
    expect(grid.count).to_have_text("25 of 600 selected")
    # All that match a filter comes back with the filter.
    grid.box.fill("is:untagged")
    grid.press("Enter")
    grid.expect_number(60)
    grid.focus(1)
    grid.press("Control+a")
    expect(grid.count).to_have_text("60 of 60 selected")
    grid.page.get_by_role("link", name="All", exact=True).click()
    grid.expect_number(600)
    expect(grid.page.locator("[data-selection-bar]")).to_be_hidden()
    toast = grid.page.locator(".toast").filter(has_text="Selection of 60 cleared")
    toast.get_by_role("button", name="Undo").click()
    expect(grid.count).to_have_text("60 of 60 selected")
    grid.expect_filter("is:untagged")


def test_a_mode_selects_by_clicks_alone(grid: GridPage) -> None:
    button = grid.page.get_by_role("button", name="Select by clicking alone")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    grid.click(4)
    grid.click(6)
    grid.expect_selected(4, 6)
    grid.click(4)
    grid.expect_selected(6)
    grid.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")
    grid.expect_selected()


def test_a_finger_that_stays_selects_and_then_taps_do(
    browser: Any, running_program: RunningProgram, dataset_id: int
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    grid = GridPage(context.new_page(), running_program.url, dataset_id).open()
    box = grid.cell(2).bounding_box()
    assert box
    touch = context.new_cdp_session(grid.page)
    point = {"x": box["x"] + 40, "y": box["y"] + 40}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(grid.cell(2)).to_have_attribute("aria-selected", "true")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    grid.link(5).tap()
    grid.expect_selected(2, 5)
    grid.link(2).tap()
    grid.expect_selected(5)
    assert grid.page.url == grid.address
    results = Axe().run(grid.page)
    assert results.violations_count == 0, results.generate_report()
    assert grid.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_what_has_the_focus_is_never_behind_the_bars(grid: GridPage) -> None:
    grid.focus(1)
    grid.press("x")
    for key in ["ArrowDown"] * 12 + ["ArrowUp"] * 8:
        grid.press(key)
        covered = grid.page.evaluate(
            "(() => { const box = document.activeElement.getBoundingClientRect();"
            " const top = document.querySelector('.grid-bar').getBoundingClientRect().bottom;"
            " const foot = document.querySelector('[data-selection-bar]').getBoundingClientRect().top;"
            " return box.top < top - 1 || box.bottom > foot + 1; })()"
        )
        assert not covered, key


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_rule_is_broken_while_something_is_selected(grid: GridPage, scheme: Any) -> None:
    grid.page.emulate_media(color_scheme=scheme)
    grid.click(3, "Control")
    grid.page.locator("[data-bulk-more] summary").click()
    results = Axe().run(grid.page)
    assert results.violations_count == 0, results.generate_report()
