"""The grid of many images in a real browser: any place at once, little in the page, and still while things change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import FloatRect, Locator, Page, Request, expect

from tests.browser.grid import GridPage, many_images
from tests.browser.problems import Problems
from tests.browser.waiting import wait_until
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

IMAGES = 2_000
TALLEST = 15_000_000


@pytest.fixture(scope="module")
def dataset_id(running_program: RunningProgram) -> Iterator[int]:
    with many_images(running_program, IMAGES) as number:
        yield number


@pytest.fixture
def grid(running_program: RunningProgram, dataset_id: int, page: Page) -> GridPage:
    return GridPage(page, running_program.url, dataset_id).open()


def _scroll_to(grid: GridPage, share: float) -> None:
    """Scroll to a share of the page, and wait until the grid has drawn there."""
    grid.page.evaluate(
        "async (share) => { scrollTo(0, (document.documentElement.scrollHeight - innerHeight) * share);"
        " for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame); }",
        share,
    )


def _box_at_rest(page: Page, locator: Locator) -> FloatRect:
    """Where an element lies once it does not move any more."""
    before = None
    while (box := locator.bounding_box()) is None or box != before:
        before = box
        page.wait_for_timeout(150)
    return box


def _elements(grid: GridPage) -> int:
    return int(grid.page.evaluate("document.getElementsByTagName('*').length"))


def test_a_jump_asks_for_what_is_in_sight_alone(grid: GridPage) -> None:
    grid.expect_number(IMAGES)
    asked: list[str] = []

    def note(request: Request) -> None:
        if re.search(r"/images\?", request.url):
            asked.append(request.url)

    grid.page.on("request", note)
    _scroll_to(grid, 1)
    expect(grid.cell(IMAGES)).to_contain_text("picture002000.jpg")
    _scroll_to(grid, 0.5)
    expect(grid.cell(IMAGES // 2)).to_contain_text("picture001000.jpg")
    assert 0 < len(asked) <= 4
    assert all(parse_qs(urlsplit(address).query)["after"] for address in asked)
    # Back where one was nothing is asked for.
    asked.clear()
    _scroll_to(grid, 0)
    expect(grid.cell(1)).to_contain_text("picture000001.jpg")
    assert asked == []


def test_however_far_one_scrolls_the_page_holds_few_elements(grid: GridPage) -> None:
    grid.press("l")
    expect(grid.page.locator(".tag-row").first).to_be_visible()
    counts = []
    for share in (0, 0.3, 0.6, 1, 0.1):
        _scroll_to(grid, share)
        expect(grid.page.locator(".cell--empty")).to_have_count(0)
        counts.append(_elements(grid))
    # The smallest there are.
    for _ in range(3):
        grid.page.get_by_role("button", name="Smaller pictures").click()
    expect(grid.page.locator(".cell--empty")).to_have_count(0)
    counts.append(_elements(grid))
    assert max(counts) < 1_000, counts


@pytest.mark.parametrize("order", ["name", "newest", "size", "ratio", "changed"])
def test_every_order_can_be_entered_anywhere(grid: GridPage, order: str) -> None:
    with grid.page.expect_response(re.compile("landmarks")):
        grid.page.get_by_label("Order").select_option(order)
    _scroll_to(grid, 0.7)
    expect(grid.page.locator(".cell--empty")).to_have_count(0)
    label = grid.page.locator(".cell__link").nth(20).get_attribute("aria-label") or ""
    number = int((re.search(r", ([\d,]+) of", label) or [""])[1].replace(",", ""))
    ids = grid.page.request.get(
        f"{grid.url}/api/v1/datasets/{grid.dataset_id}/images/ids?order={order}&start={number - 1}&end={number}"
    ).json()["ids"]
    expect(grid.cell(number)).to_have_attribute("data-image", str(ids[0]))


def test_what_is_looked_at_stays_while_images_come_and_go_before_it(grid: GridPage) -> None:
    """Under a filter that somebody else's edits change."""
    grid.box.fill("is:untagged")
    grid.press("Enter")
    grid.expect_number(IMAGES // 10)
    first = grid.page.request.get(
        f"{grid.url}/api/v1/datasets/{grid.dataset_id}/images?filter=is:untagged&limit=14"
    ).json()["images"]
    _scroll_to(grid, 0.8)
    expect(grid.page.locator(".cell--empty")).to_have_count(0)
    target = grid.page.locator(".cell[data-image]").nth(17)
    image = target.get_attribute("data-image")
    same = grid.page.locator(f'.cell[data-image="{image}"]')
    same.locator(".cell__link").focus()
    before = same.bounding_box()
    # Two rows of seven.
    for row in first:
        grid.edit(row["id"], kind="add", tag="done")
    grid.expect_number(IMAGES // 10 - 14)
    after = same.bounding_box()
    assert before
    assert after
    assert abs(after["y"] - before["y"]) < 2
    expect(same.locator(".cell__link")).to_be_focused()


def test_back_leads_to_the_place_and_the_focus(grid: GridPage, problems: Problems) -> None:
    problems.allow_failed_requests()
    _scroll_to(grid, 0.6)
    expect(grid.page.locator(".cell--empty")).to_have_count(0)
    cell = grid.page.locator(".cell[data-image]").nth(15)
    name = cell.locator(".cell__name").inner_text()
    cell.locator(".cell__link").click()
    grid.page.wait_for_url(re.compile("/tag/"))
    grid.page.go_back()
    expect(grid.page.locator(".cell__name").filter(has_text=name)).to_be_in_viewport()
    # These images have no files.


def test_a_list_longer_than_any_element_can_be_scrolled_to_its_end(
    browser: Any, running_program: RunningProgram, dataset_id: int
) -> None:
    """One column of 400 pixels of a hundred thousand images is 40 million pixels: more than a browser draws."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_init_script("localStorage.setItem('grid-size', '400')")
    page = context.new_page()
    grid = GridPage(page, running_program.url, dataset_id)
    _pretend(page, 100_000)
    grid.open()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "100000")
    assert page.evaluate("document.querySelector('.grid__rows').clientHeight") == TALLEST
    _scroll_to(grid, 1)
    expect(grid.cell(100_000)).to_be_in_viewport()
    _scroll_to(grid, 0.5)
    wait_until(page, "document.querySelectorAll('.cell[data-image]').length > 2")
    # A small turn of the wheel moves by what it says.
    link = page.locator(".cell__link").nth(1)
    index = link.get_attribute("data-index")
    same = page.locator(f'[data-index="{index}"]')
    start = _box_at_rest(page, same)
    page.mouse.move(200, 500)
    page.mouse.wheel(0, 120)
    wait_until(
        page, f"document.querySelector('[data-index=\"{index}\"]')?.getBoundingClientRect().y < {start['y'] - 60}"
    )
    end = _box_at_rest(page, same)
    assert abs(start["y"] - end["y"] - 120) <= 2
    # By key through the end of what an element can hold.
    grid.link(int(index or 0) + 1).focus()
    grid.press("End")
    expect(grid.link(100_000)).to_be_focused()
    expect(grid.cell(100_000)).to_be_in_viewport()
    grid.press("ArrowUp")
    expect(grid.link(99_999)).to_be_focused()
    grid.press("Home")
    expect(grid.link(1)).to_be_focused()
    expect(grid.cell(1)).to_be_in_viewport()
    context.close()


def _pretend(page: Page, images: int) -> None:
    """Let the list be as long as that; its images are made up."""
    every = 100

    def landmarks(route: Any) -> None:
        cursors = ["", *(str(number) for number in range(every, images, every))]
        route.fulfill(json={"total": images, "revision": 0, "cursors": cursors})

    def rows(route: Any) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        start = int(query.get("after", ["0"])[0])
        stop = min(start + int(query["limit"][0]), images)
        found = [_row(number) for number in range(start, stop)]
        following = str(stop) if stop < images else None
        route.fulfill(json={"images": found, "next": following, "total": images, "revision": 0})

    page.route(re.compile(r"/images\?"), rows)
    page.route(re.compile(r"/images/landmarks"), landmarks)


def _row(number: int) -> dict[str, Any]:
    return {
        "id": number + 1,
        "name": f"picture{number + 1:06d}.jpg",
        "width": 640,
        "height": 480,
        "colour": "#808080",
        "tagged": False,
        "state": "UNTAGGED",
        "flags": [],
        "thumbnail": f"/files/images/{number + 1}/thumbnail/",
    }
