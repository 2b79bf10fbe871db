"""The tagging desk in a real browser, keys pressed one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.browser.axe import Axe
from tests.browser.desk import WORDS, Desk
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]


def test_five_tags_and_the_next_picture_take_sixteen_keys(desk: Desk) -> None:
    desk.open(2)
    for start in ("ou", "bl", "mo", "la", "su"):
        desk.type(start)
        desk.press("Enter")
    desk.press("Enter")
    assert desk.keys == 16
    expect(desk.page).to_have_url(desk.address(3))
    expect(desk.box).to_be_focused()
    desk.expect_saved()
    assert desk.stored_tags(2) == ["outdoors", "blue sky", "mountain", "lake", "sunset"]


def test_enter_before_the_suggestions_have_come_takes_the_first_one_all_the_same(desk: Desk) -> None:
    def slowly(route: Route) -> None:
        desk.page.wait_for_timeout(150)
        route.continue_()

    desk.page.route("**/tag-suggestions*", slowly)
    desk.open(2)
    desk.page.keyboard.type("ou")
    desk.press("Enter")
    desk.page.keyboard.type("la")
    desk.press("Enter")
    desk.press("Enter")
    expect(desk.page).to_have_url(desk.address(3))
    desk.expect_saved()
    assert desk.stored_tags(2) == ["outdoors", "lake"]
    desk.page.unroute_all(behavior="ignoreErrors")


def test_new_words_commas_lists_and_what_was_typed_exactly(desk: Desk) -> None:
    desk.open(2)
    desk.type("heron")
    expect(desk.page.get_by_role("option")).to_have_text([re.compile("heron")])
    desk.press("Enter")
    desk.type("snowy owl,")
    desk.type("snow")
    desk.press("Control+Enter")
    desk.paste("reeds, water lily,\n blue sky ,reeds")
    desk.expect_chips("heron", "snowy owl", "snow", "reeds", "water lily", "blue sky")
    expect(desk.box).to_have_value("")
    expect(desk.box).to_be_focused()
    desk.expect_saved()
    assert desk.stored_tags(2) == desk.chips()


def test_backspace_selects_the_last_tag_and_then_removes_it(desk: Desk) -> None:
    desk.open(1)
    desk.press("Backspace")
    expect(desk.page.locator(".chip--selected")).to_have_text("standing")
    desk.expect_chips(*WORDS)
    desk.press("Backspace")
    desk.expect_chips(*WORDS[:-1])
    desk.expect_saved()
    desk.page.reload()
    desk.expect_chips(*WORDS[:-1])


def test_a_tag_is_moved_by_key_by_button_and_by_dragging(desk: Desk) -> None:
    desk.open(1)
    chip = desk.page.locator(".chip__name")
    chip.nth(1).focus()
    desk.press("Alt+ArrowUp")
    desk.expect_chips("blue sky", "outdoors", *WORDS[2:])
    expect(desk.page.get_by_role("button", name="blue sky, 1 of 8")).to_be_focused()
    expect(desk.page.locator("[data-live=news]")).to_have_text("blue sky, 1 of 8")
    desk.page.get_by_role("button", name="Move later").click()
    desk.expect_chips(*WORDS)
    source, target = chip.nth(0).bounding_box(), chip.nth(5).bounding_box()
    assert source is not None
    assert target is not None
    desk.page.mouse.move(source["x"] + 12, source["y"] + 12)
    desk.page.mouse.down()
    desk.page.mouse.move(source["x"] + 40, source["y"] + 12, steps=4)
    desk.page.mouse.move(target["x"] + target["width"] / 2, target["y"] + 14, steps=12)
    expect(desk.page.locator(".chip__name").first).not_to_have_text("outdoors")
    desk.page.mouse.up()
    expect(desk.page.locator(".chip__name").first).not_to_have_text("outdoors")
    desk.expect_saved()
    assert desk.stored_tags(1) == desk.chips()
    assert sorted(desk.chips()) == sorted(WORDS)


def test_arrows_walk_the_chips_and_delete_removes_one(desk: Desk) -> None:
    desk.open(1)
    desk.page.locator(".chip__name").first.focus()
    desk.press("ArrowRight", "ArrowRight", "Delete")
    desk.expect_chips(*[word for word in WORDS if word != "mountain"])
    expect(desk.page.get_by_role("button", name="lake, 3 of 7")).to_be_focused()
    desk.press("Escape")
    expect(desk.box).to_be_focused()
    desk.page.get_by_role("button", name="Remove outdoors").click()
    expect(desk.box).to_be_focused()
    desk.expect_saved()
    assert "outdoors" not in desk.stored_tags(1)


def test_taking_back_doing_again_and_the_tags_of_the_picture_before(desk: Desk) -> None:
    desk.open(2)
    desk.press("Control+d")
    desk.expect_chips(*WORDS)
    desk.press("Control+z")
    desk.expect_chips()
    desk.press("Control+Shift+Z")
    desk.expect_chips(*WORDS)
    desk.page.get_by_role("button", name="Remove lake").click()
    desk.press("Control+z")
    desk.expect_chips(*WORDS)
    desk.expect_saved()
    assert desk.stored_tags(2) == WORDS


def _keeps_place(request: Request, image_id: int) -> bool:
    body = request.post_data_json or {}
    return request.url.endswith("/tagging-session") and body.get("image_id") == image_id


def test_walking_never_loads_the_page_again_and_the_place_is_kept(desk: Desk) -> None:
    desk.open(1)
    desk.page.evaluate("window.stays = true")
    desk.press("Alt+ArrowRight", "PageDown")
    expect(desk.page).to_have_url(desk.address(3))
    expect(desk.page).to_have_title(re.compile("^03.jpg"))
    expect(desk.page.get_by_role("heading", name="03.jpg")).to_be_visible()
    desk.page.go_back()
    expect(desk.page).to_have_url(desk.address(2))
    expect(desk.page.locator("[data-number]").first).to_have_text("2 of 5")
    with desk.page.expect_response(lambda answer: _keeps_place(answer.request, desk.image_ids[2])):
        desk.press("Control+j")
        expect(desk.page).to_have_url(desk.address(3))
    assert desk.page.evaluate("window.stays") is True
    desk.page.goto(f"{desk.url}/datasets/{desk.dataset_id}/tag/")
    expect(desk.page).to_have_url(desk.address(3))


def test_the_next_picture_was_fetched_ahead(desk: Desk) -> None:
    desk.open(1)
    desk.page.wait_for_load_state("networkidle")
    asked: list[str] = []
    desk.page.on("request", lambda request: _note_picture(request, asked))
    for number in (2, 3, 4):
        desk.press("PageDown")
        expect(desk.page.locator("[data-frame][data-state=shown]")).to_be_visible()
        expect(desk.page).to_have_url(desk.address(number))
    wanted = {f"/files/images/{image_id}/" for image_id in desk.image_ids[1:4]}
    assert [address for address in asked if any(part in address for part in wanted)] == []


def _note_picture(request: Request, asked: list[str]) -> None:
    if request.resource_type == "image":
        asked.append(request.url)


def test_a_tag_out_of_sight_is_scrolled_to(desk: Desk) -> None:
    desk.page.set_viewport_size({"width": 1100, "height": 560})
    desk.open(2)
    desk.paste(", ".join(f"a rather long tag {number}" for number in range(60)))
    chip = desk.page.locator(".chip")
    expect(chip).to_have_count(60)
    expect(chip.last).to_be_in_viewport(ratio=0.9)
    desk.type("heron")
    desk.press("Control+Enter")
    expect(chip).to_have_count(61)
    expect(chip.last).to_be_in_viewport(ratio=0.9)
    expect(chip.first).not_to_be_in_viewport()
    desk.type("a rather long tag 0")
    desk.press("Control+Enter")
    expect(chip.first).to_be_in_viewport(ratio=0.9)
    expect(chip.first).to_have_class(re.compile("chip--flash"))
    expect(chip).to_have_count(61)
    desk.expect_saved()


def test_a_tag_is_suggested_as_it_was_stored_and_not_where_it_is(desk: Desk) -> None:
    desk.open(2)
    desk.box.fill("grey\u200bheron")
    desk.press("Control+Enter")
    desk.expect_chips("greyheron")
    desk.type("greyh")
    rows = desk.page.get_by_role("option")
    expect(rows).to_have_text([re.compile("Add as typed")])
    desk.press("Escape", "Alt+ArrowRight")
    expect(desk.page).to_have_url(desk.address(3))
    desk.type("grey")
    expect(rows.first.locator("bdi")).to_have_text("greyheron")
    expect(rows).to_have_count(2)


def test_the_last_picture_ends_calmly_with_what_is_left(desk: Desk) -> None:
    desk.open(5)
    desk.type("heron")
    desk.press("Enter", "Enter")
    finish = desk.page.locator("[data-finish]")
    expect(finish).to_contain_text("That was the last picture")
    expect(finish).to_contain_text("3 of 5 are still untagged.")
    expect(finish.get_by_role("link", name="Export")).to_be_visible()
    desk.press("Enter")
    expect(desk.page).to_have_url(desk.address(2))
    expect(finish).to_be_hidden()


def test_the_keys_are_shown_on_demand(desk: Desk) -> None:
    desk.open(1)
    desk.press("Alt+c")
    desk.press("?")
    expect(desk.caption).to_have_value("?")
    desk.press("Backspace", "Escape", "?")
    dialog = desk.page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Next untagged picture")
    desk.press("Escape")
    expect(dialog).to_be_hidden()
    expect(desk.box).to_be_focused()
    expect(desk.page.get_by_role("link", name="Next", exact=True)).to_have_attribute(
        "aria-keyshortcuts", "Alt+ArrowRight PageDown"
    )


def test_keys_of_an_input_method_are_its_own(desk: Desk) -> None:
    desk.page.route("**/tag-suggestions*", lambda _route: None)
    desk.open(2)
    client = desk.page.context.new_cdp_session(desk.page)
    client.send("Input.imeSetComposition", {"text": "ほた", "selectionStart": 2, "selectionEnd": 2})
    # The first answer comes now, and the list opens in mid-word: Enter chooses a spelling, not a suggestion.
    desk.page.unroute("**/tag-suggestions*")
    expect(desk.box).to_have_attribute("aria-expanded", "true")
    desk.box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    desk.expect_chips()
    expect(desk.page).to_have_url(desk.address(2))
    client.send("Input.insertText", {"text": "蛍"})
    desk.press("Enter")
    desk.expect_chips("蛍")


def test_without_scripts_the_page_can_be_read_and_walked(
    make_desk: Callable[..., Desk], browser: Browser, page: Page
) -> None:
    desk = make_desk(page)
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(desk.address(1))
    expect(plain.locator(".chip")).to_have_text(WORDS)
    assert plain.locator("[data-frame] img").evaluate("image => image.naturalWidth > 0")
    plain.get_by_role("link", name="Next", exact=True).click()
    expect(plain).to_have_url(desk.address(2))
    context.close()


@pytest.fixture
def phone(browser: Browser, problems: Problems) -> Iterator[BrowserContext]:
    """A phone's screen."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(10_000)
    yield context
    context.close()


