"""The import page with what people really have: bad files, blocked sockets, a page that is opened late."""

from __future__ import annotations

import binascii
import json
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, Request, Route, expect

from tests import images
from tests.browser.problems import Problems
from tests.program import RunningProgram

pytestmark = pytest.mark.browser

LONG_NAME = "🦊" * 62 + "abc.jpg"  # 255 bytes in UTF-8, the longest name a disk takes
NO_SOCKETS = "window.WebSocket = class { constructor() { throw new Error('sockets are blocked here'); } };"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProgram]:
    """A program that takes files of at most a megabyte."""
    with RunningProgram(tmp_path_factory.mktemp("import") / "data", env={"MAX_FILE_BYTES": "1000000"}) as running:
        yield running


def payload(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def huge_png_header() -> bytes:
    """A whole PNG whose header states 60,000 × 60,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", binascii.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def open_new_dataset(page: Page, program: RunningProgram, name: str) -> None:
    page.goto(f"{program.url}/datasets/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create and add images").click()
    expect(page.get_by_role("heading", name="Drop pictures, a folder or a zip here")).to_be_visible()


def choose(page: Page, files: list[FilePayload]) -> None:
    page.get_by_role("button", name="Choose files").first.set_input_files(files)


def test_each_bad_file_gets_a_sentence_and_the_others_go_on(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Bad and good")
    good = {f"good {number}.jpg": images.encoded(seed=number) for number in range(3)}
    bad = {
        "notes.png": (b"these are notes", "not a picture"),
        "cut.jpg": (images.encoded(width=900, height=900, seed=7)[:9000], "cut off or damaged"),
        "huge.png": (huge_png_header(), "60000×60000"),
        "empty.jpg": (b"", "empty (0 bytes)"),
        "large.bmp": (images.encoded("BMP", width=800, height=600), "larger than 1 MB"),
    }
    odd = {LONG_NAME: images.encoded(seed=21), "..\\..\\up.jpg": images.encoded(seed=22)}
    files = [payload(name, content) for name, content in {**good, **odd}.items()]
    choose(page, [*files, *(payload(name, content) for name, (content, _) in bad.items())])

    expect(page.get_by_role("heading", name="5 images added")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="5 files were refused")).to_be_visible()
    for name, (_, words) in bad.items():
        expect(page.locator("[data-refusals-list] li").filter(has_text=name)).to_contain_text(words)
    stored = [path for path in program.data_dir.glob("incoming/**/*") if path.is_file()]
    assert stored == []
    page.get_by_role("link", name="See the images").click()
    expect(page.get_by_text("up.jpg", exact=True).first).to_be_visible()
    expect(page.get_by_text(LONG_NAME).first).to_be_attached()
    assert list(program.data_dir.parent.rglob("*up.jpg")) == []


def test_a_name_that_exists_is_told_beside_the_field(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Twice")
    page.goto(f"{program.url}/datasets/new/")
    page.get_by_label("Name").fill("twice")
    page.get_by_label("Trigger word").fill("kept")
    page.get_by_role("button", name="Create and add images").click()
    expect(page.get_by_text("There is a dataset named “twice” already. Choose another name.")).to_be_visible()
    expect(page.get_by_label("Trigger word")).to_have_value("kept")


def test_where_sockets_are_blocked_the_page_asks(context: BrowserContext, page: Page, program: RunningProgram) -> None:
    context.add_init_script(NO_SOCKETS)
    open_new_dataset(page, program, "Without sockets")
    choose(page, [payload(f"{number}.jpg", images.encoded(seed=100 + number)) for number in range(4)])
    expect(page.get_by_role("heading", name="4 images added")).to_be_visible(timeout=60_000)


def test_a_page_opened_late_starts_with_what_is_stored(page: Page, program: RunningProgram, tmp_path: Path) -> None:
    for number in range(3):
        images.write(tmp_path, f"{number}.jpg", seed=200 + number)
    done = program.manage("import_folder", str(tmp_path), "--dataset", "Late", "--wait", "--json")
    page.goto(f"{program.url}/imports/{json.loads(done.stdout)['import_id']}/")
    expect(page.get_by_role("heading", name="3 images added")).to_be_visible()


def test_an_open_page_sees_files_come_in_from_elsewhere(page: Page, program: RunningProgram, tmp_path: Path) -> None:
    open_new_dataset(page, program, "Watched")
    page.goto(page.url.replace("import/", ""))
    for number in range(3):
        images.write(tmp_path, f"{number}.jpg", seed=300 + number)
    program.manage("import_folder", str(tmp_path), "--dataset", "Watched", "--wait")
    expect(page.get_by_text(re.compile("3 images")).first).to_be_visible(timeout=10_000)
    expect(page.get_by_text("2.jpg", exact=True).first).to_be_visible()


def test_a_break_in_the_line_costs_nothing(page: Page, program: RunningProgram) -> None:
    """The first try of every chunk breaks off; the page tries again by itself."""
    open_new_dataset(page, program, "Bad line")
    broken: set[str] = set()

    def break_once(route: Route, request: Request) -> None:
        if request.url in broken:
            route.continue_()
        else:
            broken.add(request.url)
            route.abort("connectionreset")

    page.route("**/content?offset=*", break_once)
    choose(page, [payload(f"{number}.jpg", images.encoded(seed=400 + number)) for number in range(3)])
    expect(page.get_by_role("heading", name="3 images added")).to_be_visible(timeout=60_000)
    assert len(broken) == 3
    page.unroute("**/content?offset=*")


def test_a_lost_answer_to_announcing_brings_no_file_twice(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Lost answer")
    announced: list[list[dict[str, Any]]] = []

    def lose_the_first(route: Route, request: Request) -> None:
        announced.append(json.loads(request.post_data or "{}")["files"])
        if len(announced) == 1:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/items", lose_the_first)
    choose(page, [payload(f"{number}.jpg", images.encoded(seed=500 + number)) for number in range(3)])
    expect(page.get_by_role("heading", name="3 images added")).to_be_visible(timeout=60_000)
    page.unroute("**/items")
    assert len(announced) == 2
    assert announced[0] == announced[1]
    assert len({one["key"] for one in announced[0]}) == 3
    address = f"{program.url}/api/v1{import_path(page)}"
    items = page.request.get(f"{address}/items").json()["items"]
    assert sorted(item["name"] for item in items) == ["0.jpg", "1.jpg", "2.jpg"]
    assert page.request.get(address).json()["state"] == "DONE"


def import_path(page: Page) -> str:
    """The path of the import that the page shows, the same below the API."""
    found = re.search(r"/imports/\d+", page.url)
    assert found
    return found[0]


def test_an_import_that_was_left_ends_without_the_files_that_never_came(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Left")
    sent: list[str] = []
    page.route("**/content?offset=*", lambda route, request: send_only_the_first(route, request, sent))
    choose(page, [payload(f"{number}.jpg", images.encoded(seed=600 + number)) for number in range(3)])
    expect(page.locator("[data-fact=ready] dd")).to_have_text("1", timeout=30_000)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_role("heading", name="2 files have not arrived")).to_be_visible(timeout=20_000)

    page.route("**/finish", lambda route: route.abort("connectionreset"), times=1)
    finish = page.get_by_role("button", name="Finish without them")
    finish.click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="1 image added")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("heading", name="2 files were refused")).to_be_visible()
    expect(finish).to_be_hidden()


def send_only_the_first(route: Route, request: Request, sent: list[str]) -> None:
    """Let the bytes of one file through and break off those of the others, again and again."""
    item = request.url.partition("?")[0]
    if not sent:
        sent.append(item)
    if item in sent:
        route.continue_()
    else:
        route.abort("connectionreset")


DROP = """(entries) => {
  const entry = ({ name, children, readable }) => ({
    name,
    isFile: !children,
    isDirectory: Boolean(children),
    file: (take, fail) => (readable ? take(new File(["text"], name)) : fail(new DOMException("locked"))),
    createReader: () => {
      const batches = [children, readable ? [] : null];
      return {
        readEntries: (take, fail) => {
          const batch = batches.shift();
          if (batch) take(batch.map(entry));
          else fail(new DOMException("locked"));
        },
      };
    },
  });
  const items = entries.map((one) => ({ kind: "file", webkitGetAsEntry: () => entry(one) }));
  const event = new Event("drop", { bubbles: true, cancelable: true });
  Object.defineProperty(event, "dataTransfer", { value: { types: ["Files"], items } });
  document.body.dispatchEvent(event);
}"""


def test_what_a_drop_cannot_read_is_listed_with_its_reason(page: Page, program: RunningProgram) -> None:
    open_new_dataset(page, program, "Locked")
    page.wait_for_load_state()
    locked = {"name": "locked.jpg", "readable": False}
    refused = page.locator("[data-refusals-list] li")
    page.evaluate(DROP, [locked])
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text("Your browser could not read this file")
    expect(page.get_by_role("alert")).to_contain_text("Nothing of what you dropped could be read.")

    half = {"name": "half", "readable": False, "children": [{"name": "a.jpg", "readable": True}, locked]}
    page.evaluate(DROP, [half])
    expect(page.get_by_role("heading", name="No image was added")).to_be_visible(timeout=30_000)
    expect(refused.filter(has_text="half/locked.jpg")).to_contain_text("Your browser could not read this file")
    expect(refused.filter(has_text="all of this folder").locator("bdi")).to_have_text("half")
    expect(refused).to_have_count(3)


@pytest.fixture
def problems() -> Problems:
    """A line that breaks and a form that is refused are in the console by their nature."""
    problems = Problems()
    problems.allow("ERR_CONNECTION_RESET", "status of 422")
    return problems
