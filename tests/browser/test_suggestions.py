"""Suggestions on the tagging desk, in a real browser: a vocabulary with categories and aliases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Request, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

LIST = """zebra_stripes,0,4350743,"zst,streifen"
zebra zorro,4,103451,zorrilla
zenith,5,1200
zeppelin painter,1,88
zeppelin,3,7
quokka,0,99000
"""


@pytest.fixture
def worded(desk: Desk, running_program: RunningProgram, tmp_path: Path) -> Desk:
    """The desk with a vocabulary beside the dataset's own words."""
    path = tmp_path / "list.csv"
    path.write_text(LIST)
    running_program.manage("load_vocabulary", str(path))
    return desk


def test_rows_tell_name_category_use_and_the_vocabularys_count(worded: Desk) -> None:
    worded.open(2)
    worded.type("ze")
    # Words of other datasets of the program may stand behind them.
    first = worded.page.get_by_role("option").filter(has_text="zebra_stripes")
    expect(first).to_have_accessible_name("zebra_stripes , general , not used here, 4,350,743 in the vocabulary")
    expect(first.locator("mark")).to_have_text("ze")
    expect(first.locator(".suggestion__category")).to_have_attribute("data-colour", "blue")
    expect(first.locator(".suggestion__count")).to_have_text("4.4M")


def test_an_alias_says_what_it_stands_for_and_adds_that(worded: Desk) -> None:
    worded.open(2)
    worded.type("zorri")
    row = worded.page.get_by_role("option").first
    expect(row.locator(".suggestion__name")).to_have_text("zorrilla → zebra zorro")
    worded.press("Tab")
    worded.expect_chips("zebra zorro")
    # Typed to its end past the list, the server says what is meant.
    worded.type("streifen")
    worded.press("Control+Enter")
    worded.expect_chips("zebra zorro", "zebra_stripes")
    worded.expect_saved()
    assert worded.stored_tags(2) == ["zebra zorro", "zebra_stripes"]
    # What was stored is what is taken back.
    worded.press("Control+z")
    worded.expect_chips("zebra zorro")


def test_initials_and_typos_are_found_with_nothing_marked(worded: Desk) -> None:
    worded.open(2)
    rows = worded.page.get_by_role("option")
    worded.type("zz")
    expect(rows.first.locator(".suggestion__name")).to_have_text("zebra zorro")
    expect(rows.first.locator("mark")).to_have_count(0)
    worded.press("Escape")
    # A new word stays what it is: what only looks like it stands below.
    worded.type("qukka")
    expect(rows).to_have_text([re.compile("Add as typed"), re.compile("quokka")])
    expect(rows.last.locator("mark")).to_have_count(0)
    worded.press("ArrowDown", "Enter")
    worded.expect_chips("quokka")


def test_an_answer_belongs_to_the_tags_of_the_picture(worded: Desk) -> None:
    worded.open(1)
    for number in (3, 4):
        worded.edit_elsewhere(number, kind="add", tag="zenith")
        worded.edit_elsewhere(number, kind="add", tag="zeppelin")
    for number in (3, 4, 5):
        worded.edit_elsewhere(number, kind="add", tag="zebra zorro")
    asked: list[str] = []

    def note(request: Request) -> None:
        if "tag-suggestions" in request.url:
            asked.append(request.url)

    worded.page.on("request", note)
    # What is used in a dataset is counted anew every few seconds.
    worded.page.wait_for_timeout(2500)
    worded.open(2)
    names = worded.page.get_by_role("option").locator(".suggestion__name")
    worded.type("ze")
    expect(names.first).to_have_text("zebra zorro")
    worded.press("Escape")
    worded.type("zenith")
    worded.press("Enter")
    worded.expect_chips("zenith")
    expect(worded.page.locator("[data-suggestions-title]")).to_have_text("Goes with this picture")
    worded.type("ze")
    expect(names.first).to_have_text(re.compile("zeppelin|zebra zorro"))
    assert any("tag=zenith" in address for address in asked)
    worded.expect_saved()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_rule_is_broken_by_the_list(worded: Desk, scheme: Any) -> None:
    worded.page.emulate_media(color_scheme=scheme)
    worded.open(2)
    worded.type("ze")
    expect(worded.page.get_by_role("option").filter(has_text="zeppelin painter")).to_be_visible()
    results = Axe().run(worded.page)
    assert results.violations_count == 0, results.generate_report()
