"""The part of the user guide that is about accounts, walked in a program where people sign in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_user_guide import WIDE, Walk
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

PASSWORD = "a long enough one 7"


@pytest.fixture
def walk(browser: Browser, tmp_path: Path) -> Iterator[Walk]:
    """A new program with logins that nobody has an account of, and the browsers of two people."""
    contexts = [browser.new_context(viewport=WIDE, locale="en-GB", reduced_motion="reduce") for _ in range(2)]  # type: ignore[arg-type]
    with RunningProgram(tmp_path / "data", env={"AUTH_MODE": "password"}) as program:
        program.wait_for_output("/first/?key=")
        yield Walk(contexts[0].new_page(), contexts[1].new_page(), program, tmp_path)
        for context in contexts:
            context.close()


def _make_account(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_label("The same again").press("Enter")


def test_what_the_guide_says_of_accounts_is_so(walk: Walk) -> None:
    ada, emil = walk.page, walk.other
    first = re.search(r"http\S+/first/\?key=\S+", walk.program.output)
    assert first is not None
    ada.goto(first[0])
    _make_account(ada, "ada")
    expect(ada.get_by_role("link", name="Your account")).to_be_visible()
    walk.go("/datasets/new/")
    ada.get_by_label("Name").fill("Misty valleys")
    walk.click("button", "Create and add images")
    ada.wait_for_url(re.compile(r"/import/"))
    with walk.reading("With accounts"):
        walk.go(re.sub(r"^https?://[^/]+|import/.*$", "", ada.url))
        walk.click("link", "Members")
        members = ada.url
        ada.get_by_label("Role", exact=True).select_option("TAGGER")
        walk.click("button", "Make a link")
        link = ada.get_by_role("textbox", name="Link for a tagger").input_value()

        emil.goto(link)
        emil.get_by_role("link", name="No account yet? Make one").click()
        _make_account(emil, "emil")
        expect(emil.get_by_role("button", name="Come in")).to_be_visible()
        walk.look(emil)
        emil.get_by_role("button", name="Come in").click()
        expect(emil.get_by_role("heading", name="Misty valleys")).to_be_visible()
        for name in ("Settings", "Empty trash"):
            expect(emil.get_by_role("link", name=name)).to_have_count(0)

        ada.goto(members)
        expect(ada.get_by_label("Role of emil", exact=True)).to_have_value("TAGGER")
        walk.picture("members")
        walk.click("link", "Your account")
        expect(ada.get_by_role("link", name="Devices")).to_be_visible()
        walk.look()
        walk.click("link", "API tokens")
        expect(ada.get_by_role("button", name="Make token")).to_be_visible()
    assert walk.missing == {}, "named in bold, and on no page"
