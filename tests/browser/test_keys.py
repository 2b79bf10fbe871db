"""Every command by its key, by name and on the sheet of keys; and keys as one wants them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import images
from tests.browser.axe import Axe
from tests.browser.desk import WORDS, Desk, import_folder
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

Step = Callable[[Desk], None]


def _at(number: int) -> Step:
    return lambda desk: expect(desk.page).to_have_url(desk.address(number))


def _tags(*names: str) -> Step:
    return lambda desk: desk.expect_chips(*names)


def _first_chip(desk: Desk) -> None:
    desk.page.locator(".chip__name").nth(1).focus()


def _off_the_box(desk: Desk) -> None:
    desk.page.locator("[data-stage]").focus()


def _dialog(name: str) -> Step:
    return lambda desk: expect(desk.page.get_by_role("dialog", name=name)).to_be_visible()


TABLE: dict[str, tuple[int, Step | None, list[str], Step]] = {
    "Enter takes the suggestion": (4, None, ["o", "u", "Enter"], _tags("outdoors")),
    "Enter on the empty box goes on": (2, None, ["Enter"], _at(3)),
    "Alt and the right arrow": (2, None, ["Alt+ArrowRight"], _at(3)),
    "Alt and the left arrow": (2, None, ["Alt+ArrowLeft"], _at(1)),
    "Page down": (2, None, ["PageDown"], _at(3)),
    "Page up": (2, None, ["PageUp"], _at(1)),
    "Ctrl J finds the next untagged": (1, None, ["Control+j"], _at(2)),
    "Ctrl D copies the tags of the picture before": (6, None, ["Control+d"], _tags(*WORDS)),
    "Backspace twice removes the last tag": (7, None, ["Backspace", "Backspace"], _tags(*WORDS[:-1])),
    "Alt and the up arrow moves a tag": (9, _first_chip, ["Alt+ArrowUp"], _tags("blue sky", "outdoors", *WORDS[2:])),
    "Alt and the down arrow moves it back": (11, _first_chip, ["Alt+ArrowUp", "Alt+ArrowDown"], _tags(*WORDS)),
    "Ctrl Z takes back": (13, None, ["Backspace", "Backspace", "Control+z"], _tags(*WORDS)),
    "Ctrl Shift Z does again": (
        15,
        None,
        ["Backspace", "Backspace", "Control+z", "Control+Shift+Z"],
        _tags(*WORDS[:-1]),
    ),
    "Ctrl K lists the commands": (1, None, ["Control+k"], _dialog("All commands")),
    "the slash leads to the tag box": (1, _off_the_box, ["/"], lambda desk: expect(desk.box).to_be_focused()),
    "c leads to the caption": (1, _off_the_box, ["c"], lambda desk: expect(desk.caption).to_be_focused()),
    "the question mark shows the keys": (1, None, ["?"], _dialog("Keys")),
    "F1 shows the keys": (1, None, ["F1"], _dialog("Keys")),
    "g leads to the grid": (1, _off_the_box, ["g"], lambda desk: expect(desk.page).to_have_url(re.compile(r"/\d+/$"))),
}


@pytest.fixture(scope="module")
def pictures(running_program: RunningProgram, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[int]]:
    """Sixteen pictures, every other one tagged, for rows that each change another one."""
    folder = tmp_path_factory.mktemp("table")
    for number in range(1, 17):
        path = images.write(folder, f"{number:02d}.jpg", seed=7000 + number)
        if number % 2:
            path.with_suffix(".txt").write_text(", ".join(WORDS))
    return import_folder(running_program, "Table of keys", folder)


@pytest.mark.parametrize("row", TABLE)
def test_each_key_of_the_table_does_what_it_says(
    pictures: tuple[int, list[int]], running_program: RunningProgram, page: Page, row: str
) -> None:
    number, prepare, keys, check = TABLE[row]
    desk = Desk(page, running_program.url, *pictures).open(number)
    if prepare:
        prepare(desk)
    desk.press(*keys)
    check(desk)


def test_no_two_commands_answer_to_one_press(desk: Desk) -> None:
    desk.open(1)
    found = desk.page.evaluate(
        """async () => {
          const { Registry } = await import("/static/js/tagging/registry.js");
          const { allActions } = await import("/static/js/sessions_app/catalogue.js");
          const registry = new Registry(allActions());
          const ids = registry.actions.map((action) => action.id);
          return { ids, clashes: registry.clashes(), twice: ids.filter((id, at) => ids.indexOf(id) !== at),
            nameless: registry.actions.filter((action) => !action.label || !action.group).map((action) => action.id) };
        }"""
    )
    assert found["clashes"] == []
    assert found["twice"] == []
    assert found["nameless"] == []
    # The page of keys lists what the desk has, although it has no desk.
    desk.press("F1")
    on_desk = desk.page.locator("#help .help__row dt").all_inner_texts()
    desk.page.goto(f"{desk.url}/keys/")
    names = desk.page.locator(".keys-page__name").all_inner_texts()
    assert set(on_desk) <= set(names)


def test_single_keys_are_letters_where_something_is_typed(desk: Desk) -> None:
    desk.open(2)
    desk.press("Alt+c")
    for key in "c?zig/tu":
        desk.press(key)
    expect(desk.caption).to_have_value("c?zig/tu")
    desk.press("Escape")
    desk.type("zig?")
    expect(desk.box).to_have_value("zig?")


def _palette(page: Page) -> Any:
    return page.get_by_role("dialog", name="All commands")


def test_a_command_is_found_by_words_in_any_order_and_by_first_letters(desk: Desk) -> None:
    desk.open(1)
    desk.press("Control+k")
    options = _palette(desk.page).get_by_role("option")
    for query, name in (
        ("untag next", "Next untagged picture"),
        ("nup", "Next untagged picture"),
        ("PICTURE N", "Next picture"),
    ):
        desk.page.get_by_role("combobox", name="All commands").fill(query)
        expect(options.first).to_contain_text(name)
    desk.press("Enter")
    expect(desk.page).to_have_url(desk.address(2))
    expect(desk.box).to_be_focused()
    desk.press("Control+k")
    # Used last, shown first.
    expect(options.first).to_contain_text("Next picture")
    desk.type("qqqq")
    expect(_palette(desk.page)).to_contain_text("Nothing is called that")
    desk.press("Escape")
    expect(_palette(desk.page)).to_be_hidden()
    expect(desk.box).to_be_focused()


def test_what_cannot_be_done_now_is_shown_as_such_and_does_nothing(desk: Desk) -> None:
    desk.open(1)
    desk.press("Control+k")
    desk.type("previous picture")
    row = _palette(desk.page).get_by_role("option").filter(has_text="Previous picture").first
    expect(row).to_have_attribute("aria-disabled", "true")
    expect(row).to_contain_text("not now")
    row.click(force=True)
    expect(_palette(desk.page)).to_be_visible()


def test_the_palette_finds_datasets_pages_and_tags(desk: Desk) -> None:
    desk.open(2)
    desk.press("Control+k")
    desk.type("#sky")
    row = _palette(desk.page).get_by_role("option").filter(has_text="blue sky").first
    expect(row).to_contain_text("adds the tag to this picture")
    desk.press("Enter")
    desk.expect_chips("blue sky")
    desk.expect_saved()
    desk.press("Control+k")
    desk.type(">export")
    expect(_palette(desk.page).get_by_role("option")).to_have_count(1)
    desk.press("Enter")
    expect(desk.page).to_have_url(re.compile("/export/"))
    desk.page.wait_for_load_state("networkidle")
    desk.page.keyboard.press("Control+k")
    expect(_palette(desk.page)).to_be_visible()
    desk.page.keyboard.type("dataset")
    results = Axe().run(desk.page)
    assert results.response["violations"] == [], results.generate_report()
    rows = _palette(desk.page).get_by_role("option").filter(has_text=re.compile(r"^Desk \d+dataset"))
    rows.first.click()
    expect(desk.page).to_have_url(re.compile(r"/datasets/\d+/$"))


def test_the_sheet_of_keys_is_searched_by_command_and_by_key(desk: Desk) -> None:
    desk.open(1)
    desk.press("F1")
    search = desk.page.get_by_role("searchbox", name="Find a key")
    for query in ("untagged", "ctrl j"):
        search.fill(query)
        expect(desk.page.locator("#help .help__row").first).to_contain_text("Next untagged picture")
    expect(desk.page.get_by_role("link", name="Change keys")).to_have_attribute("href", "/keys/")


def _row(page: Page, action: str) -> Any:
    return page.locator(f'.keys-page__row[data-id="{action}"]')


def _give(page: Page, action: str, key: str) -> None:
    _row(page, action).get_by_role("button", name="Add a key").click()
    page.keyboard.press(key)


@pytest.fixture
def own_keys(desk: Desk) -> Any:
    """The desk; its keys are as they came, before and after."""
    yield desk
    desk.page.goto(f"{desk.url}/keys/")
    reset = desk.page.get_by_role("button", name="Reset all")
    if reset.is_enabled():
        reset.click()
        expect(desk.page.locator("[data-key-news]")).to_have_text("All keys are as they came.")


def test_a_key_is_changed_by_pressing_it_and_holds_at_once_and_later(own_keys: Desk) -> None:
    desk, page = own_keys, own_keys.page
    page.goto(f"{desk.url}/keys/")
    _give(page, "next", "F8")
    expect(page.locator("[data-key-news]")).to_have_text("Kept.")
    _row(page, "next").get_by_role("button", name=re.compile("^Take Page")).click()
    expect(_row(page, "next").locator("kbd")).to_have_text(["Alt →", "F8"])
    results = Axe().run(page)
    assert results.response["violations"] == [], results.generate_report()
    desk.open(1)
    desk.press("PageDown", "F8")
    expect(page).to_have_url(desk.address(2))
    link = page.get_by_role("link", name="Next", exact=True)
    expect(link).to_have_attribute("aria-keyshortcuts", "Alt+ArrowRight F8")
    desk.press("F1")
    expect(page.locator("#help .help__row").first).to_contain_text("F8")
    page.goto(f"{desk.url}/keys/")
    _row(page, "next").get_by_role("button", name="Reset").click()
    expect(_row(page, "next").locator("kbd")).to_have_text(["Alt →", "Page ↓"])


def test_a_key_of_the_tag_box_can_be_changed_too(own_keys: Desk) -> None:
    desk, page = own_keys, own_keys.page
    page.goto(f"{desk.url}/keys/")
    _give(page, "goOn", "F9")
    _row(page, "goOn").get_by_role("button", name=re.compile("^Take ↵")).click()
    expect(_row(page, "goOn").locator("kbd")).to_have_text(["F9"])
    expect(page.locator("[data-key-news]")).to_have_text("Kept.")
    desk.open(2)
    desk.press("Enter", "o", "u", "Enter")
    desk.expect_chips("outdoors")
    expect(page).to_have_url(desk.address(2))
    desk.press("F9")
    expect(page).to_have_url(desk.address(3))


def test_a_key_that_is_taken_is_refused_with_the_name_of_who_has_it(own_keys: Desk) -> None:
    desk, page = own_keys, own_keys.page
    page.goto(f"{desk.url}/keys/")
    trouble = page.get_by_role("alert")
    _give(page, "undo", "Control+j")
    expect(trouble).to_have_text("Ctrl J already does “Next untagged picture”. Take it away there first.")
    _give(page, "undo", "Control+PageDown")
    expect(trouble).to_have_text("The browser keeps this key for itself: no page can use it.")
    expect(_row(page, "undo").locator("kbd")).to_have_text(["Ctrl Z"])


def test_single_keys_can_be_switched_off(own_keys: Desk) -> None:
    desk, page = own_keys, own_keys.page
    page.goto(f"{desk.url}/keys/")
    page.get_by_role("checkbox", name="Single keys").uncheck()
    expect(page.locator("[data-key-news]")).to_have_text("Kept.")
    desk.open(1)
    desk.press("?")
    expect(desk.box).to_have_value("?")
    _off_the_box(desk)
    desk.press("c", "g", "/")
    expect(desk.caption).not_to_be_focused()
    expect(page).to_have_url(desk.address(1))
    desk.press("Alt+c")
    expect(desk.caption).to_be_focused()


def test_keys_the_server_refuses_are_as_before_and_the_reason_is_told(own_keys: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk, page = own_keys, own_keys.page
    page.goto(f"{desk.url}/keys/")
    page.route("**/key-map", lambda route: route.fulfill(status=422, json={"detail": "“F8” is no key."}))
    _give(page, "next", "F8")
    expect(page.get_by_role("alert")).to_have_text("“F8” is no key.")
    expect(_row(page, "next").locator("kbd")).to_have_text(["Alt →", "Page ↓"])
    page.unroute("**/key-map")
