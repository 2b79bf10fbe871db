"""The filter of the grid in a real browser: written, completed, explained, kept in the address; the list of tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import Axe
from tests.browser.grid import GridPage, many_images
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

IMAGES = 300


@pytest.fixture(scope="module")
def dataset_id(running_program: RunningProgram) -> Iterator[int]:
    with many_images(running_program, IMAGES) as number:
        yield number


@pytest.fixture
def grid(running_program: RunningProgram, dataset_id: int, page: Page) -> GridPage:
    return GridPage(page, running_program.url, dataset_id)


def test_a_filter_lives_in_the_address_and_back_undoes_it(grid: GridPage) -> None:
    grid.open()
    grid.expect_number(IMAGES)
    grid.press("/")
    expect(grid.box).to_be_focused()
    grid.page.keyboard.type("is:untagged")
    grid.press("Enter")
    grid.expect_number(30)
    grid.expect_filter("is:untagged")
    matching = grid.page.locator("[data-matching]")
    expect(matching).to_have_text("· 30 match")
    expect(grid.page.locator('.segmented [aria-current="true"]')).to_contain_text("Untagged")
    grid.page.get_by_label("Order").select_option("newest")
    expect(grid.cell(1)).to_contain_text("picture000291.jpg")
    grid.page.reload()
    grid.expect_number(30)
    grid.expect_filter("is:untagged")
    expect(grid.cell(1)).to_contain_text("picture000291.jpg")
    grid.page.go_back()
    expect(grid.cell(1)).to_contain_text("picture000001.jpg")
    grid.page.go_back()
    grid.expect_number(IMAGES)
    grid.expect_filter("")
    expect(matching).to_be_hidden()
    grid.page.go_forward()
    grid.expect_number(30)
    grid.expect_filter("is:untagged")


def test_what_cannot_be_read_is_underlined_with_the_reason(grid: GridPage, problems: Problems) -> None:
    problems.allow_failed_requests()
    grid.open()
    grid.press("/")
    grid.page.keyboard.type("🌊 is:nonsense lake")
    grid.press("Enter")
    error = grid.page.get_by_role("alert").filter(has_text="nonsense")
    expect(error).to_be_visible()
    expect(grid.page.locator("[data-filter-mirror] mark")).to_have_text("is:nonsense")
    expect(grid.box).to_have_attribute("aria-invalid", "true")
    expect(grid.box).to_have_attribute("aria-describedby", "filter-error")
    # The pictures of the filter that holds stay.
    grid.expect_number(IMAGES)
    assert "filter=" not in grid.page.url
    results = Axe().run(grid.page)
    assert results.violations_count == 0, results.generate_report()
    grid.page.keyboard.type("!")
    expect(error).to_be_hidden()
    expect(grid.box).not_to_have_attribute("aria-invalid", "true")


def test_a_shared_address_that_cannot_be_read_says_so_without_a_script_too(grid: GridPage, problems: Problems) -> None:
    problems.allow_failed_requests()
    grid.open("?filter=is%3Anonsense")
    expect(grid.page.get_by_role("heading", name="This filter cannot be read")).to_be_visible()
    expect(grid.page.locator("[data-filter-mirror] mark")).to_have_text("is:nonsense")
    grid.page.get_by_role("link", name="Clear the filter").click()
    grid.expect_number(IMAGES)


def test_completions_come_with_counts_and_are_taken_by_key(grid: GridPage, problems: Problems) -> None:
    problems.allow_failed_requests()
    grid.open()
    grid.press("/")
    grid.page.keyboard.type("is:unt")
    option = grid.page.locator(".finder__option").filter(has_text="untagged")
    expect(option).to_be_visible()
    grid.press("Tab")
    expect(grid.box).to_have_value("is:untagged ")
    expect(grid.page.locator("[data-filter-count]")).to_have_text("30 images")
    grid.page.keyboard.type("-word_00")
    first = grid.page.locator(".finder__option").first
    expect(first.locator(".finder__option-count")).to_have_text(re.compile(r"\d"))
    grid.press("ArrowDown", "Enter")
    expect(grid.box).to_have_value(re.compile(r"^is:untagged -word_\d\d\d $"))
    # Enter without a choice lets it hold.
    grid.press("Enter")
    grid.expect_number(30)
    assert "word_0" in grid.page.url
    # What was half written was no filter yet.
    expect(grid.page.get_by_role("alert")).to_be_hidden()


def test_tab_takes_what_completes_the_text_that_is_written_now(grid: GridPage, problems: Problems) -> None:
    problems.allow_failed_requests()
    grid.open()
    grid.press("/")
    expect(grid.page.locator(".finder__option").first).to_be_visible()

    held: list[Route] = []
    grid.page.route("**/completions?**", lambda route: held.append(route))
    grid.page.keyboard.type("is:unt")
    grid.press("Tab")
    grid.page.unroute("**/completions?**")
    for route in held:
        with suppress(PlaywrightError):  # the page waits no more for what is out of date
            route.continue_()
    expect(grid.box).to_have_value("is:untagged ")
    expect(grid.box).to_be_focused()


def test_escape_goes_back_step_by_step(grid: GridPage) -> None:
    grid.open("?filter=is:untagged")
    grid.expect_number(30)
    grid.press("/", "End")
    grid.page.keyboard.type(" wor")
    expect(grid.page.locator(".finder__option").first).to_be_visible()
    grid.press("Escape")
    expect(grid.page.locator("#filter-list")).to_be_hidden()
    expect(grid.box).to_have_value("is:untagged wor")
    grid.press("Escape")
    expect(grid.box).to_have_value("is:untagged")
    grid.press("Escape")
    expect(grid.box).not_to_be_focused()
    grid.expect_number(30)


def test_nothing_found_shows_the_filter_and_the_way_out(grid: GridPage) -> None:
    grid.open()
    grid.box.fill('"no such tag"')
    grid.press("Enter")
    empty = grid.page.locator("[data-empty]")
    expect(empty).to_contain_text('"no such tag"')
    results = Axe().run(grid.page)
    assert results.violations_count == 0, results.generate_report()
    empty.get_by_role("button", name="Clear the filter").click()
    grid.expect_number(IMAGES)
    grid.expect_filter("")


def test_the_help_explains_with_examples_that_can_be_tried(grid: GridPage) -> None:
    grid.open()
    grid.page.get_by_role("button", name="How to write a filter").click()
    dialog = grid.page.get_by_role("dialog", name="How to write a filter")
    expect(dialog).to_be_visible()
    results = Axe().run(grid.page)
    assert results.violations_count == 0, results.generate_report()
    dialog.get_by_role("button", name="tags:<5").click()
    expect(dialog).to_be_hidden()
    grid.expect_number(grid.in_server("tags:<5"))
    grid.expect_filter("tags:<5")


def test_every_example_of_the_help_can_be_read(grid: GridPage) -> None:
    grid.open()
    grid.page.get_by_role("button", name="How to write a filter").click()
    examples = grid.page.locator(".filter-help [data-example]")
    texts = [examples.nth(number).get_attribute("data-example") or "" for number in range(examples.count())]
    assert len(texts) > 10
    for text in texts:
        answer = grid.page.request.get(
            f"{grid.url}/api/v1/datasets/{grid.dataset_id}/images", params={"filter": text, "limit": 1}
        )
        assert answer.ok, f"{text}: {answer.text()}"


def test_the_list_of_tags_counts_what_is_shown_and_filters(grid: GridPage) -> None:
    grid.open()
    grid.press("l")
    tags = grid.page.get_by_role("complementary", name="Tags")
    first = tags.locator(".tag-row__name").first
    expect(first).to_contain_text("word 000")
    many = grid.in_server("word_000")
    expect(first).to_have_accessible_name(f"word 000, on {many} images")
    first.click()
    grid.expect_number(many)
    grid.expect_filter("word_000")
    expect(first).to_have_attribute("aria-pressed", "true")
    second = tags.locator(".tag-row__name").nth(1)
    name = (second.locator("bdi").inner_text()).replace(" ", "_")
    second.click(modifiers=["Alt"])
    grid.expect_number(grid.in_server(f"word_000 -{name}"))
    grid.expect_filter(f"word_000 -{name}")
    # By key: from the search down the list, and to the button that rules out.
    search = tags.get_by_role("searchbox")
    search.fill("word 00")
    expect(tags.locator("[data-tag-line]")).to_have_text(re.compile(r"^\d tags$"))
    search.press("ArrowDown")
    grid.press("ArrowDown")
    expect(grid.page.locator('.tag-row[data-index="1"] .tag-row__name')).to_be_focused()
    results = Axe().run(grid.page)
    assert results.violations_count == 0, results.generate_report()
    # It is there again after a reload, until it is closed.
    grid.page.reload()
    expect(tags).to_be_visible()
    tags.get_by_role("button", name="Close the list of tags").click()
    grid.page.reload()
    grid.expect_number(grid.in_server(f"word_000 -{name}"))
    expect(tags).to_be_hidden()


def test_on_a_phone_the_tags_are_a_sheet(browser: Any, running_program: RunningProgram, dataset_id: int) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    grid = GridPage(context.new_page(), running_program.url, dataset_id).open()
    grid.page.get_by_role("button", name="Tags", exact=True).tap()
    sheet = grid.page.get_by_role("dialog", name="Tags")
    expect(sheet.locator(".tag-row").first).to_be_visible()
    results = Axe().run(grid.page)
    assert results.violations_count == 0, results.generate_report()
    assert grid.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sheet.locator(".tag-row__without").first.tap()
    grid.expect_filter("-word_000")
    grid.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    context.close()


def test_a_session_and_the_desk_take_the_filter_along(grid: GridPage, problems: Problems) -> None:
    problems.allow_failed_requests()
    grid.open("?filter=is:untagged&order=name")
    grid.expect_number(30)
    grid.page.get_by_role("link", name="Session").first.click()
    dialog = grid.page.get_by_role("dialog", name="Start a session")
    expect(dialog.get_by_label("Which pictures")).to_have_value("is:untagged")
    expect(dialog.get_by_role("radio", name="name")).to_be_checked()
    grid.press("Escape")
    grid.page.get_by_role("link", name="Tag", exact=True).first.click()
    grid.page.wait_for_url(re.compile(r"/tag/\d+/\?walk=\d+"))
    expect(grid.page.locator("[data-number]")).to_have_text("1 of 30")
    # These images have no files.


def test_a_picture_opened_under_a_filter_leads_on_past_what_matches(grid: GridPage, problems: Problems) -> None:
    problems.allow_failed_requests()
    grid.open("?filter=is:untagged&order=newest")
    grid.expect_number(30)
    grid.click(3)
    grid.page.wait_for_url(re.compile(r"/tag/\d+/\?walk=\d+"))
    expect(grid.page.locator("[data-number]")).to_have_text("3 of 30")
    walk = urlsplit(grid.page.url).query
    grid.page.go_back()
    grid.expect_filter("is:untagged")
    grid.focus(2)
    grid.press("Enter")
    # The same session goes on: looking at pictures one by one makes no others.
    grid.page.wait_for_url(re.compile(rf"/tag/\d+/\?{walk}$"))
    expect(grid.page.locator("[data-number]")).to_have_text("2 of 30")
    # These images have no files.
