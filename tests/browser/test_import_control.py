"""A large import in a person's hands: sums, pause, cancel and its way back, try again, thousands of files."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, Request, Route, expect

from tests import images
from tests.browser.problems import Problems
from tests.browser.test_import import choose, import_path, open_new_dataset, payload
from tests.program import RunningProgram

pytestmark = pytest.mark.browser

CONTENT = "**/content?offset=*"
MOST_ROWS = 60


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProgram]:
    """The program, reachable under a name that no browser holds for safe."""
    env = {"ALLOWED_HOSTS": "127.0.0.1,tagger.test", "OPEN_TO_NETWORK": "true"}
    with RunningProgram(tmp_path_factory.mktemp("control") / "data", env=env) as running:
        yield running


class Line:
    """What goes over the line: counts the bytes that are sent, and breaks it off after so many chunks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[tuple[str, int]] = []
        self.most = 10**9
        page.route(CONTENT, self._pass)

    def _pass(self, route: Route, request: Request) -> None:
        if len(self.sent) >= self.most:
            route.abort("connectionreset")
            return
        self.sent.append((request.url, len(request.post_data_buffer or b"")))
        route.continue_()

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.sent)


def pictures(first: int, count: int) -> list[FilePayload]:
    """Pictures that no other test brings: what the server has is not sent."""
    return [payload(f"{number}.jpg", images.encoded(seed=number)) for number in range(first, first + count)]


def items(page: Page, query: str = "") -> list[dict[str, Any]]:
    """The files of the import that the page shows."""
    host = page.url.partition("/imports/")[0]
    found: list[dict[str, Any]] = page.request.get(f"{host}/api/v1{import_path(page)}/items?{query}").json()["items"]
    return found


def is_done(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=60_000)


# --- Sums before bytes -----------------------------------------------------------------------------


def test_pictures_that_are_here_are_not_sent_again(page: Page, program: RunningProgram) -> None:
    files = pictures(1000, 3)
    open_new_dataset(page, program, "First of all")
    choose(page, files)
    is_done(page, "3 images added")
    line = Line(page)
    page.get_by_role("link", name="Add more").click()
    choose(page, [*files, *pictures(1010, 1)])
    is_done(page, "1 image added")
    expect(page.locator("[data-done-text]")).to_contain_text("3 already here")
    open_new_dataset(page, program, "Of the other dataset")
    choose(page, files)
    is_done(page, "3 images added")
    assert len(line.sent) == 1


