"""Near-duplicates as a person meets them: copies side by side, one kept, the others to the trash and back."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import Axe
from tests.browser.desk import import_folder
from tests.landscapes import landscape
from tests.program import RunningProgram

pytestmark = pytest.mark.browser

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


def draw_copies(folder: Path) -> None:
    """Two landscapes with copies of other sizes and qualities, two without, one tiny and one very wide."""
    folder.mkdir()
    for seed, name in ((1, "valley"), (4, "ridge")):
        original = landscape(seed)
        original.save(folder / f"{name}.png")
        half = original.resize((original.width // 2, original.height // 2), Image.Resampling.LANCZOS)
        half.save(folder / f"{name} half.jpg", quality=90)
        original.save(folder / f"{name} again.webp", quality=60)
    for seed in (9, 14):
        landscape(seed).save(folder / f"other {seed}.jpg", quality=88)
    landscape(21).resize((300, 200)).save(folder / "tiny.jpg", quality=90)
    landscape(22).crop((0, 300, 1000, 560)).save(folder / "wide.jpg", quality=90)
    (folder / "valley.txt").write_text("mountains, haze", encoding="utf-8")
    (folder / "valley half.txt").write_text("haze, sunrise", encoding="utf-8")
    (folder / "valley again.txt").write_text("layered ridges, sunrise", encoding="utf-8")


def import_copies(program: RunningProgram, folder: Path, name: str) -> str:
    """Import the folder into a dataset of this name; returns the dataset's address."""
    draw_copies(folder)
    dataset_id, _ = import_folder(program, name, folder)
    return f"{program.url.rstrip('/')}/datasets/{dataset_id}/"


@pytest.fixture(scope="module")
def looked_at(running_program: RunningProgram, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A dataset that is only looked at."""
    return import_copies(running_program, tmp_path_factory.mktemp("near") / "pictures", "Copies seen")


def groups(page: Page) -> Locator:
    return page.locator("[data-group]")


def test_copies_are_shown_kept_undone_and_told_apart(
    page: Page, running_program: RunningProgram, tmp_path: Path
) -> None:
    address = import_copies(running_program, tmp_path / "pictures", "Copies to work on")
    page.goto(address)
    page.locator("[data-look-at] summary").click()
    page.get_by_role("link", name="Near-duplicates").click()
    expect(page.get_by_role("heading", name="Near-duplicates")).to_be_visible()
    expect(groups(page)).to_have_count(2)
    valley = groups(page).filter(has_text="valley")
    expect(valley.locator(".duplicate")).to_have_count(3)
    expect(page.get_by_text("other 9")).to_have_count(0)

    # The best is chosen, and says what it would be given; another choice says so at once.
    best = valley.locator(".duplicate").first
    expect(best.locator(".duplicate__gains")).to_contain_text("layered ridges")
    half = valley.locator(".duplicate").filter(has_text="valley half")
    expect(half.get_by_text("To the trash")).to_be_visible()
    half.get_by_role("radio").check()
    expect(half.get_by_text("To the trash")).to_be_hidden()
    expect(half.locator(".duplicate__gains")).to_contain_text("mountains")
    expect(best.locator(".duplicate__gains")).to_be_hidden()
    valley.get_by_role("checkbox").uncheck()
    expect(half.locator(".duplicate__gains")).to_be_hidden()

    # Enter in a field is nobody's button.
    half.get_by_role("radio").press("Enter")
    page.wait_for_timeout(500)
    expect(groups(page)).to_have_count(2)

    best.get_by_role("radio").check()
    valley.get_by_role("checkbox").check()
    valley.get_by_role("button", name="Keep the chosen one").click()
    expect(groups(page)).to_have_count(1)
    expect(groups(page)).to_be_focused()
    toast = page.locator(".toast").filter(has_text="2 images moved to the trash")
    toast.get_by_role("button", name="Undo").click()
    expect(groups(page)).to_have_count(2)
    page.reload()
    expect(groups(page)).to_have_count(2)

    page.get_by_role("button", name="Keep the best in all groups on this page").click()
    expect(page.get_by_text("4 images moved to the trash")).to_be_visible()
    expect(page.get_by_role("heading", name="This page is done")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(groups(page)).to_have_count(2)

    groups(page).filter(has_text="ridge.png").get_by_role("button", name="Keep all").click()
    expect(groups(page)).to_have_count(1)
    page.reload()
    expect(groups(page)).to_have_count(1)
    page.get_by_role("button", name="Keep the chosen one").click()
    page.get_by_role("link", name="Look for more").click()
    expect(page.get_by_role("heading", name="No picture looks like another")).to_be_visible()
    page.goto(address)
    expect(page.get_by_text("2 images in the trash")).to_be_visible()


def test_the_grid_shows_what_is_worth_a_look(page: Page, looked_at: str) -> None:
    page.goto(looked_at)
    expect(page.get_by_role("gridcell")).to_have_count(10)
    expect(page.locator(".cell__flag").first).to_be_visible()
    page.locator("[data-look-at] summary").click()
    page.keyboard.press("Escape")
    expect(page.locator("[data-look-at] .look-at__list")).to_be_hidden()
    page.locator("[data-look-at] summary").click()
    page.get_by_role("link", name=re.compile("Extreme shape")).click()
    expect(page).to_have_url(re.compile("filter=is%3Aextreme"))
    cell = page.get_by_role("gridcell")
    expect(cell).to_have_count(1)
    expect(cell.get_by_role("link")).to_have_accessible_name(re.compile("wide.jpg.*too small, extreme shape"))
    cell.get_by_role("link").click()
    expect(page.locator("[data-flags]")).to_have_text("too small, extreme shape")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["duplicates", "look-at"])
def test_the_pages_fit_and_everyone_can_use_them(
    browser: Browser, looked_at: str, tmp_path: Path, name: str, size: str, theme: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(looked_at + ("duplicates/" if name == "duplicates" else ""))
    page.wait_for_load_state("networkidle")
    if name == "look-at":
        page.locator("[data-look-at] summary").click()
    page.wait_for_timeout(300)
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window"
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    context.close()