def test_a_phone_shows_all_of_it_without_scrolling_sideways(
    make_desk: Callable[..., Desk], page: Page, phone: BrowserContext
) -> None:
    desk = make_desk(page).open(1)
    desk.paste(f"{'a tag that goes on and on ' * 7}, {'x' * 150}")
    expect(page.locator(".chip__name")).to_have_count(len(WORDS) + 2)
    desk.expect_saved()
    small = phone.new_page()
    for width in (390, 320):
        small.set_viewport_size({"width": width, "height": 844})
        small.goto(desk.address(1))
        expect(small.locator(".chip__name")).to_have_count(len(WORDS) + 2)
        assert small.evaluate("document.documentElement.scrollWidth") == width
        assert small.locator("[data-frame] img").bounding_box()["width"] > width / 3  # type: ignore[index]
    results = Axe().run(small)
    assert results.response["violations"] == [], results.generate_report()
    small.get_by_role("link", name="Next", exact=True).tap()
    expect(small).to_have_url(desk.address(2))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_rule_is_broken(desk: Desk, scheme: Any) -> None:
    # A dialog that is still fading in has too little contrast for a moment.
    desk.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    desk.open(1)
    desk.type("s")
    expect(desk.page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    results = Axe().run(desk.page)
    assert results.response["violations"] == [], results.generate_report()
    desk.press("Escape", "F1")
    desk.page.wait_for_timeout(50)
    results = Axe().run(desk.page)
    assert results.response["violations"] == [], results.generate_report()


def test_a_chip_tells_its_category_by_colour_and_by_word(
    make_desk: Callable[..., Desk], page: Page, running_program: RunningProgram, problems: Problems
) -> None:
    desk = make_desk(page, 2, ["rain", "a known singer"])
    running_program.manage(
        "shell",
        "--verbosity=0",
        "-c",
        "from tagging.models import Tag, TagCategory as C;"
        "Tag.objects.filter(name='a known singer').update(category=C.objects.get(name='copyright'))",
    )
    desk.open(1)
    chip = desk.page.locator(".chip[data-name='a known singer']")
    expect(chip).to_have_attribute("data-colour", "purple")
    expect(chip.locator(".chip__name")).to_have_attribute("title", "a known singer (copyright)")
    expect(chip.locator(".chip__name")).to_have_accessible_description("a known singer (copyright)")
    expect(desk.page.locator(".chip[data-name='rain'] .chip__name")).to_have_attribute("title", "rain")
    chip.locator(".chip__name").focus()
    expect(desk.page.locator("[data-chip-tools-text]")).to_have_text("a known singer2 of 2 · copyright")
    # The tools lie over the heading and over no chip.
    tools, chips = desk.page.locator("[data-chip-tools]").bounding_box(), chip.bounding_box()
    assert tools is not None
    assert chips is not None
    assert tools["y"] + tools["height"] <= chips["y"]
    # Known before the server answers, from the suggestion it was taken from.
    desk.open(2)
    desk.page.route("**/edits", lambda route: route.abort())
    desk.type("known")
    expect(desk.page.get_by_role("option").first).to_contain_text("a known singer")
    desk.press("Enter")
    expect(chip).to_have_attribute("data-colour", "purple")
    desk.page.unroute("**/edits")
    desk.expect_saved()
    problems.allow_failed_requests()  # what did not answer is noted in the console


def test_the_tags_have_six_rows_and_the_tag_box_stays_in_sight(make_desk: Callable[..., Desk], page: Page) -> None:
    desk = make_desk(page, 2, [f"longer name {number}" for number in range(25)])
    desk.open(1)
    for number in range(5):
        desk.page.locator(".chip__name").nth(number).focus()
        desk.press("Alt+p")
        expect(desk.page.locator(".quick-tag[aria-pressed]")).to_have_count(number + 1)
    expect(desk.page.locator(".quick-tag")).to_have_count(6)
    side = desk.page.locator(".side")
    assert side.evaluate("(side) => side.scrollHeight <= side.clientHeight")
    rows = "(list) => list.clientHeight / (list.firstElementChild.offsetHeight + 4)"
    assert desk.page.locator("[data-chips]").evaluate(rows) >= 6
    desk.page.set_viewport_size({"width": 1366, "height": 560})
    side.evaluate("(side) => { side.scrollTop = side.scrollHeight; }")
    assert side.evaluate("(side) => side.scrollTop") > 0
    expect(desk.box).to_be_in_viewport(ratio=1)
