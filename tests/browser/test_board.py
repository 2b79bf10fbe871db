"""The board in a real browser: marks that lead to their pictures, by pointer and by keyboard, and goals."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk
from tests.browser.problems import Problems
from tests.person import Person
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

_shots = itertools.count(1)
LONG = "a tag with a very long name that goes on until it does not fit beside its number any more"
TAGS = [["girl", "hat", "smile"], ["girl", "hat"], ["girl", LONG], ["girl", "青い空"], []]


@pytest.fixture
def tagged(make_desk: Callable[..., Desk], page: Page) -> Desk:
    """Five pictures, four of them with tags."""
    desk = make_desk(page, words=TAGS[0])
    desk.page.goto(f"{desk.url}/datasets/{desk.dataset_id}/")
    for number, names in enumerate(TAGS[1:], start=2):
        for name in names:
            desk.edit_elsewhere(number, kind="add", tag=name)
    return desk


def board(desk: Desk) -> str:
    return f"{desk.url}/datasets/{desk.dataset_id}/board/"


def figure(page: Page, name: str) -> Locator:
    return page.get_by_role("figure", name=name, exact=True)


def look(page: Page, name: str) -> None:
    """Keep a picture of the page where a person asked for it."""
    if folder := os.environ.get("TAGGER_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{next(_shots):02d}-{name}.png", full_page=True)


def check_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_bar_leads_to_its_pictures_and_the_table_says_the_same(tagged: Desk, page: Page) -> None:
    page.goto(f"{tagged.url}/datasets/{tagged.dataset_id}/")
    page.get_by_role("link", name="Board").first.click()
    page.wait_for_url(board(tagged))
    tags = figure(page, "Most used tags")
    expect(tags.get_by_role("link", name="hat: on 2 pictures, 50 %")).to_be_visible()
    tags.locator("summary").click()
    expect(tags.get_by_role("row", name=re.compile("^hat"))).to_contain_text("50 %")
    look(page, "board")
    check_accessible(page)
    tags.get_by_role("link", name="hat: on 2 pictures, 50 %").click()
    page.wait_for_url(re.compile(r"filter=hat"))
    expect(page.locator("[data-grid][data-total]")).to_have_attribute("data-total", "2")


def test_a_chart_of_many_marks_is_one_tab_stop_and_arrows_lead_through_it(tagged: Desk, page: Page) -> None:
    page.goto(board(tagged))
    matrix = figure(page, "What goes together").locator("svg[data-marks]")
    expect(matrix.locator("a[tabindex='0']")).to_have_count(1)
    matrix.locator("a").first.focus()
    page.keyboard.press("ArrowRight")
    focused = page.locator("a:focus")
    expect(focused).to_have_attribute("aria-label", re.compile("^girl, also with hat: 50 %"))
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_attribute("aria-label", "hat: on 2 pictures")
    page.keyboard.press("Tab")
    assert not matrix.evaluate("(drawing) => drawing.contains(document.activeElement)")
    page.keyboard.press("Shift+Tab")
    expect(focused).to_have_attribute("aria-label", "hat: on 2 pictures")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"filter=hat\+girl"))


def test_a_goal_is_written_with_completions_and_its_number_before_it_is_set(tagged: Desk, page: Page) -> None:
    page.goto(board(tagged))
    page.get_by_text("Set a goal", exact=True).click()
    page.get_by_label("What", exact=True).fill("Hats")
    page.get_by_label("How many", exact=True).fill("3")
    box = page.get_by_label("Which pictures count")
    box.press_sequentially("ha")
    page.get_by_role("option", name=re.compile("^hat")).click()
    expect(page.locator("[data-filter-count]")).to_have_text("2 images")
    look(page, "goal-form")
    box.press("Escape")
    check_accessible(page)
    box.press("Enter")
    expect(page.locator(".goal")).to_contain_text("2 of 3 · 1 missing")
    page.get_by_role("link", name="Change the goal Hats").click()
    page.get_by_label("How many", exact=True).fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".goal")).to_contain_text("reached")
    page.get_by_role("button", name="Remove the goal Hats").click()
    expect(page.locator(".goal")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".goal__name")).to_have_text("Hats")


def test_a_filter_that_cannot_be_read_is_told_in_its_place(tagged: Desk, page: Page, problems: Problems) -> None:
    page.goto(board(tagged))
    page.get_by_text("Set a goal", exact=True).click()
    page.get_by_label("What", exact=True).fill("Hats")
    # The box asks how many there would be, and is told that it cannot be read.
    problems.allow_failed_requests()
    page.get_by_label("Which pictures count").fill("(hat")
    # The completions lie over the button until the box is left.
    page.get_by_label("What", exact=True).focus()
    page.get_by_role("button", name="Set the goal").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Which pictures count")).to_have_value("(hat")
    expect(page.locator("[data-filter-input]")).to_have_attribute("aria-invalid", "true")
    check_accessible(page)


def test_the_palette_leads_to_the_board_where_another_trainer_is_shown_as_soon_as_it_is_chosen(
    tagged: Desk, page: Page
) -> None:
    page.goto(f"{tagged.url}/datasets/{tagged.dataset_id}/history/")
    page.keyboard.press("Control+k")
    page.keyboard.type("board of this")
    page.keyboard.press("Enter")
    page.wait_for_url(board(tagged))
    page.get_by_label("Trainer", exact=True).select_option(label="OneTrainer")
    page.wait_for_url(re.compile("trainer=onetrainer"))
    expect(figure(page, "Buckets of OneTrainer")).to_be_visible()


def test_by_keys_one_passes_trainers_and_chooses_with_enter(tagged: Desk, page: Page) -> None:
    page.goto(board(tagged))
    trainer = page.get_by_label("Trainer", exact=True)
    trainer.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(trainer.locator("option:checked")).to_have_text("OneTrainer")
    expect(page).to_have_url(board(tagged))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("trainer=onetrainer"))
    expect(figure(page, "Buckets of OneTrainer")).to_be_visible()


def test_the_board_fits_a_phone_in_forced_colours(tagged: Desk, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(forced_colors="active")
    page.goto(board(tagged))
    expect(figure(page, "Sizes")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    look(page, "forced-colours")
    check_accessible(page)


def test_an_empty_dataset_leads_to_its_first_pictures(running_program: RunningProgram, page: Page) -> None:
    dataset = Person(running_program).post("/datasets", {"name": "Nothing on the board"})["id"]
    page.goto(f"{running_program.url}/datasets/{dataset}/board/")
    expect(page.get_by_role("heading", name="Nothing to count yet")).to_be_visible()
    look(page, "empty")
    check_accessible(page)
    page.get_by_role("link", name="Add images").click()
    page.wait_for_url(re.compile(f"/datasets/{dataset}/import/"))
