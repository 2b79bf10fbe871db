"""Where only a person knows what is meant: a slip of the finger, and removing what follows from another tag."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

_VOCABULARY = """
from tagging.models import Tag
from tagging.services.implications import add_implication
from tagging.services.vocabulary import bump_vocabulary, get_tags
Tag.objects.update_or_create(name="blue eyes", defaults={"vocabulary_count": 4000})
kimono, japanese, clothes = get_tags(["kimono", "japanese clothes", "clothes"])
add_implication(kimono, japanese)
add_implication(japanese, clothes)
bump_vocabulary()
"""


@pytest.fixture
def desk(desk: Desk, running_program: RunningProgram) -> Desk:
    """A vocabulary with rules."""
    running_program.manage("shell", "--verbosity=0", "-c", _VOCABULARY)
    return desk


def question(page: Page) -> Locator:
    return page.get_by_role("region", name="A question about a tag")


def enter(desk: Desk, *words: str) -> None:
    for word in words:
        desk.page.keyboard.insert_text(word)
        desk.press("Control+Enter")


def look(page: Page, name: str) -> None:
    """Check a page for everybody, and keep pictures of it where a person asked for them."""
    folder = os.environ.get("TAGGER_SCREENSHOTS")
    for size, theme in (((1440, 900), "light"), ((1440, 900), "dark"), ((390, 844), "light")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        if folder:
            page.screenshot(path=f"{folder}/{name}-{size[0]}-{theme}.png")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")


def test_what_follows_is_marked_and_goes_and_comes_with_its_tag(desk: Desk) -> None:
    desk.open(2)
    enter(desk, "heron", "kimono")
    desk.expect_chips("heron", "kimono", "japanese clothes", "clothes")
    follows = desk.page.locator(".chip--rule")
    expect(follows).to_have_count(2)
    expect(follows.last.locator(".chip__name")).to_have_attribute(
        "aria-label", "clothes, 4 of 4, implied by kimono, japanese clothes"
    )
    desk.press("Control+z")
    desk.expect_chips("heron")
    desk.press("Control+Shift+Z")
    desk.expect_chips("heron", "kimono", "japanese clothes", "clothes")
    expect(follows).to_have_count(2)
    desk.expect_saved()
    assert desk.stored_tags(2) == ["heron", "kimono", "japanese clothes", "clothes"]


def test_removing_what_follows_asks_by_keyboard_and_by_pointer(desk: Desk) -> None:
    desk.open(2)
    enter(desk, "heron", "kimono")
    desk.expect_chips("heron", "kimono", "japanese clothes", "clothes")
    desk.expect_saved()
    # Backspace arms the last tag, and again would remove it.
    desk.press("Backspace", "Backspace")
    asked = question(desk.page)
    expect(asked).to_contain_text("“clothes” follows from “kimono, japanese clothes”. What shall go?")
    expect(asked.get_by_role("button", name="All of them")).to_be_focused()
    look(desk.page, "implied")
    desk.press("Escape")
    expect(asked).to_be_hidden()
    expect(desk.box).to_be_focused()
    desk.expect_chips("heron", "kimono", "japanese clothes", "clothes")
    # Just this one; it stays away.
    desk.page.locator(".chip", has_text="clothes").last.locator(".chip__remove").click()
    asked.get_by_role("button", name="Only clothes").click()
    desk.expect_chips("heron", "kimono", "japanese clothes")
    expect(desk.box).to_be_focused()
    desk.press("Control+z")
    desk.expect_chips("heron", "kimono", "japanese clothes", "clothes")
    desk.expect_saved()
    # All of them, with one key.
    desk.press("Backspace", "Backspace")
    expect(asked).to_be_visible()
    desk.press("Enter")
    desk.expect_chips("heron")
    expect(desk.box).to_be_focused()
    desk.expect_saved()
    assert desk.stored_tags(2) == ["heron"]
    desk.press("Control+z")
    desk.expect_chips("heron", "kimono", "japanese clothes", "clothes")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["heron", "kimono", "japanese clothes", "clothes"]


def test_what_somebody_else_made_follow_meanwhile_is_asked_about_too(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    # Nothing is heard of the others, as on a slow line: only the answer to the removal tells.
    desk.page.route_web_socket(re.compile("/desk/"), lambda line: line.connect_to_server().on_message(lambda _: None))
    desk.open(2)
    enter(desk, "clothes")
    desk.expect_chips("clothes")
    desk.expect_saved()
    desk.edit_elsewhere(2, kind="add", tag="kimono")
    desk.press("Backspace", "Backspace")
    expect(question(desk.page)).to_contain_text("“clothes” follows from")
    expect(desk.page.locator(".chip__name", has_text="kimono")).to_be_visible()
    desk.press("Tab", "Enter")
    desk.expect_chips("kimono", "japanese clothes")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["kimono", "japanese clothes"]


def test_a_slip_is_asked_about_and_never_lost(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(2)
    enter(desk, "blue eys", "heron")
    asked = question(desk.page)
    expect(asked).to_contain_text("“blue eys” is new. Did you mean “blue eyes”?")
    # The loop goes on: the box has the focus, the chip is there, the other tag is stored.
    desk.expect_chips("blue eys", "heron")
    expect(desk.box).to_be_focused()
    expect(desk.state).to_have_attribute("data-state", "asks")
    look(desk.page, "slip")
    assert desk.stored_tags(2) == ["heron"]
    # Also after a reload.
    desk.page.reload()
    expect(asked).to_be_visible()
    desk.expect_chips("blue eys", "heron")
    desk.press("Alt+Enter")
    expect(asked).to_be_hidden()
    desk.expect_chips("blue eyes", "heron")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["blue eyes", "heron"]
    desk.press("Control+z")
    desk.expect_chips("heron")


def test_what_was_typed_may_be_meant(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(3)
    enter(desk, "blue eyez")
    expect(question(desk.page)).to_be_visible()
    desk.press("Alt+Shift+Enter")
    expect(question(desk.page)).to_be_hidden()
    desk.expect_saved()
    assert desk.stored_tags(3) == ["blue eyez"]
    # Taken back before it was answered, it was never there.
    desk.press("Backspace", "Backspace")
    enter(desk, "blue eyess")
    expect(question(desk.page)).to_be_visible()
    desk.press("Control+z")
    expect(question(desk.page)).to_be_hidden()
    desk.expect_chips()
    desk.expect_saved()
    assert desk.stored_tags(3) == []


def test_who_goes_on_without_an_answer_keeps_what_was_typed_and_may_change_it(desk: Desk, problems: Problems) -> None:
    desk.open(4)
    enter(desk, "blu eyes")
    expect(question(desk.page)).to_be_visible()
    desk.press("Enter")
    expect(desk.page).to_have_url(desk.address(5))
    expect(question(desk.page)).to_be_hidden()
    expect(desk.page.get_by_text("04.jpg: “blu eyes” was kept as you typed it.")).to_be_visible()
    desk.expect_saved()
    assert desk.stored_tags(4) == ["blu eyes"]
    desk.page.get_by_role("button", name="Use “blue eyes”").click()
    desk.expect_saved()
    desk.press("PageUp")
    desk.expect_chips("blue eyes")
    problems.allow_failed_requests()


PASTED = "reeds, blue eyvs, blye eyes, water, blue eyea"


def paste_for_real(desk: Desk, text: str) -> None:
    """Copy a text in a field of the page, and paste it, as the browser does both."""
    desk.page.evaluate(
        """(text) => {
          const field = document.createElement("textarea");
          field.value = text;
          document.body.append(field);
          field.select();
          document.execCommand("copy");
          field.remove();
        }""",
        text,
    )
    desk.box.focus()
    desk.press("Control+v")


def test_slips_in_what_is_pasted_are_asked_about_one_after_the_other(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(5)
    paste_for_real(desk, PASTED)
    asked = question(desk.page)
    expect(asked).to_contain_text("“blue eyvs” is new. Did you mean “blue eyes”? 2 more to ask.")
    # All are shown where they were pasted; the others are stored already.
    desk.expect_chips(*PASTED.split(", "))
    expect(desk.box).to_be_focused()
    expect(desk.state).to_have_attribute("data-state", "asks")
    assert desk.stored_tags(5) == ["reeds", "water"]
    look(desk.page, "pasted")
    desk.press("Alt+Enter")
    expect(asked).to_contain_text("“blye eyes” is new. Did you mean “blue eyes”? 1 more to ask.")
    desk.expect_chips("reeds", "blue eyes", "blye eyes", "water", "blue eyea")
    expect(asked.get_by_role("button")).to_have_count(3)
    desk.press("Alt+Shift+K")
    expect(asked).to_be_hidden()
    expect(desk.box).to_be_focused()
    desk.expect_saved()
    assert desk.stored_tags(5) == ["reeds", "blue eyes", "blye eyes", "water", "blue eyea"]
    # What was answered last is taken back first, then the rest of what was pasted.
    desk.press("Control+z")
    desk.expect_chips("reeds", "blye eyes", "water", "blue eyea")
    desk.press("Control+z")
    desk.expect_chips()
    desk.expect_saved()


def test_who_goes_on_keeps_what_was_pasted(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(4)
    desk.paste("blue eyqs, reeds, bleu eyes")
    expect(question(desk.page)).to_contain_text("1 more to ask")
    desk.press("Enter")
    expect(desk.page).to_have_url(desk.address(5))
    expect(question(desk.page)).to_be_hidden()
    expect(desk.page.get_by_text("04.jpg: 2 tags were kept as they are: blue eyqs, bleu eyes.")).to_be_visible()
    desk.expect_saved()
    assert desk.stored_tags(4) == ["blue eyqs", "reeds", "bleu eyes"]
