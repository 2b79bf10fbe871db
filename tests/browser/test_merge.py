"""Two captions made from one: the merging itself over thousands of cases, and the page that offers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import Axe
from tests.browser.desk import Desk
from tests.browser.problems import Problems
from tests.browser.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.flow]

BASE = "A heron stands in the reeds. Morning fog lies over the lake."
MINE = "A grey heron stands in the reeds. Morning fog lies over the lake."
THEIRS = "A heron stands in the reeds. Morning fog lies over the still lake."
BOTH = "A grey heron stands in the reeds. Morning fog lies over the still lake."

# Words of few letters make many places look alike, which is where merging goes wrong.
_PROPERTIES = """
async ([address, cases]) => {
  const { merge, difference } = await import(address);
  let state = 20261122;
  const random = (below) => ((state = (state * 1103515245 + 12345) % 2147483648) >>> 8) % below;
  const words = ["a", "b", "c", "red.", "sky", "lake.", "新しい空。", "x\\n\\n"];
  const some = () => Array.from({ length: random(9) }, () => words[random(words.length)]);
  const text = (list) => list.join(" ");
  const changed = (list) => {
    const copy = [...list];
    for (let times = random(3); times >= 0; times -= 1) {
      copy.splice(random(copy.length + 1), random(3), ...some().slice(0, random(3)));
    }
    return copy;
  };
  const bare = (whole) => whole.replace(/\\s+/gu, " ").trim();
  const wrong = [];
  let clean = 0;
  const hold = (is, ...what) => is || wrong.push(what);
  for (let number = 0; number < cases; number += 1) {
    const list = some();
    const [b, m, t] = [text(list), text(changed(list)), text(changed(list))];
    const result = merge(b, m, t);
    const mirrored = merge(b, t, m);
    hold(bare(merge(b, m, b).text) === bare(m) && merge(b, m, b).isClean, "mine alone", b, m);
    hold(bare(merge(b, b, t).text) === bare(t) && merge(b, b, t).isClean, "theirs alone", b, t);
    hold(bare(merge(b, m, m).text) === bare(m) && merge(b, m, m).isClean, "the same twice", b, m);
    for (const [name, whole] of Object.entries({ base: b, mine: m, theirs: t })) {
      hold(result.parts.map((part) => part[name]).join("") === whole, "parts make up", name, b, m, t);
    }
    hold(result.isClean === mirrored.isClean, "either way round", b, m, t);
    if (result.isClean) hold(bare(result.text) === bare(mirrored.text), "the same either way round", b, m, t);
    clean += Number(result.isClean);
    // Nothing that one of them wrote is missing from the merged text.
    const count = (whole, word) => whole.split(/\\s+/u).filter((other) => other === word).length;
    const added = ["p", "q"].map((word) => [...list].toSpliced(random(list.length + 1), 0, word));
    const inserted = merge(b, text(added[0]), text(added[1])).text;
    hold(count(inserted, "p") === 1 && count(inserted, "q") === 1, "insertions", b, inserted);
    const pieces = difference(b, m);
    hold(pieces.filter(({ kind }) => kind !== "removed").map(({ text }) => text).join("") === m, "what is there", b, m);
  }
  return { wrong: wrong.slice(0, 5), clean };
}
"""

_LONG = """
async (address) => {
  const { merge } = await import(address);
  const words = Array.from({ length: 5000 }, (_, index) => `w${index}${index % 12 ? "" : "."}`);
  const base = words.join(" ").slice(0, 20000);
  const result = merge(base, `First. ${base}`, `${base} Last.`);
  const scattered = merge(base, base.replaceAll("1", "x"), base.replaceAll("7", "y"));
  return { isClean: result.isClean, isWhole: result.text === `First. ${base} Last.`, length: scattered.text.length };
}
"""


@pytest.fixture
def module(desk: Desk) -> str:
    """The address of the merging module, as the page itself loads it."""
    desk.open(2)
    addresses: list[str] = desk.page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    return next(address for address in addresses if re.search(r"/tagging/merge[^/]*\.js$", address))


def test_merging_keeps_what_both_changed_whatever_they_changed(desk: Desk, module: str) -> None:
    found = desk.page.evaluate(_PROPERTIES, [module, 4000])
    assert found["wrong"] == []
    # Both kinds came often.
    assert 400 < found["clean"] < 3900


def test_the_longest_captions_are_merged_too(desk: Desk, module: str) -> None:
    found = desk.page.evaluate(_LONG, module)
    assert found["isClean"]
    assert found["isWhole"]
    assert found["length"] > 19_000


def _panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Someone changed this caption")


@pytest.fixture
def in_conflict(desk: Desk, problems: Problems) -> Iterator[Any]:
    """Two people write: what the caption was, what is written here, and what somebody else saved meanwhile."""

    def be_quicker(route: Route, theirs: str) -> None:
        desk.edit_elsewhere(2, kind="caption", text=theirs, version=1)
        route.continue_()

    def disagree(base: str, mine: str, theirs: str) -> Desk:
        desk.open(2)
        desk.edit_elsewhere(2, kind="caption", text=base, version=0)
        desk.page.reload()
        expect(desk.caption).to_have_value(base)
        desk.press("Alt+c")
        # Their save comes while this one is on its way.
        desk.page.route("**/edits", lambda route: be_quicker(route, theirs), times=1)
        desk.page.keyboard.press("Control+a")
        desk.page.keyboard.insert_text(mine)
        expect(desk.state).to_contain_text("Conflict")
        return desk

    yield disagree
    problems.allow_failed_requests()  # the refusal itself is noted in the console


def test_changes_that_fit_together_are_saved_with_one_key(desk: Desk, in_conflict: Any) -> None:
    in_conflict(BASE, MINE, THEIRS)
    panel = _panel(desk.page)
    expect(panel).to_be_visible()
    # Who is writing goes on writing; the choice waits beside it, and is told.
    expect(desk.caption).to_be_focused()
    expect(desk.page.locator("[data-live=news]")).to_contain_text("fit together")
    expect(panel.get_by_label("Merged")).to_have_value(BOTH)
    expect(panel.locator("details")).not_to_have_attribute("open", "")
    desk.press("Alt+c")
    expect(panel.get_by_role("button", name="Save merged")).to_be_focused()
    desk.press("Enter")
    expect(panel).to_be_hidden()
    expect(desk.box).to_be_focused()
    desk.expect_saved()
    assert desk.stored(2)["caption"]["text"] == BOTH


def test_what_both_changed_is_shown_side_by_side_and_merged_by_hand(desk: Desk, in_conflict: Any) -> None:
    in_conflict(BASE, BASE.replace("heron", "grey heron"), BASE.replace("heron", "white bird"))
    panel = _panel(desk.page)
    expect(panel.locator("[data-base]")).to_have_text(BASE)
    expect(panel.locator("[data-mine] ins")).to_have_text(re.compile("added: grey"))
    expect(panel.locator("[data-theirs] del")).to_have_text(re.compile("removed: heron"))
    desk.page.emulate_media(reduced_motion="reduce")
    for scheme in ("light", "dark"):
        desk.page.emulate_media(color_scheme=scheme)
        # Colours that are still on their way have too little contrast for a moment.
        desk.page.wait_for_timeout(100)
        wait_until(desk.page, "document.getAnimations().every((each) => each.playState === 'finished')")
        results = Axe().run(desk.page)
        assert results.response["violations"] == [], results.generate_report()
    desk.press("Escape", "Alt+c")
    merged = panel.get_by_label("Merged")
    expect(merged).to_be_focused()
    desk.page.keyboard.press("Control+a")
    desk.page.keyboard.insert_text("A grey bird stands in the reeds.")
    desk.press("Control+Enter")
    expect(panel).to_be_hidden()
    desk.expect_saved()
    assert desk.stored(2)["caption"]["text"] == "A grey bird stands in the reeds."


def test_what_is_written_while_the_choice_waits_is_mine_as_well(desk: Desk, in_conflict: Any) -> None:
    in_conflict(BASE, MINE, THEIRS)
    desk.page.keyboard.insert_text(" A boat.")
    panel = _panel(desk.page)
    expect(panel.get_by_label("Merged")).to_have_value(f"{BOTH} A boat.")
    desk.page.reload()
    expect(panel.get_by_label("Merged")).to_have_value(f"{BOTH} A boat.")
    panel.get_by_role("button", name="Keep mine").click()
    desk.expect_saved()
    assert desk.stored(2)["caption"]["text"] == f"{MINE} A boat."


def test_the_text_that_was_not_taken_is_in_the_history_and_comes_back_with_one_key(
    desk: Desk, in_conflict: Any
) -> None:
    in_conflict(BASE, MINE, THEIRS)
    _panel(desk.page).get_by_role("button", name="Take theirs").click()
    expect(desk.caption).to_have_value(THEIRS)
    desk.expect_saved()
    assert desk.stored(2)["caption"] == {"text": THEIRS, "version": 4}
    desk.press("Control+z")
    expect(desk.caption).to_have_value(MINE)
    desk.expect_saved()
    assert desk.stored(2)["caption"] == {"text": MINE, "version": 5}


def test_a_phone_shows_the_choice_without_scrolling_sideways(desk: Desk, in_conflict: Any) -> None:
    desk.page.set_viewport_size({"width": 390, "height": 844})
    in_conflict(BASE, BASE.replace("heron", "grey heron"), BASE.replace("heron", "white bird"))
    _panel(desk.page).get_by_role("button", name="Take theirs").scroll_into_view_if_needed()
    assert desk.page.evaluate("document.documentElement.scrollWidth") == 390
    for button in _panel(desk.page).get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 24
