"""Every page in light and dark, wide and narrow: nothing runs over the edge, and no accessibility rule is broken.

`SCREENSHOTS=docs/screenshots` keeps the pictures; the documents show them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import Axe
from tests.browser.waiting import wait_until
from tests.landscapes import write_landscapes
from tests.program import RunningProgram

pytestmark = pytest.mark.browser

TAGS = [
    "misty mountains, layered ridges, sunrise",
    "valley, warm light, haze",
    "forest slopes, green hour, sun",
    "morning, pale sun, hills",
    "blue hour, snow peaks, calm",
    "violet dusk, moon, ridge line",
]
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
PAGES = [
    "datasets",
    "dataset",
    "tag",
    "import",
    "export",
    "settings",
    "create",
    "history",
    "board",
    "sessions",
    "keys",
    "trash",
    "duplicates",
    "vocabulary",
]


@pytest.fixture(scope="module")
def addresses(running_program: RunningProgram, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A dataset of landscapes, most of them tagged; the address of each page."""
    folder = tmp_path_factory.mktemp("look") / "landscapes"
    for number, path in enumerate(write_landscapes(folder, 24)):
        if number % 8 != 7:
            path.with_suffix(".txt").write_text(TAGS[number % len(TAGS)], encoding="utf-8")
    (folder / "notes.jpg").write_text("no picture")
    running_program.manage(
        "import_folder", str(folder), "--dataset", "Misty valleys", "--trigger-word", "mvly", "--wait"
    )
    dataset, job, image = _numbers(running_program)
    return {
        "datasets": "/",
        "dataset": f"/datasets/{dataset}/",
        "tag": f"/datasets/{dataset}/tag/{image}/",
        "import": f"/imports/{job}/",
        "export": f"/datasets/{dataset}/export/",
        "settings": f"/datasets/{dataset}/settings/",
        "create": "/datasets/new/",
        "history": f"/datasets/{dataset}/history/",
        "board": f"/datasets/{dataset}/board/",
        "sessions": "/sessions/",
        "keys": "/keys/",
        "trash": f"/datasets/{dataset}/trash/",
        "duplicates": f"/datasets/{dataset}/duplicates/",
        "vocabulary": "/vocabulary/",
    }


def _numbers(program: RunningProgram) -> tuple[int, int, int]:
    """The dataset, its import, and its fifth image."""
    done = program.manage(
        "shell",
        "--verbosity=0",
        "-c",
        "from datasets.models import ImportJob; j = ImportJob.objects.get(dataset__name='Misty valleys');"
        "print(j.dataset_id, j.pk, j.dataset.images.in_order()[4].pk)",
    )
    dataset, job, image = done.stdout.split()[-3:]
    return int(dataset), int(job), int(image)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_page_fits_and_everyone_can_use_it(
    browser: Browser,
    running_program: RunningProgram,
    addresses: dict[str, str],
    tmp_path: Path,
    name: str,
    size: str,
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", locale="en-GB")
    page = context.new_page()
    page.goto(running_program.url + addresses[name])
    _wait_until_calm(page)
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.wait_for_timeout(100)
        page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window"
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
    context.close()


def _wait_until_calm(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    wait_until(page, "[...document.images].filter((i) => i.loading !== 'lazy').every((i) => i.complete)")
    page.wait_for_timeout(300)


def test_empty_start_leads_to_the_first_dataset(browser: Browser, tmp_path: Path) -> None:
    with RunningProgram(tmp_path / "data") as program:
        page = browser.new_page()
        page.goto(program.url)
        page.get_by_role("link", name=re.compile("Create|New")).first.click()
        expect(page.get_by_label("Name")).to_be_visible()
        page.close()
