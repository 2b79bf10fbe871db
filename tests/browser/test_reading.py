"""What the trainer reads, beside the words as they are typed, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tagging.tokens import count_tokens
from tests.browser.desk import WORDS, Desk
from tests.browser.problems import Problems
from tests.person import Person
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]


def text(desk: Desk) -> Locator:
    return desk.page.locator("[data-reading-text]")


def test_it_follows_what_is_typed_and_equals_the_exported_file(desk: Desk, running_program: RunningProgram) -> None:
    desk.open(1)
    expect(text(desk)).to_have_text(", ".join(WORDS))
    desk.caption.fill("A quiet morning.")
    expect(text(desk)).to_have_text(", ".join([*WORDS, "A quiet morning."]))
    desk.page.keyboard.press("Escape")
    desk.type("fog,")
    expect(text(desk)).to_have_text(", ".join([*WORDS, "fog", "A quiet morning."]))
    desk.expect_saved()
    person = Person(running_program)
    files = person.unpacked(person.export(desk.dataset_id))
    first = min(name for name in files if re.search(r"-0*1\.txt$", name))
    assert files[first].decode() == text(desk).inner_text()


def test_a_picture_without_words_says_that_no_file_is_written(desk: Desk) -> None:
    desk.open(2)
    expect(text(desk)).to_have_text("Nothing: no text file is written for this picture.")


def test_token_counts_stand_beside_it_and_say_when_they_are_over(desk: Desk) -> None:
    if count_tokens("").clip is None:
        pytest.skip("What counts CLIP's tokens is not installed: `make tokens` fetches it.")
    desk.open(1)
    clip = desk.page.locator("[data-reader=clip]")
    expect(clip).to_contain_text(f"CLIP {count_tokens(', '.join(WORDS)).clip} / 75")
    expect(clip).not_to_contain_text("over")
    long = " ".join(["word"] * 80)
    desk.caption.fill(long)
    over = count_tokens(", ".join([*WORDS, long])).clip
    assert over is not None
    expect(clip).to_contain_text(f"CLIP {over - 75} over 75")
    expect(clip.locator("svg")).to_be_visible()
    expect(clip).to_have_attribute("title", re.compile("SDXL"))


def test_where_nothing_can_be_counted_the_text_stands_alone(desk: Desk) -> None:
    desk.page.route(
        "**/caption-text",
        lambda route: route.fulfill(json={**route.fetch().json(), "clip": None, "t5": None}),
    )
    desk.open(1)
    expect(text(desk)).to_have_text(", ".join(WORDS))
    expect(desk.page.locator("[data-reader]")).to_have_count(0)


def test_without_the_server_it_says_that_it_shows_the_last_known(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(1)
    expect(text(desk)).to_have_text(", ".join(WORDS))
    desk.page.context.set_offline(True)
    desk.type("fog,")
    note = desk.page.locator("[data-reading-note]")
    expect(note).to_have_text("The server does not answer: this is the text as last known.")
    expect(text(desk)).to_have_text(", ".join(WORDS))
    desk.page.context.set_offline(False)
    expect(text(desk)).to_have_text(", ".join([*WORDS, "fog"]))
    expect(note).to_be_hidden()
    desk.expect_saved()
