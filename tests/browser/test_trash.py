"""To the trash and back in a real browser: by key, by pointer, on the desk, and on the trash's own page."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import images
from tests.browser.axe import Axe
from tests.browser.desk import import_folder
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

PICTURES = 5
_numbers = itertools.count(1)


@dataclass
class Stored:
    """A dataset of five pictures; the second is tagged."""

    page: Page
    url: str
    dataset_id: int
    image_ids: list[int]

    @property
    def grid(self) -> str:
        return f"{self.url}/datasets/{self.dataset_id}/"

    def desk(self, number: int) -> str:
        return f"{self.grid}tag/{self.image_ids[number - 1]}/"

    def open_grid(self, page: Page | None = None) -> None:
        """Open the grid and wait until its script has drawn it: what the server printed is replaced then."""
        page = page or self.page
        page.goto(self.grid)
        expect(page.locator(".grid__rows .cell__name")).to_have_count(PICTURES)

    def present(self) -> list[int]:
        """The numbers of the pictures that the server shows."""
        answer = self.page.request.get(f"{self.url}/api/v1/datasets/{self.dataset_id}/images").json()
        return [self.image_ids.index(image["id"]) + 1 for image in answer["images"]]


@pytest.fixture
def stored(running_program: RunningProgram, page: Page, tmp_path: Path) -> Stored:
    number = next(_numbers)
    folder = tmp_path / "pictures"
    for seed in range(1, PICTURES + 1):
        images.write(folder, f"{seed:02d}.jpg", seed=seed + 300 * number)
    (folder / "02.txt").write_text("boat, sea")
    return Stored(page, running_program.url, *import_folder(running_program, f"Trash {number}", folder))


def cells(page: Page) -> list[str]:
    return page.locator(".grid__rows .cell__name").all_inner_texts()


def test_delete_in_the_grid_takes_the_picture_at_once_and_undo_brings_it_back(stored: Stored, page: Page) -> None:
    stored.open_grid()
    page.get_by_role("link", name=re.compile(r"^02\.jpg")).focus()
    page.keyboard.press("Delete")
    expect(page.locator(".toast")).to_contain_text("02.jpg moved to the trash")
    assert cells(page) == ["01.jpg", "03.jpg", "04.jpg", "05.jpg"]
    assert stored.present() == [1, 3, 4, 5]
    expect(page.get_by_role("link", name=re.compile(r"^03\.jpg"))).to_be_focused()
    expect(page.locator("[data-images]")).to_have_text("4 images")
    expect(page.get_by_role("link", name="1 image in the trash")).to_be_visible()
    page.keyboard.press("Delete")
    expect(page.locator(".toast")).to_contain_text("2 images moved to the trash")
    expect(page.locator(".toast")).to_have_count(1)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".grid__rows .cell__name")).to_have_count(PICTURES)
    assert stored.present() == [1, 2, 3, 4, 5]
    assert cells(page)[1:3] == ["02.jpg", "03.jpg"]
    expect(page.get_by_role("link", name=re.compile(r"in the trash"))).to_be_hidden()


def test_a_pointer_has_a_button_in_the_cell(stored: Stored, page: Page) -> None:
    stored.open_grid()
    page.get_by_role("link", name=re.compile(r"^04\.jpg")).hover()
    page.get_by_role("button", name="Move 04.jpg to the trash").click()
    expect(page.locator(".toast")).to_contain_text("04.jpg moved to the trash")
    assert stored.present() == [1, 2, 3, 5]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".grid__rows .cell__name")).to_have_count(PICTURES)


def test_a_call_that_fails_shows_the_picture_again(stored: Stored, page: Page, problems: Problems) -> None:
    problems.allow_failed_requests()
    stored.open_grid()
    page.route("**/trash", lambda route: route.fulfill(status=500, json={"detail": "Server Error"}))
    page.get_by_role("link", name=re.compile(r"^02\.jpg")).focus()
    page.keyboard.press("Delete")
    expect(page.locator(".toast--danger")).to_be_visible()
    expect(page.locator(".grid__rows .cell__name")).to_have_count(PICTURES)
    assert stored.present() == [1, 2, 3, 4, 5]


def test_another_page_sees_it_go_and_come(stored: Stored, page: Page) -> None:
    stored.open_grid()
    other = page.context.new_page()
    stored.open_grid(other)
    page.get_by_role("link", name=re.compile(r"^01\.jpg")).focus()
    page.keyboard.press("Delete")
    expect(other.locator(".grid__rows .cell__name")).to_have_count(PICTURES - 1)
    page.get_by_role("button", name="Undo").click()
    expect(other.locator(".grid__rows .cell__name")).to_have_count(PICTURES)


def test_the_desk_goes_on_to_the_next_and_undo_comes_back_with_the_tags(stored: Stored, page: Page) -> None:
    page.goto(stored.desk(2))
    box = page.get_by_role("combobox", name="Add a tag")
    expect(box).to_be_focused()
    page.keyboard.type("wind")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Shift+Delete")
    expect(page.locator(".toast")).to_contain_text("02.jpg moved to the trash")
    expect(page.locator("h1[data-name]")).to_have_text("03.jpg")
    expect(page.locator("[data-number]")).to_have_text("2 of 4")
    assert page.url == stored.desk(3)
    assert stored.present() == [1, 3, 4, 5]
    page.keyboard.press("PageUp")
    expect(page.locator("h1[data-name]")).to_have_text("01.jpg")
    expect(page.locator("[data-gone]")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("h1[data-name]")).to_have_text("02.jpg")
    expect(page.locator(".chip__name")).to_have_text(["boat", "sea", "wind"])
    expect(page.locator("[data-number]")).to_have_text("2 of 5")
    expect(page.locator("[data-gone]")).to_be_hidden()


def test_keys_of_tagging_never_delete_a_picture(stored: Stored, page: Page) -> None:
    page.goto(stored.desk(2))
    box = page.get_by_role("combobox", name="Add a tag")
    expect(box).to_be_focused()
    page.keyboard.press("Delete")
    page.keyboard.type("half a tag")
    page.keyboard.press("Shift+Delete")
    page.keyboard.press("Escape")
    page.locator(".chip__name", has_text="sea").press("Shift+Delete")
    page.get_by_role("textbox", name="Caption").press("Shift+Delete")
    expect(page.locator("h1[data-name]")).to_have_text("02.jpg")
    assert stored.present() == [1, 2, 3, 4, 5]


def test_the_last_picture_of_the_desk_leads_to_the_dataset(stored: Stored, page: Page) -> None:
    page.goto(stored.desk(5))
    for name in ("04.jpg", "03.jpg", "02.jpg", "01.jpg"):
        page.get_by_role("button", name="Move to the trash").click()
        expect(page.locator("h1[data-name]")).to_have_text(name)
    page.get_by_role("button", name="Move to the trash").click()
    page.wait_for_url(stored.grid)
    page.get_by_role("link", name="5 images in the trash").click()
    page.get_by_role("button", name="Restore 03.jpg").click()
    expect(page.get_by_text("1 image is back, with its tags.")).to_be_visible()
    assert stored.present() == [3]
    page.get_by_role("button", name="Restore all").click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    assert stored.present() == [1, 2, 3, 4, 5]


def test_emptying_asks_with_the_number_and_can_be_left(stored: Stored, page: Page) -> None:
    stored.open_grid()
    for name in ("01.jpg", "02.jpg"):
        page.get_by_role("link", name=re.compile(rf"^{name}")).focus()
        page.keyboard.press("Delete")
        expect(page.get_by_role("link", name=re.compile(rf"^{name}"))).to_have_count(0)
    expect(page.get_by_role("link", name="2 images in the trash")).to_be_visible()
    page.goto(f"{stored.grid}trash/")
    page.get_by_role("link", name="Empty trash").click()
    dialog = page.get_by_role("dialog", name="Delete 2 images for ever?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Empty trash").click()
    dialog.get_by_role("link", name="Keep them").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Empty trash").click()
    dialog.get_by_role("button", name="Delete 2 images").click()
    expect(page.get_by_text("2 images were deleted for ever.")).to_be_visible()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    assert stored.present() == [3, 4, 5]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("size", "width", "height"), [("wide", 1440, 900), ("narrow", 390, 844)])
def test_the_trash_fits_and_everyone_can_use_it(
    browser: Browser, stored: Stored, page: Page, tmp_path: Path, theme: str, size: str, width: int, height: int
) -> None:
    stored.open_grid()
    page.get_by_role("link", name=re.compile(r"^01\.jpg")).focus()
    for count in range(PICTURES - 2):
        page.keyboard.press("Delete")
        expect(page.locator(".grid__rows .cell__name")).to_have_count(PICTURES - 1 - count)
    expect(page.get_by_role("link", name="3 images in the trash")).to_be_visible()
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
        has_touch=size == "narrow",
        is_mobile=size == "narrow",
    )
    look = context.new_page()
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in (("trash", "trash/"), ("trash-question", "trash/"), ("trash-grid", "")):
        look.goto(stored.grid + path)
        look.wait_for_load_state("networkidle")
        if name == "trash-question":
            look.get_by_role("link", name="Empty trash").click()
        if name == "trash-grid" and size == "wide":
            look.locator(".grid__rows .cell").first.hover()
        look.screenshot(path=folder / f"{name}-{size}-{theme}.png")
        assert look.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window"
        results = Axe().run(look)
        assert results.violations_count == 0, results.generate_report()
    context.close()
