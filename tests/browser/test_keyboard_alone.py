"""The whole loop without a mouse: from the first page to the zip, and every step can be seen to have the focus."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.flow]

# A card's link shows its focus around the whole card.
_FOCUS = """
() => {
  const element = document.activeElement, box = element.getBoundingClientRect();
  const isMarked = (part, pseudo) => {
    const style = getComputedStyle(part, pseudo);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
  };
  return {
    text: (element.getAttribute("aria-label") || element.innerText || element.value || "").trim(),
    isMarked: isMarked(element) || isMarked(element, "::after") || isMarked(element.parentElement),
    isInView: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
  };
}
"""


def tab_to(page: Page, text: str) -> None:
    """Press Tab until what begins with the text has the focus, and see that the focus can be seen on the way."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        if not focus["text"]:
            continue
        assert focus["isMarked"], f"nothing shows that “{focus['text']}” has the focus"
        if focus["text"].startswith(text):
            assert focus["isInView"], f"“{text}” has the focus out of sight"
            return
    pytest.fail(f"Tab does not lead to “{text}”")


def test_from_the_first_page_to_the_zip_by_keyboard_alone(desk: Desk, tmp_path: Path) -> None:
    page = desk.page
    page.goto(desk.url)
    name = page.request.get(f"{desk.url}/api/v1/datasets/{desk.dataset_id}").json()["name"]
    tab_to(page, name)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{desk.url}/datasets/{desk.dataset_id}/")
    tab_to(page, "Tag")
    page.keyboard.press("Enter")
    expect(desk.box).to_be_focused()

    expect(page).to_have_url(desk.address(2))
    for number in (2, 3):
        for start in ("ou", "bl"):
            desk.type(start)
            desk.press("Enter")
        desk.expect_chips("outdoors", "blue sky")
        desk.press("Alt+c")
        page.keyboard.type(f"Picture {number} of a walk.")
        desk.press("Escape")
        expect(desk.box).to_be_focused()
        desk.press("Enter")
        expect(page).to_have_url(desk.address(number + 1))
    desk.press("Control+z")
    expect(page).to_have_url(desk.address(3))
    desk.expect_saved()

    desk.press("Control+k")
    page.keyboard.type("export")
    desk.press("Enter")
    expect(page).to_have_url(re.compile(f"{desk.url}/datasets/{desk.dataset_id}/export/"))
    expect(page.get_by_role("button", name="Export 5 images")).to_be_enabled()
    # What was chosen last time, or the first trainer, holds the focus of the radio buttons; arrows choose another.
    tab_to(page, "kohya")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="musubi-tuner")).to_be_checked()
    tab_to(page, "Export 5 images")
    page.keyboard.press("Enter")
    # Where the focus was goes on to what came of it.
    expect(page.get_by_role("link", name="Download")).to_be_focused(timeout=60_000)
    with page.expect_download() as downloading:
        page.keyboard.press("Enter")
    downloading.value.save_as(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as export:
        assert "dataset.toml" in {name.rpartition("/")[2] for name in export.namelist()}
        texts = [export.read(name).decode() for name in sorted(export.namelist()) if name.endswith(".txt")]
    assert any("outdoors, blue sky" in text and "Picture 2 of a walk." in text for text in texts)
