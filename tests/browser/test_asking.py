"""One tag over many pictures: yes, no or skip with one key each, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Locator, Page, Route, WebSocketRoute, expect

from tests.browser.axe import Axe
from tests.browser.desk import WORDS, Desk

pytestmark = [pytest.mark.browser, pytest.mark.flow]


def asking(desk: Desk) -> Locator:
    return desk.page.locator("[data-asking]")


def start(desk: Desk, tag: str) -> None:
    """Open the question for a tag."""
    desk.page.keyboard.press("Alt+q")
    desk.page.get_by_label("Tag to ask about").fill(tag)
    desk.page.keyboard.press("Enter")


def expect_asked(desk: Desk, number: int) -> None:
    """Which picture is shown."""
    expect(asking(desk)).to_have_attribute("data-image", str(desk.image_ids[number - 1]))


def answer(desk: Desk, number: int, key: str) -> None:
    """Answer for the picture that is shown, as one does who looks at it."""
    expect_asked(desk, number)
    desk.press(key)


def test_one_key_a_picture_answers_all_of_them(make_desk: Callable[..., Desk], page: Page) -> None:
    desk = make_desk(page, pictures=7)
    desk.open(3)
    start(desk, "lake")
    question = page.get_by_role("heading", name="Is “lake” in this picture?")
    expect(question).to_be_visible()
    # The first picture has the tag already and is not asked about.
    for number, key in ((2, "y"), (3, "n"), (4, "Enter"), (5, "Space"), (6, "ArrowLeft"), (7, "ArrowRight")):
        answer(desk, number, key)
    assert desk.keys == 6
    expect(page.get_by_role("heading", name="6 pictures answered")).to_be_visible()
    expect(asking(desk)).to_contain_text("3 yes · 2 no · 1 skipped")
    expect(asking(desk)).to_contain_text("This browser remembers")
    page.get_by_role("button", name="Back to the desk").click()
    expect(page).to_have_url(desk.address(3))
    expect(desk.box).to_be_focused()
    desk.expect_saved()
    assert [desk.stored_tags(number) for number in range(2, 8)] == [["lake"], [], ["lake"], [], [], ["lake"]]


def test_answers_do_not_wait_for_the_server_and_are_stored_in_the_end(desk: Desk) -> None:
    page = desk.page
    held: list[Route] = []
    desk.open(1)
    page.route("**/edits", lambda route: held.append(route))
    start(desk, "fog")
    for number in range(1, 6):
        answer(desk, number, "y")
    expect(page.get_by_role("heading", name="5 pictures answered")).to_be_visible()
    assert desk.stored_tags(5) == []
    page.unroute("**/edits")
    for route in held:
        with suppress(Error):  # one that the page has given up
            route.continue_()
    desk.expect_saved()
    assert [desk.stored_tags(number)[-1] for number in range(1, 6)] == ["fog"] * 5


def test_back_takes_the_last_answer_back_and_undo_all_takes_all(desk: Desk) -> None:
    page = desk.page
    desk.open(1)
    start(desk, "fog")
    answer(desk, 1, "y")
    answer(desk, 2, "y")
    answer(desk, 3, "Backspace")
    expect_asked(desk, 2)
    expect(page.locator("[data-asking-tally]")).to_have_text("1 yes · 0 no · 0 skipped")
    answer(desk, 2, "n")
    answer(desk, 3, "y")
    expect_asked(desk, 4)
    desk.press("Escape")
    expect(asking(desk)).to_contain_text("2 yes · 1 no · 0 skipped")
    desk.expect_saved()
    assert [desk.stored_tags(number) for number in (1, 2, 3)] == [[*WORDS, "fog"], [], ["fog"]]
    page.get_by_role("button", name="Undo all").click()
    expect(page.get_by_role("heading", name="2 changes taken back")).to_be_visible()
    desk.press("Escape")
    desk.expect_saved()
    assert [desk.stored_tags(number) for number in (1, 2, 3)] == [WORDS, [], []]


def test_back_while_the_next_picture_is_on_its_way_loses_none(desk: Desk) -> None:
    page = desk.page
    held: list[Route] = []
    last = re.compile(f"/images/{desk.image_ids[4]}/desk")
    page.route(last, lambda route: held.append(route))
    desk.open(1)
    start(desk, "fog")
    for number in range(1, 5):
        answer(desk, number, "y")
    expect(page.locator("[data-asking-live]")).to_contain_text("4 of 5")
    desk.press("Backspace")
    expect(page.locator("[data-asking-live]")).to_contain_text("Yes taken back.")
    page.unroute(last)
    with page.expect_response(last):
        for route in held:
            with suppress(Error):  # one that the page has given up
                route.continue_()
    answer(desk, 4, "n")
    answer(desk, 5, "y")
    expect(page.get_by_role("heading", name="5 pictures answered")).to_be_visible()
    expect(asking(desk)).to_contain_text("4 yes · 1 no · 0 skipped")


def test_a_held_key_on_a_button_answers_one_picture(desk: Desk) -> None:
    desk.open(1)
    start(desk, "fog")
    expect_asked(desk, 1)
    desk.page.get_by_role("button", name="Yes", exact=True).focus()
    for _ in range(5):
        desk.page.keyboard.down("Enter")
    desk.page.keyboard.up("Enter")
    expect_asked(desk, 2)
    expect(desk.page.locator("[data-asking-tally]")).to_have_text("1 yes · 0 no · 0 skipped")


def test_much_that_others_do_at_once_takes_nothing_away_from_who_answers(desk: Desk) -> None:
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    desk.page.route_web_socket(re.compile("/desk/"), between)
    desk.open(3)
    start(desk, "fog")
    expect_asked(desk, 1)
    # More pictures than one message tells the words of.
    data = {"revision": 10**6, "is_complete": False, "changed": [], "states": {}, "images": 5, "tagged": 1}
    sockets[-1].send(json.dumps({"type": "desk.changed", "data": data}))
    for number in range(1, 6):
        answer(desk, number, "y")
    expect(desk.page.get_by_role("heading", name="5 pictures answered")).to_be_visible()
    desk.expect_saved()
    assert [desk.stored_tags(number)[-1] for number in range(1, 6)] == ["fog"] * 5


def test_what_was_answered_is_not_asked_again_until_one_wants_it(desk: Desk) -> None:
    page = desk.page
    desk.open(1)
    start(desk, "fog")
    for number, key in ((1, "n"), (2, "y"), (3, "Space"), (4, "Escape")):
        answer(desk, number, key)
    desk.press("Escape")
    desk.expect_saved()
    page.reload()
    expect(desk.box).to_be_focused()
    start(desk, "fog")
    expect_asked(desk, 4)
    expect(page.locator("[data-asking-progress]")).to_have_text("1 of 2")
    desk.press("Escape")
    page.get_by_role("button", name="Ask about these again").click()
    expect_asked(desk, 1)
    expect(page.locator("[data-asking-progress]")).to_have_text("1 of 4")


def test_pictures_that_have_the_tag_are_asked_about_where_one_wants_it_and_no_takes_it_off(desk: Desk) -> None:
    page = desk.page
    desk.open(1)
    page.get_by_role("button", name="lake, 4 of 8").focus()
    page.locator("[data-chip-ask]").click()
    expect_asked(desk, 2)
    page.get_by_label("Also pictures that have it").check()
    expect_asked(desk, 1)
    expect(page.locator("[data-asking-name]")).to_contain_text("has the tag")
    page.get_by_role("button", name="No", exact=True).click()
    answer(desk, 2, "Escape")
    page.get_by_role("button", name="Back to the desk").click()
    desk.expect_chips(*[word for word in WORDS if word != "lake"])
    desk.expect_saved()
    assert "lake" not in desk.stored_tags(1)


def test_no_other_key_of_the_desk_works_while_it_asks(desk: Desk) -> None:
    desk.open(2)
    start(desk, "fog")
    expect_asked(desk, 1)
    desk.press("Control+d", "PageDown", "Alt+ArrowRight", "Shift+Delete", "c")
    expect_asked(desk, 1)
    desk.press("Escape", "Escape")
    expect(desk.page).to_have_url(desk.address(2))
    desk.expect_chips()


def test_it_works_by_touch_on_a_phone_and_breaks_no_rule(desk: Desk, page: Page) -> None:
    for scheme, width in (("light", 390), ("dark", 1440)):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        desk.open(1)
        start(desk, f"fog {scheme}")
        expect_asked(desk, 1)
        for name in ("Yes", "No", "Skip"):
            button = asking(desk).get_by_role("button", name=name, exact=True)
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 40
            assert box["x"] + box["width"] <= width
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        asking(desk).get_by_role("button", name="Yes", exact=True).click()
        expect_asked(desk, 2)
        asking(desk).get_by_role("button", name="End").click()
        expect(page.get_by_role("heading", name="1 picture answered")).to_be_visible()
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        desk.press("Escape")
        desk.expect_saved()
    assert desk.stored_tags(1)[-2:] == ["fog light", "fog dark"]
