"""What is done on the desk is saved: as one goes on, offline, beside others, and where the server says no."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Dialog, Route, expect

from tests.browser.desk import Desk
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]


def test_the_caption_saves_itself_and_is_not_lost_by_going_on(desk: Desk) -> None:
    desk.open(2)
    desk.press("Alt+c")
    expect(desk.caption).to_be_focused()
    desk.page.keyboard.type("A heron stands in the reeds.")
    desk.expect_caption_stored(2, "A heron stands in the reeds.")
    desk.page.keyboard.type(" Mist.")
    desk.press("Alt+ArrowRight")
    expect(desk.page).to_have_url(desk.address(3))
    desk.expect_saved()
    assert desk.stored(2)["caption"]["text"] == "A heron stands in the reeds. Mist."
    assert desk.stored(3)["caption"]["text"] == ""
    expect(desk.page.locator("[data-progress-text]")).to_have_text("2 of 5 tagged")


@pytest.mark.parametrize(
    ("choice", "kept"), [("Keep mine", "mine"), ("Take theirs", "theirs"), ("Save merged", "theirs mine")]
)
def test_two_people_write_one_caption_and_nothing_is_lost(
    desk: Desk, problems: Problems, choice: str, kept: str
) -> None:
    desk.open(2)
    desk.press("Alt+c")
    desk.page.keyboard.type("mi")
    desk.edit_elsewhere(2, kind="caption", text="theirs", version=0)
    desk.page.keyboard.type("ne")
    expect(desk.state).to_contain_text("Conflict")
    panel = desk.page.get_by_role("region", name="Someone changed this caption")
    expect(panel).to_contain_text("mine")
    expect(panel).to_contain_text("theirs")
    desk.page.reload()
    panel.get_by_role("button", name=choice).click()
    expect(panel).to_be_hidden()
    expect(desk.caption).to_have_value(kept)
    desk.expect_caption_stored(2, kept)
    desk.expect_saved()
    problems.allow_failed_requests()  # the refusal itself is noted in the console


def test_offline_edits_wait_and_are_sent_after_a_reload(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(2)
    desk.page.wait_for_load_state("networkidle")
    desk.page.route("**/edits", lambda route: route.abort())
    # With a comma they are what is typed, whatever other tests have put into the vocabulary.
    for word in ("heron", "reeds", "mist"):
        desk.type(f"{word},")
    expect(desk.state).to_contain_text("Offline (3 waiting)")
    desk.expect_chips("heron", "reeds", "mist")
    assert desk.stored_tags(2) == []
    desk.page.unroute("**/edits")
    desk.page.reload()
    desk.expect_saved()
    desk.expect_chips("heron", "reeds", "mist")
    assert desk.stored_tags(2) == ["heron", "reeds", "mist"]


def test_an_answer_that_got_lost_is_asked_for_again_and_counts_once(desk: Desk, problems: Problems) -> None:
    desk.open(2)
    lost: list[str] = []

    problems.allow_failed_requests()

    def lose_the_first(route: Route) -> None:
        route.fetch()
        lost.append(route.request.url)
        route.abort()

    desk.page.route("**/edits", lose_the_first, times=1)
    desk.press("Alt+c")
    desk.page.keyboard.insert_text("Once.")
    expect(desk.state).to_contain_text("Offline")
    desk.page.keyboard.insert_text(" Twice.")
    desk.expect_saved()
    assert len(lost) == 1
    assert desk.stored(2)["caption"] == {"text": "Once. Twice.", "version": 2}


def test_it_never_says_saved_over_letters_that_are_not_on_their_way_yet(desk: Desk) -> None:
    desk.open(2)
    desk.press("Alt+c")
    said = desk.page.evaluate(
        """() => {
          const box = document.activeElement;
          box.value = "A heron.";
          box.dispatchEvent(new InputEvent("input", { bubbles: true }));
          return document.querySelector("[data-save-state]").dataset.state;
        }"""
    )
    assert said == "saving"
    desk.expect_saved()
    assert desk.stored_caption(2) == "A heron."
    # What is typed and taken away again is saved as it was, without a word to the server.
    desk.page.keyboard.type("!")
    desk.press("Backspace")
    desk.expect_saved()
    assert desk.stored_caption(2) == "A heron."


def test_edits_have_keys_also_where_the_page_came_over_plain_http(desk: Desk) -> None:
    desk.page.add_init_script("delete Crypto.prototype.randomUUID")
    desk.open(2)
    desk.type("heron")
    desk.press("Enter")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["heron"]


def test_leaving_warns_where_the_browser_keeps_nothing(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('forbidden') }")
    desk.open(2)
    desk.page.route("**/edits", lambda route: route.abort())
    desk.type("heron")
    desk.press("Enter")
    expect(desk.state).to_contain_text("Offline (1 waiting, not kept)")
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    desk.page.on("dialog", leave)
    desk.page.goto(f"{desk.url}/")
    assert asked == ["beforeunload"]


def test_what_is_typed_while_the_suggestions_hang_is_saved_all_the_same(desk: Desk) -> None:
    desk.page.route("**/tag-suggestions*", lambda _route: None)
    desk.open(2)
    for word in ("heron", "reeds"):
        desk.page.keyboard.type(word)
        desk.press("Enter")
    expect(desk.box).to_have_value("")
    # Nothing is stored anywhere yet: leaving now would warn.
    leaves = desk.page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    assert not leaves
    expect(desk.page.locator(".chip__name")).to_have_text(["heron", "reeds"], timeout=4000)
    desk.expect_saved()
    assert desk.stored_tags(2) == ["heron", "reeds"]
    assert desk.page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    desk.page.unroute_all(behavior="ignoreErrors")


def test_a_caption_refused_after_going_on_comes_back_with_its_picture(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(2)
    refusal = "This caption is not allowed."
    edits = "**/edits"
    desk.page.route(edits, lambda route: route.fulfill(status=422, json={"detail": refusal}))
    desk.press("Alt+c")
    desk.page.keyboard.type("Kept words.")
    desk.press("Alt+ArrowRight")
    expect(desk.page).to_have_url(desk.address(3))
    expect(desk.state).to_contain_text("Needs your attention")
    toast = desk.page.locator(".toast")
    expect(toast).to_contain_text(refusal)
    desk.page.unroute(edits)
    # Also another page, later, still has it.
    desk.page.goto(desk.address(4))
    desk.state.get_by_role("button", name="Show").click()
    expect(desk.page).to_have_url(desk.address(2))
    expect(desk.caption).to_have_value("Kept words.")
    expect(desk.caption).to_be_focused()
    expect(desk.page.get_by_role("alert").filter(has_text=refusal)).to_be_visible()
    desk.page.keyboard.type(" And more.")
    desk.expect_caption_stored(2, "Kept words. And more.")
    desk.expect_saved()


def test_a_caption_refused_before_going_on_is_kept_too(desk: Desk, problems: Problems) -> None:
    """The refusal is in the box when one goes on: its text is nowhere else."""
    problems.allow_failed_requests()
    desk.open(2)
    refusal = "This caption is not allowed."
    desk.page.route("**/edits", lambda route: route.fulfill(status=422, json={"detail": refusal}))
    desk.press("Alt+c")
    desk.page.keyboard.type("Kept words.")
    expect(desk.page.get_by_role("alert").filter(has_text=refusal)).to_be_visible()
    desk.press("Alt+ArrowRight")
    expect(desk.page).to_have_url(desk.address(3))
    expect(desk.state).to_contain_text("Needs your attention")
    desk.state.get_by_role("button", name="Show").click()
    expect(desk.page).to_have_url(desk.address(2))
    expect(desk.caption).to_have_value("Kept words.")


def test_a_link_away_waits_for_what_is_being_saved(desk: Desk) -> None:
    desk.open(2)

    def slowly(route: Route) -> None:
        desk.page.wait_for_timeout(400)
        route.continue_()

    desk.page.route("**/edits", slowly)
    desk.type("heron,")
    desk.page.get_by_role("link", name="Export").first.click()
    expect(desk.page).to_have_url(re.compile("/export/"))
    assert desk.stored_tags(2) == ["heron"]
    desk.page.unroute_all(behavior="ignoreErrors")


def test_a_refused_tag_is_taken_back_with_the_reason(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(2)
    desk.paste("\u200b, heron")
    expect(desk.page.get_by_role("alert")).to_have_text("A tag needs at least one visible character.")
    desk.expect_chips("heron")
    desk.expect_saved()
    assert desk.stored_tags(2) == ["heron"]


def test_a_dataset_deleted_meanwhile_is_told_calmly(
    desk: Desk, running_program: RunningProgram, context: BrowserContext, problems: Problems
) -> None:
    problems.allow_failed_requests()
    sentence = "This picture or its dataset was deleted."
    desk.open(5)
    export = context.new_page()
    export.goto(f"{desk.url}/datasets/{desk.dataset_id}/export/")
    export.wait_for_load_state("networkidle")
    delete = f"from datasets.models import Dataset; Dataset.objects.get(pk={desk.dataset_id}).delete()"
    running_program.manage("shell", "-c", delete)
    desk.type("heron")
    desk.press("Control+Enter")
    notice = desk.page.get_by_role("alert")
    expect(notice).to_have_text(f"{sentence} All datasets")
    expect(desk.state.locator("[data-save-text]")).to_have_text("Needs your attention")
    desk.press("Alt+ArrowRight")
    desk.page.wait_for_timeout(1000)
    expect(desk.page.locator("[data-finish]")).to_be_hidden()
    expect(desk.page.get_by_text("Not Found")).to_have_count(0)
    expect(notice.get_by_role("link", name="All datasets")).to_have_attribute("href", "/")
    export.get_by_role("button", name="Export").click()
    expect(export.locator("[data-go-error]")).to_have_text(f"{sentence} All datasets")


def test_signed_out_elsewhere_is_told_in_one_line(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(2)
    desk.page.route("**/edits", lambda route: route.fulfill(status=401, json={"detail": "Unauthorized"}))
    desk.type("heron")
    desk.press("Control+Enter")
    expect(desk.state.locator("[data-save-text]")).to_have_text("Signed out (1 waiting)")
    expect(desk.state.get_by_role("link", name="Sign in")).to_be_visible()
    desk.page.unroute("**/edits")
    desk.page.evaluate("dispatchEvent(new Event('focus'))")
    desk.expect_saved()


def test_no_answer_is_said_once_and_only_while_it_is_so(desk: Desk, problems: Problems) -> None:
    problems.allow_failed_requests()
    desk.open(1)
    desk.page.wait_for_load_state("networkidle")
    asked = re.compile(r"/api/v1/")
    desk.page.route(asked, lambda route: route.abort())
    toast = desk.page.locator(".toast")
    for _ in range(5):
        desk.press("Alt+ArrowRight")
    expect(toast).to_have_count(1)
    expect(toast).to_contain_text("The server does not answer.")
    desk.page.unroute(asked)
    desk.type("heron")
    desk.press("Control+Enter")
    expect(toast).to_have_count(0)


def test_what_somebody_else_adds_joins_what_is_here(desk: Desk) -> None:
    desk.open(2)
    desk.type("heron")
    desk.press("Enter")
    desk.expect_saved()
    desk.edit_elsewhere(2, kind="add", tag="their tag")
    desk.expect_chips("heron", "their tag")
