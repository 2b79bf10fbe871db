"""Looking closer, comparing, and knowing the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Page, Request, expect

from tests import images
from tests.browser.axe import Axe
from tests.browser.desk import WORDS, Desk, import_folder
from tests.browser.waiting import wait_until
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

FRAME = "[data-frame]"


@pytest.fixture(scope="module")
def imported(running_program: RunningProgram, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[int]]:
    """Twelve megapixels, an extreme shape, a TIFF, and a small one; they are only looked at."""
    folder = tmp_path_factory.mktemp("large")
    images.write(folder, "1.jpg", width=4000, height=3000, seed=901)
    images.write(folder, "2.png", "PNG", width=3600, height=200, seed=902)
    images.write(folder, "3.tiff", "TIFF", width=2400, height=1800, seed=903)
    images.write(folder, "4.jpg", width=64, height=48, seed=904)
    return import_folder(running_program, folder.name, folder)


@pytest.fixture
def large(running_program: RunningProgram, imported: tuple[int, list[int]], page: Page) -> Desk:
    """The desk of those pictures."""
    return Desk(page, running_program.url, *imported)


def _box(desk: Desk, selector: str) -> FloatRect:
    box = desk.page.locator(selector).first.bounding_box()
    assert box is not None
    return box


def _level(desk: Desk) -> Any:
    return expect(desk.page.locator("[data-zoom-level]"))


def test_every_pixel_is_shown_from_the_original_and_all_of_it_again(large: Desk) -> None:
    asked: list[str] = []
    large.page.on("request", lambda request: _note(request, asked))
    large.open(1)
    large.page.wait_for_load_state("networkidle")
    assert not asked, "the original was loaded although the preview is enough"
    large.press("Alt+z")
    _level(large).to_have_text("100 %")
    expect(large.page.locator("[data-stage]")).to_have_attribute("data-original", "shown")
    assert _box(large, ".loupe__original")["width"] == pytest.approx(4000, abs=1)
    assert large.page.locator(".loupe__original").evaluate("image => image.naturalWidth") == 4000
    expect(large.box).to_be_focused()
    large.press("Alt+z")
    _level(large).to_have_text("Fit")
    assert _box(large, f"{FRAME} img")["width"] < 1100


def _note(request: Request, asked: list[str]) -> None:
    if "/original/" in request.url:
        asked.append(request.url)


def test_the_place_under_the_pointer_stays_under_it(large: Desk) -> None:
    large.open(1)
    before = _box(large, f"{FRAME} img")
    x, y = before["x"] + before["width"] * 0.25, before["y"] + before["height"] * 0.75
    large.page.mouse.move(x, y)
    large.page.mouse.wheel(0, -300)
    expect(large.page.locator(FRAME)).to_have_attribute("data-zoomed", "smooth")
    after = _box(large, f"{FRAME} img")
    assert after["width"] > before["width"] * 1.5
    assert (x - after["x"]) / after["width"] == pytest.approx(0.25, abs=0.01)
    assert (y - after["y"]) / after["height"] == pytest.approx(0.75, abs=0.01)
    large.page.mouse.dblclick(x, y)
    _level(large).to_have_text("Fit")
    large.page.mouse.dblclick(x, y)
    _level(large).to_have_text("100 %")
    now = _box(large, f"{FRAME} img")
    assert (x - now["x"]) / now["width"] == pytest.approx(0.25, abs=0.01)


def test_a_zoomed_picture_is_moved_by_dragging_and_by_arrows(large: Desk) -> None:
    large.open(1)
    large.press("Alt+z")
    start = _box(large, f"{FRAME} img")
    large.page.mouse.move(400, 400)
    large.page.mouse.down()
    large.page.mouse.move(460, 430, steps=3)
    large.page.mouse.up()
    moved = _box(large, f"{FRAME} img")
    assert (moved["x"] - start["x"], moved["y"] - start["y"]) == pytest.approx((60, 30), abs=1)
    large.page.locator("[data-stage]").focus()
    large.press("ArrowRight", "ArrowDown")
    stepped = _box(large, f"{FRAME} img")
    assert (stepped["x"] - moved["x"], stepped["y"] - moved["y"]) == pytest.approx((-80, -80), abs=1)
    large.press("z")
    _level(large).to_have_text("Fit")
    large.press("+", "+", "-")
    expect(large.page.locator(FRAME)).to_have_attribute("data-zoomed", "smooth")
    large.press("Escape")
    expect(large.box).to_be_focused()


def test_two_fingers_zoom(large: Desk) -> None:
    large.open(1)
    for event in ("pointerdown", "pointermove"):
        for finger in (1, 2):
            x = 400 + (finger * 2 - 3) * (50 if event == "pointerdown" else 150)
            large.page.locator(f"{FRAME} img").dispatch_event(
                event,
                {
                    "pointerId": finger,
                    "pointerType": "touch",
                    "clientX": x,
                    "clientY": 400,
                    "button": 0,
                    "bubbles": True,
                },
            )
    expect(large.page.locator(FRAME)).to_have_attribute("data-zoomed", re.compile("smooth|pixels"))


def test_the_zoom_is_forgotten_with_the_picture_or_kept_where_one_wants(large: Desk) -> None:
    large.open(1)
    large.press("Alt+z", "PageDown")
    expect(large.page).to_have_url(large.address(2))
    _level(large).to_have_text("Fit")
    large.page.get_by_role("button", name="Keep the zoom").click()
    large.press("Alt+z", "PageUp")
    expect(large.page).to_have_url(large.address(1))
    expect(large.page.locator(FRAME)).to_have_attribute("data-zoomed", re.compile("smooth|pixels"))
    large.page.reload()
    expect(large.page.get_by_role("button", name="Keep the zoom")).to_have_attribute("aria-pressed", "true")


def test_a_tiff_is_shown_from_its_preview_and_says_so(large: Desk) -> None:
    large.open(3)
    large.press("Alt+z")
    expect(large.page.get_by_text("Browsers do not show TIFF files: this is the preview.")).to_be_visible()
    assert _box(large, f"{FRAME} img")["width"] == pytest.approx(2400, abs=1)


def test_a_small_picture_is_not_blown_up_and_its_pixels_can_be_seen(large: Desk) -> None:
    large.open(4)
    assert _box(large, f"{FRAME} img")["width"] == pytest.approx(128, abs=1)
    large.page.locator("[data-stage]").focus()
    large.press(*["+"] * 8)
    expect(large.page.locator(FRAME)).to_have_attribute("data-zoomed", "pixels")
    assert large.page.locator(f"{FRAME} img").evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"


def test_two_pictures_are_compared_in_step_with_the_tags_that_differ(desk: Desk) -> None:
    desk.open(1)
    desk.press("Alt+v")
    expect(desk.page.locator("[data-compare]")).to_be_hidden()
    desk.press("PageDown")
    expect(desk.page).to_have_url(desk.address(2))
    desk.type("heron")
    desk.press("Control+Enter", "Alt+v")
    panes = desk.page.locator(".compare__pane")
    expect(panes).to_have_count(2)
    expect(panes.first).to_contain_text("01.jpg")
    only = desk.page.locator(".compare__only")
    expect(only.first.get_by_role("listitem")).to_have_text(WORDS)
    expect(only.last.get_by_role("listitem")).to_have_text(["heron"])
    expect(desk.box).to_be_focused()
    desk.press("Alt+z")
    expect(desk.page.locator(".compare__frame[data-zoomed]")).to_have_count(2)
    desk.page.mouse.move(200, 300)
    desk.page.mouse.down()
    desk.page.mouse.move(170, 290, steps=2)
    desk.page.mouse.up()
    offsets = desk.page.locator(".compare__frame").evaluate_all(
        "frames => frames.map(f => ['x', 'y'].map(side => parseFloat(f.style.getPropertyValue(`--shown-${side}`))))"
    )
    assert offsets[0] == pytest.approx(offsets[1], abs=1)
    results = Axe().run(desk.page)
    assert results.response["violations"] == [], results.generate_report()
    desk.press("Alt+ArrowRight")
    expect(panes.first).to_contain_text("02.jpg")
    expect(panes.last).to_contain_text("03.jpg")
    desk.press("Escape")
    expect(desk.page.locator("[data-compare]")).to_be_hidden()
    expect(desk.box).to_be_focused()


def test_the_facts_of_the_file_are_shown_on_demand(large: Desk) -> None:
    large.open(1)
    panel = large.page.get_by_role("region", name="About the picture’s file")
    expect(panel).to_be_hidden()
    large.press("Alt+i")
    for words in ("1.jpg", "4000 × 3000", "12 megapixels", "4:3 (1.33)", "JPEG", "Added"):
        expect(panel).to_contain_text(words)
    large.press("PageDown")
    expect(panel).to_contain_text("18:1")
    expect(panel).to_contain_text("extreme shape")
    results = Axe().run(large.page)
    assert results.response["violations"] == [], results.generate_report()
    large.page.reload()
    expect(panel).to_be_visible()
    large.page.locator("[data-stage]").focus()
    large.press("i")
    expect(panel).to_be_hidden()


def test_going_on_asks_for_nothing_before_the_next_picture_is_painted(desk: Desk) -> None:
    desk.open(1)
    desk.page.wait_for_load_state("networkidle")
    desk.page.evaluate(
        """() => {
          window.asked = [];
          const fetch = window.fetch;
          window.fetch = (...values) => {
            window.asked.push([String(values[0]), performance.now()]);
            return fetch(...values);
          };
          addEventListener("keydown", () => {
            const waits = new MutationObserver(() => {
              waits.disconnect();
              // The last moment before the frame with the picture is painted.
              requestAnimationFrame(() => { window.painted = performance.now(); });
            });
            waits.observe(document.querySelector("[data-frame]"), { childList: true });
          }, { once: true, capture: true });
        }"""
    )
    desk.press("PageDown")
    wait_until(desk.page, "window.painted !== undefined && window.asked.length > 0")
    early = desk.page.evaluate("window.asked.filter(([, at]) => at < window.painted)")
    assert early == []


def test_nothing_is_fetched_ahead_where_data_is_to_be_saved(make_desk: Callable[..., Desk], page: Page) -> None:
    desk = make_desk(page)
    page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    desk.open(1)
    page.wait_for_load_state("networkidle")
    assert [address for address in asked if f"/images/{desk.image_ids[1]}/" in address] == []
    desk.press("PageDown")
    expect(page).to_have_url(desk.address(2))
