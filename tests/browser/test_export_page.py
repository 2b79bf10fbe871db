"""The export page in a real browser: what is chosen, what it comes to, what is found, and what is fetched."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests import images
from tests.browser.axe import Axe
from tests.browser.desk import WORDS, Desk, import_files
from tests.browser.grid import GridPage
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

LONG = "a very long name that somebody gave to a picture because the camera had none that says what is on it"
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


def go(page: Page) -> Locator:
    return page.locator("[data-go]")


def now(page: Page) -> Locator:
    """The export that was asked for on this page."""
    return page.locator("[data-now]")


def texts(page: Page) -> Locator:
    return page.locator(".export-example__text")


def template(page: Page) -> Locator:
    return page.get_by_role("textbox", name="What each text is made of")


def finding(page: Page, rule: str) -> Locator:
    return page.locator(f"[data-rule={rule}]")


def open_export(desk: Desk, query: str = "") -> Page:
    desk.page.goto(f"{desk.url}/datasets/{desk.dataset_id}/export/{query}")
    expect(go(desk.page)).to_be_enabled()
    return desk.page


def fetch(page: Page, folder: Path) -> dict[str, bytes]:
    """Export, download all that comes of it, and read it."""
    go(page).click()
    link = now(page).locator("a.export-archive__link")
    expect(link).to_be_visible(timeout=60_000)
    with page.expect_download() as downloading:
        link.click()
    path = folder / downloading.value.suggested_filename
    downloading.value.save_as(path)
    told = now(page).locator(".export-archive__sum code")
    expect(told).to_have_text(hashlib.sha256(path.read_bytes()).hexdigest())
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def texts_of(files: dict[str, bytes]) -> list[str]:
    return [content.decode() for name, content in sorted(files.items()) if re.search(r"-\d+\.txt$", name)]


@contextmanager
def workers_asleep(program: RunningProgram) -> Iterator[None]:
    """Exports wait meanwhile."""
    asleep = program.children("celery")
    assert asleep
    for process_id in asleep:
        os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        for process_id in asleep:
            os.kill(process_id, signal.SIGCONT)


def test_from_a_filter_to_the_archive_of_a_trainer(desk: Desk, tmp_path: Path) -> None:
    page = desk.page
    desk.open(2)
    for number in (2, 3):
        desk.edit_elsewhere(number, kind="add", tag="long_hair")
    page.goto(f"{desk.url}/datasets/{desk.dataset_id}/?filter=long_hair")
    page.get_by_role("link", name="Export these").first.click()
    expect(go(page)).to_have_text("Export 2 images")
    page.get_by_role("radio", name="kohya sd-scripts").check()
    page.get_by_role("radio", name="repeats A folder").check()
    page.get_by_role("spinbutton", name="Repeats").fill("7")
    page.get_by_label("Blanks in tags").select_option("spaces")
    template(page).fill("photo, ")
    page.get_by_role("button", name="{tags}", exact=True).click()
    expect(texts(page)).to_have_text(["photo, long hair"] * 2)
    expect(page).to_have_url(re.compile(r"trainer=kohya&filter=long_hair$"))

    files = fetch(page, tmp_path)
    assert texts_of(files) == ["photo, long hair"] * 2
    assert all("/7_" in name for name in files if name.endswith(".jpg"))

    page.reload()
    expect(template(page)).to_have_value("photo, {tags}")
    expect(page.get_by_role("spinbutton", name="Repeats")).to_have_value("7")
    past = page.get_by_role("region", name="Exports").get_by_role("listitem").first
    expect(past).to_contain_text("kohya sd-scripts · 2 images")
    expect(past).to_contain_text("Kept until")
    page.get_by_role("radio", name="Plain folder").check()
    expect(texts(page)).to_have_text(["long_hair"] * 2)
    past.get_by_role("button", name="Use these options").click()
    expect(texts(page)).to_have_text(["photo, long hair"] * 2)
    expect(page.get_by_label("State")).not_to_have_value("")


def test_what_is_found_leads_to_its_images_and_is_mended_and_taken_back(desk: Desk) -> None:
    page = desk.page
    desk.open(1)
    desk.edit_elsewhere(1, kind="caption", text="By the lake.\nIn the evening.", version=0)
    open_export(desk, "?trainer=kohya")
    lines = finding(page, "lines")
    expect(lines.get_by_role("link", name="1 image")).to_have_attribute("href", re.compile("filter=has%3Alines"))
    lines.get_by_role("button").click()
    expect(lines).to_have_count(0)
    expect(page.get_by_text("1 image is mended.")).to_be_visible()
    assert "\n" not in desk.stored_caption(1)
    page.get_by_role("button", name="Undo").click()
    expect(lines).to_have_count(1)
    assert "\n" in desk.stored_caption(1)

    without = finding(page, "no-text")
    expect(without).to_contain_text("4")
    without.get_by_role("button", name="Leave them out").click()
    expect(go(page)).to_have_text("Export 1 image")
    expect(page.get_by_label("Untagged ones")).to_have_value("leave-out")
    page.locator("#toasts").get_by_role("button", name="Undo").last.click()
    expect(go(page)).to_have_text("Export 5 images")


def test_what_cannot_be_read_is_said_at_its_place(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    page = open_export(desk)
    template(page).fill("{trigger}, {tagz}")
    wrong = "{tagz} at 12 is none of the placeholders"
    expect(page.locator("#export-error")).to_contain_text(wrong)
    expect(page.locator("[data-others]")).to_contain_text(wrong)
    expect(template(page)).to_have_attribute("aria-invalid", "true")
    expect(go(page)).to_be_disabled()
    page.get_by_role("button", name="As usual").click()
    expect(go(page)).to_be_enabled()
    expect(template(page)).not_to_have_attribute("aria-invalid", "true")
    page.get_by_label("Only those that match").fill("w:>")
    go(page).click()
    expect(page.locator("[data-filter-error]")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(now(page)).to_be_empty()
    assert page.request.get(f"{desk.url}/api/v1/datasets/{desk.dataset_id}/exports").json() == []
    # What cannot be read is refused by the server, which the browser notes.


def test_only_what_was_selected_in_the_grid(desk: Desk, tmp_path: Path) -> None:
    grid = GridPage(desk.page, desk.url, desk.dataset_id).open()
    grid.click(1, "Control")
    grid.click(4, "Control")
    desk.page.keyboard.press("e")
    expect(desk.page.get_by_text("Only the 2 images that were selected.")).to_be_visible()
    expect(go(desk.page)).to_have_text("Export 2 images")
    files = fetch(desk.page, tmp_path)
    assert sum(name.endswith(".jpg") for name in files) == 2
    desk.page.get_by_role("button", name="All images instead").click()
    expect(go(desk.page)).to_have_text("Export 5 images")


def test_a_version_is_exported_as_it_was(desk: Desk, tmp_path: Path) -> None:
    page = desk.page
    page.goto(f"{desk.url}/datasets/{desk.dataset_id}/versions/")
    page.get_by_role("textbox", name="Name").fill("as it was")
    page.get_by_role("button", name="Freeze now").click()
    desk.edit_elsewhere(1, kind="remove", tag="lake")
    desk.edit_elsewhere(2, kind="add", tag="boat")
    page.get_by_role("link", name="as it was", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="Export").click()
    expect(page.get_by_label("State").locator("option:checked")).to_have_text("1 · as it was")
    expect(go(page)).to_have_text("Export 5 images")
    expect(page.locator("[data-others]")).to_contain_text("As it was in as it was")
    expect(texts(page)).to_have_text([", ".join(WORDS)])
    assert texts_of(fetch(page, tmp_path)) == [", ".join(WORDS)]
    page.goto(f"{desk.url}/datasets/{desk.dataset_id}/versions/")
    page.get_by_role("list", name="Exports made from it").get_by_role("link").click()
    expect(page.locator(".export-row:focus")).to_contain_text("as it was")


def test_of_a_version_is_shown_what_it_holds_and_found_what_is_wrong_in_it(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    page = desk.page
    desk.open(1)
    desk.edit_elsewhere(1, kind="caption", text="By the lake.\nIn the evening.", version=0)
    page.goto(f"{desk.url}/datasets/{desk.dataset_id}/versions/")
    page.get_by_role("textbox", name="Name").fill("two lines")
    page.get_by_role("button", name="Freeze now").click()
    expect(page.get_by_role("link", name="two lines", exact=True)).to_be_visible()
    desk.edit_elsewhere(1, kind="caption", text="By the lake.", version=1)
    open_export(desk)
    expect(finding(page, "no-text")).to_be_visible()
    expect(finding(page, "lines")).to_have_count(0)

    page.get_by_label("State").select_option(label="1 · two lines")
    lines = finding(page, "lines")
    expect(lines).to_contain_text("A version never changes")
    expect(lines.get_by_role("button")).to_have_count(0)
    page.get_by_label("Only those that match").fill("lake")
    page.get_by_label("Only those that match").press("Enter")
    expect(go(page)).to_have_text("Export 1 image")
    expect(texts(page)).to_have_text([", ".join(WORDS) + ", By the lake. In the evening."])
    # What it leaves out of the export is an option, and can be chosen here.
    page.get_by_role("button", name="Clear the filter").click()
    finding(page, "no-text").get_by_role("button", name="Leave them out").click()
    expect(go(page)).to_have_text("Export 1 image")

    page.get_by_label("Only those that match").fill("by:me")
    page.get_by_label("Only those that match").press("Enter")
    expect(page.locator("[data-filter-error]")).to_contain_text("A version does not know")
    expect(go(page)).to_be_disabled()
    # The refusal of that filter.


def test_on_a_phone_what_was_found_is_told_beside_the_button(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.page.set_viewport_size({"width": 390, "height": 844})
    page = open_export(desk)
    short = page.locator("[data-findings-short]")
    expect(short).to_have_text(re.compile(r"Before training: \d+ warning"))
    short.click()
    expect(finding(page, "no-text")).to_be_in_viewport()
    template(page).fill("{nothing}")
    expect(short).to_contain_text("{nothing}")
    # The refusal of that template.


def test_one_that_is_done_before_its_begin_is_answered_gets_the_focus_all_the_same(desk: Desk) -> None:
    page = open_export(desk, "?trainer=plain")

    def answer_late(route: Route) -> None:
        begun = route.fetch()
        job = begun.json()
        while job["state"] != "DONE":
            page.wait_for_timeout(50)
            job = page.request.get(f"{desk.url}/api/v1/exports/{job['id']}").json()
        route.fulfill(response=begun, json=job)

    page.route(re.compile(r"/exports$"), lambda route: answer_late(route) if route.request.method == "POST" else None)
    go(page).focus()
    page.keyboard.press("Enter")
    expect(now(page).get_by_role("link", name="Download")).to_be_focused(timeout=60_000)
    page.unroute_all(behavior="ignoreErrors")


def test_one_that_waits_is_cancelled(desk: Desk, running_program: RunningProgram) -> None:
    page = open_export(desk)
    with workers_asleep(running_program):
        go(page).click()
        expect(now(page)).to_contain_text("Waiting for a worker")
        now(page).get_by_role("button", name="Cancel").click()
        expect(now(page)).to_contain_text("nothing of it is kept")
    now(page).get_by_role("button", name="Delete").click()
    expect(now(page)).to_be_empty()


def test_one_that_fails_says_what_to_do(page: Page, running_program: RunningProgram) -> None:
    content = images.encoded(seed=4711)
    dataset_id, _ids = import_files(running_program, "Lost", [("lost.jpg", content)])
    stored = hashlib.sha256(content).hexdigest()
    lost = list(running_program.data_dir.rglob(f"originals/**/{stored}.*"))
    assert lost
    for path in lost:
        path.unlink()
    page.goto(f"{running_program.url}/datasets/{dataset_id}/export/")
    go(page).click()
    expect(now(page).locator(".notice--danger")).to_contain_text("lost.jpg", timeout=60_000)
    expect(now(page)).to_contain_text("Mend that, then export again.")


@pytest.mark.heavy
def test_it_fits_and_everyone_can_use_it(
    make_desk: Callable[..., Desk], page: Page, running_program: RunningProgram, tmp_path: Path
) -> None:
    text = f"{'word ' * 90}, {'x' * 300}"
    files = [(f"{LONG} {number}.jpg", images.encoded(seed=9000 + number)) for number in range(6)]
    files += [(f"{LONG} 1.txt", text.encode()), ("anim.gif", images.encoded("GIF", seed=9100))]
    dataset_id, ids = import_files(running_program, LONG, files)
    desk = Desk(page, running_program.url, dataset_id, ids)
    open_export(desk)
    look(page, "full")
    page.get_by_role("radio", name="CivitAI").check()
    fetch(page, tmp_path)
    look(page, "done")
    page.reload()
    expect(page.get_by_role("region", name="Exports")).to_be_visible()
    look(page, "past")
    empty, _ids = import_files(running_program, "Empty", [("broken.jpg", b"")])
    page.goto(f"{running_program.url}/datasets/{empty}/export/")
    expect(page.get_by_role("heading", name="Nothing to export yet")).to_be_visible()
    look(page, "empty")
