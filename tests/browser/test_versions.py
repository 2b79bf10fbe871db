"""Versions in a real browser: a state is frozen, looked at, compared, and come back to."""

from __future__ import annotations

import itertools
import os
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk
from tests.browser.problems import Problems

pytestmark = [pytest.mark.browser, pytest.mark.flow]

LONG = "A very long name for what was there before the cleaning of all the tags by three people"
_shots = itertools.count(1)


def look(page: Page, name: str) -> None:
    """Let nothing run over the edge or break a rule, wide and narrow; keep pictures where a person asked for them."""
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            page.wait_for_load_state("networkidle")
            if folder := os.environ.get("TAGGER_SCREENSHOTS"):
                page.screenshot(path=f"{folder}/{next(_shots):02d}-{name}-{width}-{theme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window"
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")


def versions(desk: Desk) -> str:
    return f"{desk.url}/datasets/{desk.dataset_id}/versions/"


def freeze(page: Page, name: str, note: str = "") -> None:
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("textbox", name="Note").fill(note)
    page.get_by_role("button", name="Freeze now").click()
    expect(page.locator(".notice--success")).to_contain_text("is frozen")


@pytest.fixture
def frozen(desk: Desk) -> Desk:
    """A version of five pictures; since then words changed and a picture went to the trash."""
    page = desk.page
    desk.open(2)
    desk.edit_elsewhere(2, kind="caption", text="A boat on a calm sea in the morning.", version=0)
    page.goto(versions(desk))
    freeze(page, LONG, "Everything was approved by Mara and Jón.")
    desk.edit_elsewhere(2, kind="caption", text="A red boat on a calm sea in the evening.", version=1)
    for number in (2, 3, 4):
        desk.edit_elsewhere(number, kind="add", tag="boat")
    desk.edit_elsewhere(1, kind="remove", tag="lake")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    headers = {"X-CSRFToken": cookies["csrftoken"], "Referer": desk.url}
    answer = page.request.post(
        f"{desk.url}/api/v1/datasets/{desk.dataset_id}/trash", headers=headers, data={"images": [desk.image_ids[4]]}
    )
    assert answer.ok, answer.text()
    return desk


def test_a_state_is_frozen_compared_and_come_back_to(frozen: Desk, page: Page) -> None:
    page.goto(f"{frozen.url}/datasets/{frozen.dataset_id}/")
    page.get_by_role("link", name="Versions").click()
    page.wait_for_url(versions(frozen))
    freeze(page, "after")
    look(page, "list")
    page.get_by_role("link", name=f"Compare “{LONG}” with now").click()
    expect(page.locator(".version-caption ins")).to_have_text(["red ", "evening."])
    expect(page.locator(".version-picture")).to_have_count(1)
    look(page, "compare")
    page.get_by_label("To").select_option(label="2 · after")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".version-tags tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Versions", exact=True).click()
    page.get_by_role("link", name=LONG, exact=True).click()
    expect(page.locator(".version-forecast li")).to_contain_text(["4 images get", "1 image comes out of the trash"])
    look(page, "version")
    page.get_by_role("button", name="Restore this version").click()
    expect(page.locator(".version-done")).to_be_focused()
    expect(page.locator(".version-done")).to_contain_text("4 images have their words back.")
    look(page, "restored")
    assert frozen.stored_tags(3) == []
    page.get_by_role("link", name="Its entry in the history").click()
    expect(page.locator(".history__entry:target")).to_contain_text(f"“{LONG}” restored")
    page.locator(".history__entry:target").get_by_role("link", name=LONG).click()
    expect(page.get_by_text("nothing to do")).to_be_visible()


def test_another_dataset_is_made_from_a_version(frozen: Desk, page: Page, problems: Problems) -> None:
    page.goto(versions(frozen))
    page.get_by_role("link", name=LONG, exact=True).click()
    # A name that is taken is refused beside its field.
    name = page.get_by_role("textbox", name="Name")
    datasets = page.request.get(f"{frozen.url}/api/v1/datasets").json()
    name.fill(next(each["name"] for each in datasets if each["id"] == frozen.dataset_id))
    page.get_by_role("button", name="Make the dataset").click()
    expect(name).to_have_accessible_description(re.compile("already. Choose another name."))
    expect(name).to_be_focused()
    look(page, "refused")
    problems.allow_failed_requests()
    page.get_by_role("textbox", name="Name").fill(f"Copy of {frozen.dataset_id}")
    page.get_by_role("button", name="Make the dataset").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Copy of {frozen.dataset_id}")
    expect(page.locator(".cell")).to_have_count(5)
    page.get_by_role("link", name="Versions").click()
    expect(page.locator(".version__title")).to_contain_text(["From “"])


def test_a_version_is_deleted_after_a_second_look(frozen: Desk, page: Page) -> None:
    page.goto(versions(frozen))
    page.get_by_role("link", name=LONG, exact=True).click()
    page.get_by_text("Delete this version…").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("No versions yet")).to_be_visible()
    look(page, "none")
    assert frozen.stored_tags(3) == ["boat"]
