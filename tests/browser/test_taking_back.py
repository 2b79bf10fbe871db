"""What one did is taken back with one key, wherever it was; and edits wait in the browser, whoever made them."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.desk import WORDS, Desk
from tests.browser.problems import Problems

pytestmark = [pytest.mark.browser, pytest.mark.flow]

_LEAVES = "dispatchEvent(new Event('beforeunload', { cancelable: true }))"


def _add(desk: Desk, *words: str) -> None:
    for word in words:
        desk.page.keyboard.insert_text(word)
        desk.press("Control+Enter")


def test_the_last_action_is_taken_back_on_the_picture_where_it_was(desk: Desk) -> None:
    desk.open(2)
    _add(desk, "heron", "reeds")
    desk.press("PageDown")
    expect(desk.page).to_have_url(desk.address(3))
    _add(desk, "boat")
    desk.expect_chips("boat")
    news = desk.page.locator("[data-live=news]")
    desk.press("Control+z")
    desk.expect_chips()
    expect(news).to_have_text("Took back: boat, added.")
    # Nothing is left here: back to the picture of the action before.
    desk.press("Control+z")
    expect(desk.page).to_have_url(desk.address(2))
    desk.expect_chips("heron")
    expect(news).to_have_text("02.jpg: Took back: reeds, added.")
    # Also after a reload.
    desk.page.reload()
    desk.expect_chips("heron")
    desk.press("Control+z")
    desk.expect_chips()
    desk.press("Control+Shift+Z", "Control+Shift+Z")
    desk.expect_chips("heron", "reeds")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["heron", "reeds"]


def test_what_was_done_to_a_picture_in_the_trash_bars_no_way_back(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(2)
    _add(desk, "fog")
    desk.press("PageDown")
    expect(desk.page).to_have_url(desk.address(3))
    _add(desk, "heron")
    desk.expect_saved()
    desk.press("Shift+Delete")
    expect(desk.page).to_have_url(desk.address(4))
    desk.press("Control+z")
    expect(desk.page.get_by_text("This picture or its dataset was deleted.").last).to_be_visible()
    desk.press("Control+z")
    expect(desk.page).to_have_url(desk.address(2))
    desk.expect_chips()


def test_a_caption_is_taken_back_in_one_go_also_offline(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(2)
    desk.page.context.set_offline(True)
    desk.press("Alt+c")
    for sentence in ("A heron.", " Mist.", " Reeds."):
        desk.page.keyboard.insert_text(sentence)
        desk.press("Escape", "Alt+c")
    desk.press("Escape", "Control+z")
    expect(desk.caption).to_have_value("")
    desk.press("Control+Shift+Z")
    expect(desk.caption).to_have_value("A heron. Mist. Reeds.")
    desk.page.context.set_offline(False)
    desk.expect_saved()
    assert desk.stored(2)["caption"]["text"] == "A heron. Mist. Reeds."


def test_what_somebody_else_changed_meanwhile_is_left_as_it_is(desk: Desk) -> None:
    desk.open(2)
    _add(desk, "heron")
    desk.expect_saved()
    desk.edit_elsewhere(2, kind="remove", tag="heron")
    desk.expect_chips()
    desk.press("Control+z")
    expect(desk.page.locator(".toast")).to_contain_text("heron was changed by somebody else meanwhile")
    desk.expect_saved()
    assert desk.stored_tags(2) == []


def test_many_at_once_are_one_action_with_a_way_back(desk: Desk) -> None:
    desk.open(2)
    desk.press("Control+d")
    desk.expect_chips(*WORDS)
    toast = desk.page.locator(".toast").filter(has_text="8 tags added")
    desk.press("PageDown")
    expect(desk.page).to_have_url(desk.address(3))
    toast.get_by_role("button", name="Undo").click()
    desk.expect_saved()
    assert desk.stored_tags(2) == []


def test_leaving_warns_while_anything_is_unsent(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(2)
    assert desk.page.evaluate(_LEAVES)
    desk.page.route("**/edits", lambda route: route.abort())
    _add(desk, "heron")
    expect(desk.state.locator("[data-save-text]")).to_have_text("Offline (1 waiting)")
    assert not desk.page.evaluate(_LEAVES)
    desk.page.unroute("**/edits")
    desk.state.get_by_role("button", name="Try now").click()
    desk.expect_saved()
    assert desk.page.evaluate(_LEAVES)


@pytest.mark.parametrize("locks", ["with locks", "over plain http"])
def test_what_a_closed_tab_left_another_one_sends_and_a_living_ones_it_leaves_alone(
    desk: Desk, context: BrowserContext, problems: Problems, locks: str
) -> None:
    problems.allow_failed_requests()
    if locks == "over plain http":
        context.add_init_script("delete Navigator.prototype.locks")
    context.route("**/edits", lambda route: route.abort())
    desk.open(2)
    _add(desk, "heron", "reeds")
    expect(desk.state.locator("[data-save-text]")).to_have_text("Offline (2 waiting)")
    other = Desk(context.new_page(), desk.url, desk.dataset_id, desk.image_ids).open(2)
    _add(other, "boat")
    expect(other.state.locator("[data-save-text]")).to_have_text("Offline (1 waiting)")
    desk.page.close()
    other.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(other.state.locator("[data-save-text]")).to_have_text("Offline (3 waiting)")
    other.expect_chips("heron", "reeds", "boat")
    context.unroute("**/edits")
    other.state.get_by_role("button", name="Try now").click()
    other.expect_saved()
    assert other.stored_tags(2) == ["heron", "reeds", "boat"]
    other.page.close()


def test_what_an_earlier_version_kept_elsewhere_is_sent_once(desk: Desk) -> None:
    desk.open(1)
    key = "5f0c1b52-7f6c-4b52-9a30-5d1f2b6f7a01"
    operation = {"key": key, "kind": "add", "tag": "heron", "before": None}
    entry = {"image": desk.image_ids[1], "operation": operation, "at": 1, "sequence": 1, "wasSent": False}
    desk.page.evaluate(
        "([name, entry]) => localStorage.setItem(name, entry)",
        [f"tagger.outbox.{desk.dataset_id}.{key}", json.dumps(entry)],
    )
    desk.open(2)
    desk.expect_chips("heron")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["heron"]
    assert desk.page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('tagger.outbox'))") == []


def test_a_browser_that_is_full_says_so_and_warns(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.page.add_init_script(
        "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') }"
    )
    desk.open(2)
    desk.page.route("**/edits", lambda route: route.abort())
    _add(desk, "heron")
    expect(desk.state.locator("[data-save-text]")).to_have_text("Offline (1 waiting, not kept)")
    assert not desk.page.evaluate(_LEAVES)
    desk.page.unroute("**/edits")
    desk.state.get_by_role("button", name="Try now").click()
    desk.expect_saved()
    assert desk.stored_tags(2) == ["heron"]


def test_the_history_tells_what_a_key_took_back_and_did_again(desk: Desk, page: Page) -> None:
    desk.open(2)
    page.keyboard.insert_text("heron, reeds,")
    desk.expect_chips("heron", "reeds")
    desk.expect_saved()
    desk.press("Control+z")
    desk.expect_chips()
    desk.press("Alt+h")
    dialog = page.get_by_role("dialog", name="History")
    entries = dialog.locator(".history__entry")
    expect(entries).to_have_count(2)
    expect(entries.nth(0)).to_contain_text("took something back")
    expect(entries.nth(1)).to_contain_text("Taken back")
    desk.press("Escape", "Control+Shift+Z", "Alt+h")
    expect(entries).to_have_count(3)
    expect(entries.nth(0)).to_contain_text("took something back")
    expect(entries.nth(1)).to_contain_text("Taken back")
    expect(entries.nth(2)).not_to_contain_text("Taken back")


def test_sentences_written_in_one_go_are_told_as_taken_back_from_the_first_on(desk: Desk, page: Page) -> None:
    desk.open(2)
    desk.press("Alt+c")
    for sentence in ("A heron.", " Mist."):
        page.keyboard.insert_text(sentence)
        desk.press("Escape", "Alt+c")
        desk.expect_saved()
    desk.press("Escape", "Control+z")
    expect(desk.caption).to_have_value("")
    desk.expect_saved()
    entries = page.request.get(f"{desk.url}/api/v1/images/{desk.image_ids[1]}/history").json()["entries"]
    assert [entry["undoes"] for entry in entries] == [entries[-1]["id"], None, None]


def test_a_pasted_list_is_one_entry_of_the_history(desk: Desk, page: Page) -> None:
    sent: list[str | None] = []

    def note(route: Route) -> None:
        operations = (route.request.post_data_json or {}).get("operations", [])
        sent.extend(operation.get("group") for operation in operations)
        route.continue_()

    desk.open(2)
    page.route("**/edits", note)
    page.keyboard.insert_text("heron, reeds, mist,")
    desk.expect_chips("heron", "reeds", "mist")
    desk.expect_saved()
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert sent[0] is not None