def test_a_copy_under_another_name_is_not_sent_beside_the_first(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Copies")
    line = Line(page)
    (picture,) = pictures(1020, 1)
    choose(page, [picture, *(payload(f"copy {number}.jpg", picture["buffer"]) for number in range(3))])
    is_done(page, "1 image added")
    expect(page.locator("[data-done-text]")).to_contain_text("3 already here")
    assert len(line.sent) == 1


def test_every_file_is_summed_up_before_it_becomes_an_image(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Summed up")
    choose(page, pictures(1030, 3))
    is_done(page, "3 images added")
    assert [len(item["sha256"]) for item in items(page)] == [64, 64, 64]


def test_bytes_that_change_on_the_way_are_found_and_sent_again(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Changed on the way")
    spoilt: list[str] = []

    def spoil_the_first(route: Route, request: Request) -> None:
        body = request.post_data_buffer or b""
        if spoilt:
            route.continue_()
        else:
            spoilt.append(request.url)
            route.continue_(post_data=bytes([body[0]]) + body[1:-9] + b"x" + body[-8:])

    page.route(CONTENT, spoil_the_first)
    choose(page, pictures(1040, 2))
    is_done(page, "1 image added")
    expect(page.locator("[data-refusals-list]")).to_contain_text("the bytes changed on the way")
    page.get_by_role("button", name="Try 1 file again").click()
    is_done(page, "2 images added")
    expect(page.locator("[data-refusals]")).to_be_hidden()
    page.unroute(CONTENT)


def test_a_page_from_another_machine_over_plain_http_sums_up_too(browser: Browser, program: RunningProgram) -> None:
    """There the browser lends no SHA-256 of its own."""
    chromium = browser.browser_type.launch(
        executable_path=_program_of(browser), args=["--no-sandbox", "--host-resolver-rules=MAP tagger.test 127.0.0.1"]
    )
    page = chromium.new_page()
    page.goto(f"http://tagger.test:{program.port}/datasets/new/")
    assert page.evaluate("[isSecureContext, typeof crypto.subtle]") == [False, "undefined"]
    page.get_by_label("Name").fill("Plain")
    page.get_by_role("button", name="Create and add images").click()
    choose(page, pictures(1050, 2))
    is_done(page, "2 images added")
    job = re.search(r"/imports/\d+", page.url)
    assert job
    answer = page.evaluate("(path) => fetch(path).then((r) => r.json())", f"/api/v1{job[0]}/items")
    assert [len(item["sha256"]) for item in answer["items"]] == [64, 64]
    chromium.close()


def _program_of(browser: Browser) -> str:
    from tests.browser.conftest import find_chromium

    found = find_chromium()
    assert found
    return found


# --- Pause, reload, cancel, try again --------------------------------------------------------------


def test_a_pause_sends_nothing_and_going_on_sends_the_rest(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Paused")
    line = Line(page)
    line.most = 2
    choose(page, pictures(1100, 6))
    expect(page.locator("[data-fact=ready] dd")).to_have_text("2", timeout=30_000)
    page.get_by_role("button", name="Pause").click()
    go_on = page.get_by_role("button", name="Go on")
    expect(go_on).to_be_focused()
    expect(page.locator("[data-pace]")).to_contain_text("Paused")
    line.most = 10**9
    page.wait_for_timeout(1500)
    assert len(line.sent) == 2
    go_on.click()
    is_done(page, "6 images added")


def test_a_pause_during_the_last_chunk_still_lets_the_import_end(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Paused at the end")
    held: list[Route] = []
    page.route(CONTENT, lambda route: held.append(route))
    choose(page, pictures(1110, 1))
    while not held:
        page.wait_for_timeout(50)
    page.get_by_role("button", name="Pause").click()
    held.pop().continue_()
    expect(page.locator("[data-fact=ready] dd")).to_have_text("1", timeout=30_000)
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Go on").click()
    is_done(page, "1 image added")
    page.unroute(CONTENT)


def test_an_import_that_was_left_before_its_end_ends_when_it_is_looked_at(
    page: Page, program: RunningProgram, problems: Problems
) -> None:
    problems.allow_failed_requests()
    open_new_dataset(page, program, "Left at the end")
    page.route("**/seal", lambda route: route.abort("connectionreset"))
    choose(page, pictures(1115, 2))
    expect(page.locator("[data-fact=ready] dd")).to_have_text("2", timeout=30_000)
    page.wait_for_timeout(1000)
    page.unroute("**/seal")
    page.route("**/seal", lambda route: route.fulfill(status=507, json={"detail": "No room."}))
    expect(page.get_by_role("alert")).to_contain_text("No room.", timeout=20_000)
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    page.unroute("**/seal")
    page.reload()
    is_done(page, "2 images added")


def test_two_choices_at_once_make_one_import(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Two choices")
    page.wait_for_load_state("networkidle")
    held: list[Route] = []
    page.route(re.compile(r"/api/v1/datasets/\d+/imports$"), lambda route: held.append(route))
    picker = page.locator("[data-pick-files]").first
    picker.set_input_files(pictures(1120, 1))
    picker.set_input_files(pictures(1121, 1))
    page.wait_for_timeout(500)
    made = len(held)
    for route in held:
        route.continue_()
    is_done(page, "2 images added")
    assert made == 1


def test_after_a_reload_only_the_missing_bytes_are_sent(page: Page, program: RunningProgram, tmp_path: Path) -> None:
    """A file of three chunks breaks off after the first; the same files are dropped again, one of them renamed."""
    large = tmp_path / "large.jpg"
    large.write_bytes(images.encoded(seed=1200) + bytes(9_000_000))
    small = images.write(tmp_path, "small.jpg", seed=1201)
    open_new_dataset(page, program, "Reloaded")
    line = Line(page)
    line.most = 1
    page.locator("[data-pick-files]").first.set_input_files([large])
    expect(page.locator("[data-pace]")).to_contain_text("4.2 MB of 9", timeout=30_000)
    page.locator("[data-pick-files]").first.set_input_files([small])
    expect(page.locator("[data-count]")).to_have_text("0 of 2")
    page.wait_for_timeout(1000)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_role("heading", name="2 files have not arrived")).to_be_visible(timeout=20_000)
    line.most = 10**9
    renamed = small.rename(tmp_path / "another name.jpg")
    page.locator("[data-missing] [data-pick-files]").set_input_files([large, renamed])
    is_done(page, "2 images added")
    assert line.bytes == large.stat().st_size + renamed.stat().st_size


def test_a_file_that_changed_since_is_told_and_sent_as_it_is(
    page: Page, program: RunningProgram, tmp_path: Path
) -> None:
    content = images.encoded(seed=1210)
    path = tmp_path / "a.jpg"
    path.write_bytes(content + bytes(5_000_000))
    open_new_dataset(page, program, "Changed since")
    line = Line(page)
    line.most = 1
    page.locator("[data-pick-files]").first.set_input_files([path])
    expect(page.locator("[data-pace]")).to_contain_text("4.2 MB of", timeout=30_000)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_role("heading", name="1 file has not arrived")).to_be_visible(timeout=20_000)
    line.most = 10**9
    path.write_bytes(content + bytes(4_000_000))
    page.locator("[data-missing] [data-pick-files]").set_input_files([path])
    expect(page.get_by_role("alert")).to_contain_text("“a.jpg” has another size than before")
    path.write_bytes(content + b"\1" * 5_000_000)
    page.locator("[data-missing] [data-pick-files]").set_input_files([path])
    expect(page.get_by_role("alert")).to_contain_text("1 file has changed since it was first chosen")
    is_done(page, "1 image added")


def test_cancelling_keeps_what_is_in_and_can_be_undone(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Cancelled")
    line = Line(page)
    line.most = 2
    choose(page, pictures(1300, 30))
    expect(page.locator("[data-fact=ready] dd")).to_have_text("2", timeout=30_000)
    page.get_by_role("button", name="Cancel").click()
    is_done(page, "2 images added")
    expect(page.locator("[data-done-text]")).to_contain_text("28 left out")
    assert [path for path in program.data_dir.glob("incoming/**/*") if path.is_file()] == []
    line.most = 10**9
    page.wait_for_timeout(1000)
    assert len(line.sent) == 2
    page.get_by_role("button", name="Undo").click()
    is_done(page, "30 images added")


def test_a_cancelled_folder_comes_back_with_the_files_that_were_not_opened_yet(
    page: Page, program: RunningProgram, tmp_path: Path
) -> None:
    folder = tmp_path / "shoot"
    for number in range(40):
        images.write(folder, f"{number:02d}.jpg", seed=1900 + number)
    open_new_dataset(page, program, "Cancelled early")
    line = Line(page)
    line.most = 0
    # The first files are announced and cannot be sent; meanwhile no other is opened.
    page.wait_for_load_state("networkidle")
    page.evaluate(SLOW_TO_OPEN)
    drop_folder(page, folder)
    expect(page.locator("[data-count]")).to_contain_text("0 of", timeout=30_000)
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".toast")).to_contain_text("40 files were left out")
    line.most = 10**9
    page.evaluate("window.opened = Infinity")
    page.get_by_role("button", name="Undo").click()
    is_done(page, "40 images added")


SLOW_TO_OPEN = """() => {
  window.opened = 16;
  const slow = ([entry]) => {
    const kind = Object.getPrototypeOf(entry);
    const open = kind.file;
    kind.file = async function (...callbacks) {
      window.opened -= 1;
      while (window.opened < 0) await new Promise((resolve) => setTimeout(resolve, 50));
      open.apply(this, callbacks);
    };
  };
  const dropped = (event) => event.dataTransfer.items[0].webkitGetAsEntry().createReader().readEntries(slow);
  document.addEventListener("drop", dropped, { capture: true });
}"""


def test_what_was_cancelled_in_another_window_is_not_sent_any_more(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Two windows")
    line = Line(page)
    line.most = 1
    choose(page, pictures(1340, 5))
    expect(page.locator("[data-fact=ready] dd")).to_have_text("1", timeout=30_000)
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    answer = page.request.post(
        f"{program.url}/api/v1{import_path(page)}/cancel",
        data="{}",
        headers={"X-CSRFToken": token, "Content-Type": "application/json", "Referer": program.url},
    )
    assert answer.ok
    is_done(page, "1 image added")
    line.most = 10**9
    page.wait_for_timeout(1000)
    assert len(line.sent) == 1


def test_files_that_are_tried_again_after_a_reload_are_asked_for_at_once(page: Page, program: RunningProgram) -> None:
    files = pictures(1360, 3)
    open_new_dataset(page, program, "Again")
    line = Line(page)
    line.most = 1
    choose(page, files)
    expect(page.locator("[data-fact=ready] dd")).to_have_text("1", timeout=30_000)
    page.get_by_role("button", name="Cancel").click()
    is_done(page, "1 image added")
    page.reload()
    page.get_by_role("button", name="Try 2 files again").click()
    expect(page.get_by_role("heading", name="2 files have not arrived")).to_be_visible(timeout=5_000)
    line.most = 10**9
    page.locator("[data-missing] [data-pick-files]").set_input_files(files)
    is_done(page, "3 images added")


# --- Texts -----------------------------------------------------------------------------------------


def test_texts_wait_for_an_answer_that_is_remembered(page: Page, program: RunningProgram) -> None:
    def bring(first: int) -> None:
        text = payload(f"{first}.txt", b"red dress, bridge")
        choose(page, [*pictures(first, 2), text])
        expect(page.get_by_role("heading", name="1 text came with the pictures")).to_be_visible(timeout=30_000)

    open_new_dataset(page, program, "Texts")
    bring(1400)
    shown = page.get_by_label("The first of them")
    expect(shown.locator(".chip")).to_have_text(["red dress", "bridge"])
    policy = page.get_by_label("Where a picture has words already")
    expect(policy).to_be_hidden()
    page.get_by_label("Prose").check()
    expect(shown.locator("p")).to_have_text("red dress, bridge")
    expect(shown.locator(".chip")).to_have_count(0)
    page.get_by_role("button", name="Read the texts").click()
    is_done(page, "2 images added")
    expect(page.locator("[data-done-text]")).to_contain_text("1 text read")

    page.get_by_role("link", name="Add more").click()
    bring(1410)
    expect(page.get_by_label("Prose")).to_be_checked()
    expect(policy).to_be_visible()
    page.get_by_role("button", name="Leave them out").click()
    is_done(page, "2 images added")
    expect(page.locator("[data-done-text]")).to_contain_text("1 left out")


# --- Zips and thousands of files -------------------------------------------------------------------


def test_a_zip_is_listed_with_the_files_inside(page: Page, program: RunningProgram) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(1500, 1505):
            archive.writestr(f"inside/{number}.jpg", images.encoded(seed=number))
    open_new_dataset(page, program, "Zipped")
    choose(page, [payload("photos.zip", buffer.getvalue())])
    is_done(page, "5 images added")
    rows = page.locator("[data-files-list] li")
    page.locator("[data-files]").scroll_into_view_if_needed()
    expect(rows.filter(has_text="photos.zip")).to_contain_text("Unpacked")
    expect(rows.filter(has_text="1504.jpg")).to_contain_text("Added")


def test_a_folder_dropped_on_the_page_of_a_dataset_comes_in_with_its_folders(
    page: Page, program: RunningProgram, tmp_path: Path
) -> None:
    folder = tmp_path / "shoot"
    for number in range(40):
        images.write(folder / ("inner" if number % 2 else ""), f"{number}.jpg", seed=1800 + number)
    (folder / ".DS_Store").write_bytes(b"x")
    open_new_dataset(page, program, "Dropped")
    page.goto(page.url.replace("import/", ""))
    page.wait_for_load_state("networkidle")
    drop_folder(page, folder)
    is_done(page, "40 images added")
    found = {(item["folder"], item["name"]) for item in items(page)}
    assert found == {("shoot/inner" if number % 2 else "shoot", f"{number}.jpg") for number in range(40)}


def test_ten_thousand_files_are_listed_in_a_few_rows(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Ten thousand")
    choose(page, pictures(1600, 1))
    is_done(page, "1 image added")
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    headers = {"X-CSRFToken": token, "Content-Type": "application/json", "Referer": program.url}
    address = f"{program.url}/api/v1{import_path(page)}"
    for start in range(0, 10_000, 1000):
        files = [{"name": f"file {start + n}.jpg", "size": 0 if n % 10 == 9 else 9} for n in range(1000)]
        assert page.request.post(f"{address}/items", data=json.dumps({"files": files}), headers=headers).ok
    page.request.post(f"{address}/seal", data="{}", headers=headers)
    page.reload()
    rows = page.locator("[data-files-list] li")
    # They stand above, and push the list out of sight when they come; what is out of sight is not asked for.
    expect(page.get_by_role("heading", name="1,000 files were refused")).to_be_visible()
    page.locator("[data-files]").scroll_into_view_if_needed()
    expect(rows.filter(has_text="file 3.jpg")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/items?offset" in request.url else None)
    slowest = page.evaluate(SCROLL_THROUGH)
    expect(rows.filter(has_text="file 9998.jpg")).to_contain_text("To be sent")
    assert slowest <= MOST_ROWS
    assert len(asked) <= 8
    filter_by(page, "Refused")
    expect(rows.filter(has_text="file 9.jpg")).to_contain_text("empty (0 bytes)")
    expect(rows.first).to_have_attribute("aria-setsize", "1000")
    page.locator("[data-files-frame]").focus()
    page.keyboard.press("End")
    expect(rows.filter(has_text="file 9999.jpg")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-done-text]")).to_contain_text("left out", timeout=30_000)


SCROLL_THROUGH = """async () => {
  const frame = document.querySelector("[data-files-frame]");
  let most = 0;
  for (let step = 1; step <= 40; step += 1) {
    frame.scrollTop = (frame.scrollHeight * step) / 40;
    await new Promise(requestAnimationFrame);
    most = Math.max(most, frame.querySelectorAll("li").length);
  }
  await new Promise((resolve) => setTimeout(resolve, 1200));
  return Math.max(most, frame.querySelectorAll("li").length);
}"""


def filter_by(page: Page, name: str) -> Locator:
    chip = page.locator("[data-files]").get_by_role("button", name=name)
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    return chip


@pytest.mark.heavy
def test_the_first_thumbnail_comes_with_five_thousand_files_behind_it(
    page: Page, program: RunningProgram, tmp_path: Path
) -> None:
    """A folder is dropped as a person drops it. Two seconds are the promise for a machine that does nothing else."""
    folder = tmp_path / "many"
    folder.mkdir()
    content = images.encoded(seed=1700)
    for number in range(5000):
        (folder / f"{number:04d}.jpg").write_bytes(content + number.to_bytes(4, "big"))
    open_new_dataset(page, program, "Five thousand")
    page.wait_for_load_state("networkidle")
    page.evaluate(WHEN_FIRST_SEEN)
    drop_folder(page, folder)
    seconds = page.evaluate("window.firstSeen.then((seen) => (seen - window.dropped) / 1000)")
    print(f"first thumbnail after {seconds:.2f} s")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-done]")).to_be_visible(timeout=60_000)
    assert seconds <= 2


WHEN_FIRST_SEEN = """() => {
  document.addEventListener("drop", () => (window.dropped = performance.now()), { capture: true });
  window.dropped = performance.now();
  window.firstSeen = new Promise((resolve) => {
    const look = () => {
      const image = document.querySelector("[data-latest-list] img");
      if (image?.complete && image.naturalWidth) resolve(performance.now());
      else if (performance.now() - window.dropped > 30000) resolve(Infinity);
      else requestAnimationFrame(look);
    };
    look();
  });
}"""


def drop_folder(page: Page, folder: Path) -> None:
    """Drop a real folder, as the system's file manager does."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 400, "y": 300, "data": data})
        time.sleep(0.05)


@pytest.fixture
def problems() -> Problems:
    """Lines that break are in the console by their nature."""
    problems = Problems()
    problems.allow("ERR_CONNECTION_RESET")
    return problems
