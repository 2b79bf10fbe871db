"""`tokens:` in the filter box of the grid: too much to count is said, and a moment later it is answered."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.grid import GridPage, many_images
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytest.importorskip("instant_clip_tokenizer")
pytestmark = [pytest.mark.browser, pytest.mark.flow]

# More than are counted while a question waits; every tenth has no words.
IMAGES = 2_100
_SECONDS = 60.0


def test_what_is_being_counted_is_said_and_answered_a_moment_later(
    running_program: RunningProgram, page: Page, problems: Problems
) -> None:
    with many_images(running_program, IMAGES) as number:
        grid = GridPage(page, running_program.url, number).open()
        grid.press("/")
        page.keyboard.type("tokens:")
        expect(page.get_by_role("option", name=">75")).to_be_visible()
        page.keyboard.type(">=1")
        grid.press("Enter")
        said = page.get_by_role("alert").filter(has_text="The tokens of 2,100 pictures are being counted")
        expect(said).to_be_visible()
        assert Axe().run(page).violations_count == 0
        end = time.monotonic() + _SECONDS
        while not _is_answered(page, grid):
            assert time.monotonic() < end, running_program.logs()
        grid.expect_filter("tokens:>=1")
        grid.expect_number(IMAGES - IMAGES // 10)
        expect(page.get_by_role("alert").filter(has_text="being counted")).to_have_count(0)
        assert all("422" in each for each in problems), problems
        problems.allow_failed_requests()


def _is_answered(page: Page, grid: GridPage) -> bool:
    """Press Enter again, as a person would who was told to."""
    with page.expect_response(lambda response: "/images?" in response.url and "tokens" in response.url) as answer:
        grid.box.press("Enter")
    return bool(answer.value.ok)
