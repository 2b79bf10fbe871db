"""How a dataset spells its tags, set on its page; and what an import tells of the words of its texts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import images
from tests.browser.axe import Axe
from tests.browser.desk import Desk
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

_OLD_WORDS = """
from django.utils import timezone
from tagging.models import Tag
new, _ = Tag.objects.get_or_create(name="clothes")
for name, successor in (("garb", new), ("rag", None)):
    Tag.objects.update_or_create(name=name, defaults={"deprecated_at": timezone.now(), "successor": successor})
"""


def look(page: Page, name: str) -> None:
    """Check a page for everybody, and keep a picture of it where a person asked for one."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    if folder := os.environ.get("TAGGER_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_a_dataset_says_how_its_tags_are_spelled(desk: Desk) -> None:
    page = desk.page
    page.goto(f"{desk.url}/datasets/{desk.dataset_id}/settings/")
    page.get_by_label("Spaces: red dress").check()
    page.get_by_role("button", name="Save the spelling").click()
    expect(page.get_by_text("Tags that come in from now on are spelled so.")).to_be_visible()
    expect(page.get_by_label("Spaces: red dress")).to_be_checked()
    look(page, "spelling")
    desk.open(2)
    page.keyboard.insert_text("night_sky")
    desk.press("Control+Enter")
    desk.expect_chips("night sky")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["night sky"]


def test_an_import_tells_what_became_of_words_that_are_not_used_any_more(
    page: Page, running_program: RunningProgram, tmp_path: Path
) -> None:
    running_program.manage("shell", "--verbosity=0", "-c", _OLD_WORDS)
    (tmp_path / "a.jpg").write_bytes(images.encoded(seed=4711))
    (tmp_path / "a.txt").write_text("garb, rag, plain", encoding="utf-8")
    running_program.manage("import_folder", str(tmp_path), "--dataset", "Old words", "--wait")
    code = "from datasets.models import ImportJob; print(ImportJob.objects.latest('pk').pk)"
    job = running_program.manage("shell", "--verbosity=0", "-c", code).stdout.split()[-1]
    page.goto(f"{running_program.url}/imports/{job}/")
    notes = page.get_by_role("region", name="What the vocabulary made of the texts")
    expect(notes.get_by_role("listitem")).to_have_text(
        [
            "“garb” is not used any more: “clothes” was written.",
            "“rag” is not used any more, and nothing takes its place: it was left out.",
        ]
    )
    look(page, "notes")
