"""The user guide, walked step by step in the real program: what it says is so, and its pictures are of today.

`make screenshots` writes the pictures anew; without it they are compared with the pages from afar.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.desk import Desk
from tests.browser.guide import LARGEST_PICTURE, LIKENESS, Guide, Part, difference, write_small
from tests.browser.waiting import wait_until
from tests.landscapes import landscape
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}
PICTURES = 12
TEXTS = {
    1: "misty mountains, layered ridges, sunrise",
    2: "valley, warm light, haze",
    3: "misty mountains, blue hour, snow peaks",
    4: "layered ridges, violet dusk, moon",
    5: "Layered hills fade into the haze of a warm morning. The sun stands low above the ridge.",
}
VOCABULARY = (
    'misty mountains,0,5210,"mountain mist,foggy mountains"\nlayered ridges,0,2140,\nsunrise,0,48100,dawn\n'
    "valley,0,9120,\nhaze,5,12000,\nsun,0,60210,\nsunset,0,88120,\nsnow peaks,0,1800,\nblue hour,5,4020,\n"
    'warm light,5,7010,\nviolet dusk,5,900,\nmoon,0,30500,\n"pine forest",0,4100,\n'
)
_NAMES = """
() => [...document.querySelectorAll(
  "button, a[href], summary, label, legend, option, th, h1, h2, h3, .save-state, .choice__title")]
  .filter((element) => (element.closest("select") ?? element).checkVisibility())
  .flatMap((element) => {
    const copy = element.cloneNode(true);
    for (const part of copy.querySelectorAll("kbd, svg")) part.remove();
    return [copy.textContent, element.getAttribute("aria-label"), element.title, element.innerText];
  })
"""
_KEYS = """
() => [...document.querySelectorAll("#help .help__row")].map((row) =>
  [row.querySelector("dt").textContent, [...row.querySelectorAll("kbd")].map((key) => key.textContent)])
"""


class Walk:
    """Somebody who does what the guide says, and looks at what is there."""

    def __init__(self, page: Page, other: Page, program: RunningProgram, folder: Path) -> None:
        self.page, self.other, self.program, self.folder = page, other, program, folder
        self.guide = Guide()
        self.keys: dict[str, list[str]] = {}
        self.shown: set[str] = set()
        self.missing: dict[str, list[str]] = {}
        self.part = next(iter(self.guide.parts.values()))
        self.dataset = 0
        self.images: list[int] = []

    @contextmanager
    def reading(self, title: str) -> Iterator[Part]:
        """Do what a part says; what it names in bold is on a page by then."""
        self.part = self.guide.parts[title]
        yield self.part
        self.look()
        if self.part.missing:
            self.missing[title] = self.part.missing

    def look(self, page: Page | None = None) -> None:
        """Take in the names of what is on the page."""
        for name in (page or self.page).evaluate(_NAMES):
            words = " ".join((name or "").split())
            self.part.seen |= {words, re.sub(r"^[\d,]+ | [\d,]+$", "", words), words.partition(" · ")[0]}

    def picture(self, name: str, page: Page | None = None) -> None:
        """Compare the page with its picture in the guide, or write that anew."""
        page = page or self.page
        self.look(page)
        page.wait_for_load_state("networkidle")
        wait_until(page, "[...document.images].filter((i) => i.checkVisibility()).every((i) => i.complete)")
        page.wait_for_timeout(250)
        shot = page.screenshot(animations="disabled", caret="hide")
        self.shown.add(name)
        path = self.guide.pictures[name]
        if folder := os.environ.get("SCREENSHOTS"):
            write_small(shot, Path(folder) / "guide" / path.name)
        else:
            assert difference(shot, path) <= LIKENESS, f"{path.name} is no picture of this page any more"

    def go(self, address: str) -> None:
        self.page.goto(f"{self.program.url}{address}")

    def click(self, role: str, name: str, within: Locator | None = None) -> None:
        """Press what is named; the guide may name it."""
        self.look()
        (within or self.page).get_by_role(role, name=re.compile(f"^{re.escape(name)}")).first.click()  # type: ignore[arg-type]

    @property
    def desk(self) -> Desk:
        return Desk(self.page, self.program.url, self.dataset, self.images)

    @property
    def grid(self) -> str:
        return f"/datasets/{self.dataset}/"

    def open_grid(self, query: str = "") -> None:
        self.go(self.grid + query)
        expect(self.page.locator(".grid__rows .cell__link").first).to_be_visible()
        # Each part of the page has a script of its own; a press before it is there does something else, or nothing.
        self.page.wait_for_load_state("networkidle")

    def note_keys(self) -> None:
        """Open the list of keys and take it in."""
        self.page.keyboard.press("?")
        expect(self.page.locator("#help")).to_be_visible()
        for does, keys in self.page.evaluate(_KEYS):
            self.keys.setdefault(does, keys)
        self.look()
        self.page.keyboard.press("Escape")
        expect(self.page.locator("#help")).to_be_hidden()


def _draw(folder: Path) -> list[Path]:
    """Landscapes, the texts of some, a smaller copy of the first, and a file that is no picture."""
    folder.mkdir()
    # With little grain: pages that show them make small files.
    drawn = {number: landscape(number).filter(ImageFilter.GaussianBlur(1)) for number in range(1, PICTURES + 1)}
    for number, picture in drawn.items():
        picture.save(folder / f"valley {number:02d}.jpg", quality=85)
    for number, text in TEXTS.items():
        (folder / f"valley {number:02d}.txt").write_text(text, encoding="utf-8")
    drawn[1].resize((700, 1050)).save(folder / "valley 01 small.jpg", quality=80)
    (folder / "valley 01 small.txt").write_text("misty mountains, pale sun", encoding="utf-8")
    (folder / "notes.jpg").write_text("no picture")
    return sorted(folder.iterdir())


@pytest.fixture
def walk(browser: Browser, tmp_path: Path) -> Iterator[Walk]:
    """A new program, and the browsers of two people."""
    contexts = [browser.new_context(viewport=WIDE, locale="en-GB", reduced_motion="reduce") for _ in range(2)]  # type: ignore[arg-type]
    for context in contexts:
        context.set_default_timeout(20_000)
    words = tmp_path / "words.csv"
    words.write_text(VOCABULARY, encoding="utf-8")
    with RunningProgram(tmp_path / "data") as program:
        program.manage("load_vocabulary", str(words))
        yield Walk(contexts[0].new_page(), contexts[1].new_page(), program, tmp_path / "landscapes")
        for context in contexts:
            context.close()


# One walk from the first page to the trash: no step is repeated, and a busy machine is given its time.
@pytest.mark.timeout(600)
def test_what_the_guide_says_is_so(walk: Walk) -> None:
    _begins(walk)
    _drops_pictures(walk)
    _tags(walk)
    _writes_captions(walk)
    _takes_suggestions(walk)
    _uses_quick_tags(walk)
    _filters(walk)
    _changes_many(walk)
    _settles_duplicates(walk)
    _tends_the_vocabulary(walk)
    _walks_and_reviews(walk)
    _meets_others(walk)
    _takes_back(walk)
    _reads_the_board(walk)
    _freezes(walk)
    _exports(walk)
    _empties_the_trash(walk)
    _holds_a_phone(walk)
    _check_keys(walk)
    assert walk.missing == {}, "named in bold, and on no page"
    # The one of accounts is tests/browser/test_guide_accounts.py's.
    assert walk.shown == set(walk.guide.pictures) - {"members"}, "a picture of the guide is of no step"


def _check_keys(walk: Walk) -> None:
    """Each key that the guide names is one of the program, and the table says what the program says."""
    known = {key for keys in walk.keys.values() for key in keys}
    for part in walk.guide.parts.values():
        assert part.keys - known == set(), part.title
    table = {does: keys for part in walk.guide.parts.values() for does, keys in part.table.items()}
    assert len(table) > 20
    assert table == {does: walk.keys.get(does) for does in table}


def _begins(walk: Walk) -> None:
    with walk.reading("A dataset"):
        walk.go("/")
        walk.click("link", "New dataset")
        walk.page.wait_for_load_state("networkidle")
        walk.page.get_by_label("Name").fill("Misty valleys")
        walk.page.get_by_label("Trigger word").fill("mvly")
        expect(walk.page.get_by_label("File prefix")).to_have_value("misty-valleys")
        walk.click("button", "Create and add images")
        walk.page.wait_for_url(re.compile(r"/import/"))
        walk.dataset = int(re.search(r"/datasets/(\d+)/", walk.page.url)[1])  # type: ignore[index]
        walk.go(walk.grid)
        walk.click("link", "Add images")


def _drops_pictures(walk: Walk) -> None:
    with walk.reading("Drop pictures in"):
        walk.look()
        walk.page.get_by_role("button", name="Choose files").first.set_input_files(_draw(walk.folder))
        expect(walk.page.get_by_role("heading", name="6 texts came with the pictures")).to_be_visible(timeout=60_000)
        expect(walk.page.locator("[data-refusals-list] li")).to_have_count(1, timeout=60_000)
        expect(walk.page.locator("[data-fact=ready] dd")).to_have_text(str(PICTURES + 1), timeout=60_000)
        walk.picture("import")
        walk.click("button", "Read the texts")
        expect(walk.page.get_by_role("link", name="Start tagging")).to_be_visible(timeout=60_000)
        expect(walk.page.locator("[data-refusals-list]")).to_contain_text("notes.jpg")
    answer = walk.page.request.get(f"{walk.program.url}/api/v1/datasets/{walk.dataset}/images").json()
    walk.images = [image["id"] for image in answer["images"]]
    assert len(walk.images) == PICTURES + 1


def _number(walk: Walk, name: str) -> int:
    """The place of a picture, from 1."""
    answer = walk.page.request.get(f"{walk.program.url}/api/v1/datasets/{walk.dataset}/images").json()
    return 1 + next(place for place, image in enumerate(answer["images"]) if image["name"] == name)


def _tags(walk: Walk) -> None:
    desk = walk.desk
    with walk.reading("Tag by keyboard"):
        walk.click("link", "Start tagging")
        expect(desk.box).to_be_focused()
        number = _number(walk, "valley 06.jpg")
        desk.open(number)
        desk.type("mis")
        expect(walk.page.get_by_role("option").first).to_contain_text("misty mountains")
        desk.press("Enter")
        desk.expect_chips("misty mountains")
        desk.type("pale sky, haze,")
        desk.expect_chips("misty mountains", "pale sky", "haze")
        desk.press("Backspace")
        desk.press("Backspace")
        desk.expect_chips("misty mountains", "pale sky")
        desk.press("Control+z")
        desk.expect_chips("misty mountains", "pale sky", "haze")
        desk.expect_saved()
        desk.press("Enter")
        expect(walk.page).to_have_url(desk.address(number + 1))
        desk.press("Control+d")
        desk.expect_chips("misty mountains", "pale sky", "haze")
        desk.press("Control+j")
        expect(walk.page).to_have_url(desk.address(number + 2))
        walk.note_keys()


def _writes_captions(walk: Walk) -> None:
    desk = walk.desk
    with walk.reading("Captions"):
        number = _number(walk, "valley 06.jpg")
        desk.open(number)
        desk.press("Alt+c")
        expect(desk.caption).to_be_focused()
        walk.page.keyboard.type("Hills in the morning.")
        walk.page.keyboard.press("Escape")
        expect(desk.box).to_be_focused()
        desk.expect_caption_stored(number, "Hills in the morning.")
        expect(walk.page.locator("[data-reading-text]")).to_have_text(
            "mvly, misty mountains, pale sky, haze, Hills in the morning."
        )


def _takes_suggestions(walk: Walk) -> None:
    desk = walk.desk
    with walk.reading("Suggestions"):
        options = walk.page.get_by_role("option")
        for typed, offered in (("dawn", "sunrise"), ("sunrsie", "sunrise"), ("mm", "misty mountains")):
            desk.open(_number(walk, "valley 08.jpg"))
            desk.type(typed)
            expect(options.filter(has_text=offered).first).to_be_visible()
        desk.open(_number(walk, "valley 01.jpg"))
        desk.type("sun")
        expect(options.filter(has_text="sunset").first).to_be_visible()
        walk.picture("desk")
        desk.press("Escape")


def _uses_quick_tags(walk: Walk) -> None:
    desk = walk.desk
    with walk.reading("Quick tags, and one question at a time"):
        number = _number(walk, "valley 09.jpg")
        desk.open(number)
        walk.look()
        desk.type("haze, pine forest,")
        desk.expect_chips("haze", "pine forest")
        walk.page.locator(".chip__name", has_text="haze").click()
        walk.look()
        desk.press("Alt+p")
        expect(walk.page.locator(".quick-tag__name").first).to_have_text("haze")
        walk.look()
        desk.open(number + 1)
        expect(walk.page.locator(".quick-tag__name").first).to_have_text("haze")
        desk.press("1")
        desk.expect_chips("haze")
        desk.press("1")
        desk.expect_chips()
        desk.expect_saved()
        desk.press("Alt+q")
        walk.page.get_by_label("Tag to ask about").fill("layered ridges")
        walk.click("button", "Start", walk.page.get_by_role("dialog"))
        asking = walk.page.locator("[data-asking-question]")
        expect(asking).to_contain_text("layered ridges")
        walk.picture("ask")
        walk.page.keyboard.press("y")
        expect(walk.page.locator("[data-asking-tally]")).to_contain_text("1")
        walk.page.keyboard.press("n")
        walk.page.keyboard.press("Escape")
        expect(walk.page.get_by_role("button", name="Back to the desk")).to_be_visible()


def _filters(walk: Walk) -> None:
    with walk.reading("Filters") as part:
        total = {}
        for text in re.findall(r"^    (\S.*?)(?:  +.*)?$", part.text, re.MULTILINE):
            answer = walk.page.request.get(
                f"{walk.program.url}/api/v1/datasets/{walk.dataset}/images", params={"filter": text}
            )
            assert answer.ok, (text, answer.text())
            total[text] = answer.json()["total"]
        assert total["is:untagged"] > 0
        walk.open_grid()
        walk.look()
        walk.page.get_by_role("button", name=re.compile("^Tags")).click()
        box = walk.page.get_by_role("combobox", name="Filter the pictures")
        box.fill("haze -moon")
        walk.page.keyboard.press("Enter")
        expect(walk.page).to_have_url(re.compile("filter=haze"))
        walk.look()
        box.blur()
        walk.picture("grid")
        walk.page.locator("[data-tag-close]").click()
        walk.page.locator("[data-look-at] summary").click()


def _changes_many(walk: Walk) -> None:
    with walk.reading("Many pictures at once"):
        walk.open_grid("?filter=is:untagged")
        walk.page.locator(".grid__rows .cell__link").first.focus()
        for key in ("x", "Shift+ArrowRight", "Shift+ArrowRight"):
            walk.page.keyboard.press(key)
        expect(walk.page.locator("[data-selection-count]")).to_contain_text("3")
        walk.note_keys()
        walk.page.keyboard.press("t")
        dialog = walk.page.get_by_role("dialog", name=re.compile("^Change "))
        expect(dialog.get_by_role("heading", name="Change 3 images")).to_be_visible()
        walk.page.keyboard.type("valley, warm light,")
        expect(dialog.locator("[data-bulk-count]")).to_have_text("3 of 3 images change")
        walk.picture("bulk")
        walk.page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        expect(walk.page.locator(".toast").filter(has_text="3 images changed")).to_be_visible()


def _settles_duplicates(walk: Walk) -> None:
    with walk.reading("Duplicates"):
        walk.open_grid()
        walk.page.locator("[data-look-at] summary").click()
        walk.click("link", "Near-duplicates")
        group = walk.page.locator("[data-group]")
        expect(group).to_have_count(1)
        expect(group.locator(".duplicate").first).to_contain_text("valley 01.jpg")
        walk.picture("duplicates")
        walk.click("button", "Keep the chosen one")
        expect(group).to_have_count(0)
    walk.images = [
        image["id"]
        for image in walk.page.request.get(f"{walk.program.url}/api/v1/datasets/{walk.dataset}/images").json()["images"]
    ]
    assert len(walk.images) == PICTURES


def _tends_the_vocabulary(walk: Walk) -> None:
    with walk.reading("The vocabulary"):
        walk.go("/")
        walk.click("link", "Vocabulary")
        expect(walk.page.locator("[data-word]", has_text="misty mountains").first).to_be_visible()
        walk.page.get_by_label("Choose “pale sky”").check()
        walk.picture("vocabulary")


def _walks_and_reviews(walk: Walk) -> None:
    desk = walk.desk
    with walk.reading("Sessions and reviews"):
        walk.open_grid()
        walk.click("link", "Session")
        dialog = walk.page.get_by_role("dialog", name="Start a session")
        walk.page.get_by_label("Which pictures").fill("is:tagged")
        expect(dialog.locator("[data-count]")).to_contain_text("pictures")
        walk.page.locator("#start-name").fill("Second look")
        walk.picture("session")
        walk.click("button", "Start", dialog)
        expect(desk.box).to_be_focused()
        desk.press("Shift+Enter")
        expect(walk.page.locator("[data-number]")).to_contain_text("2 of")
        desk.press("Alt+y")
        expect(walk.page.locator("[data-review-state]")).to_have_text("ready")
        expect(walk.page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
        walk.note_keys()
        desk.press("Alt+a")
        expect(walk.page.locator("[data-review-state]")).to_have_text("approved")
        walk.open_grid()
        walk.page.locator("[data-states] summary").click()
        walk.look()
        walk.go("/sessions/")


def _meets_others(walk: Walk) -> None:
    mine = walk.desk
    theirs = Desk(walk.other, walk.program.url, walk.dataset, walk.images)
    with walk.reading("With others"):
        number = _number(walk, "valley 03.jpg")
        theirs.open(number)
        theirs.type("cold air,")
        theirs.expect_saved()
        mine.open(number)
        expect(walk.page.locator("[data-here]")).to_contain_text("is working on this picture")
        theirs.type("silence,")
        mine.expect_chips("misty mountains", "blue hour", "snow peaks", "cold air", "silence")
        expect(walk.page.locator("[data-here-take]")).to_be_visible()
        walk.picture("people")
        walk.other.goto("about:blank")


def _takes_back(walk: Walk) -> None:
    with walk.reading("Take anything back"):
        walk.desk.open(_number(walk, "valley 06.jpg"))
        walk.desk.press("Alt+h")
        expect(walk.page.get_by_role("dialog", name="History of this picture")).to_be_visible()
        walk.look()
        walk.go(f"{walk.grid}history/")
        entry = walk.page.locator(".history__entry", has_text="warm light").first
        walk.picture("history")
        entry.get_by_role("button", name="Undo").click()
        expect(walk.page.get_by_text("3 pictures put back").first).to_be_visible()


def _reads_the_board(walk: Walk) -> None:
    with walk.reading("The board"):
        walk.open_grid()
        walk.click("link", "Board")
        walk.page.locator("[data-goals] summary").first.click()
        walk.look()
        walk.go(f"{walk.grid}board/")
        walk.picture("board")


def _freezes(walk: Walk) -> None:
    with walk.reading("Versions"):
        walk.open_grid()
        walk.click("link", "Versions")
        walk.page.get_by_role("textbox", name="Name").fill("Before the clean-up")
        walk.click("button", "Freeze now")
        expect(walk.page.locator(".notice--success")).to_contain_text("is frozen")
        walk.desk.open(1)
        walk.desk.type("first light,")
        walk.desk.expect_saved()
        walk.go(f"{walk.grid}versions/")
        walk.page.get_by_role("link", name="Before the clean-up").first.click()
        expect(walk.page.get_by_role("button", name=re.compile("Restore"))).to_be_visible()
        walk.picture("version")
        walk.click("link", "Compare with now")
        expect(walk.page.get_by_text("first light").first).to_be_visible()


def _exports(walk: Walk) -> None:
    with walk.reading("Export") as part:
        walk.open_grid()
        walk.click("link", "Export")
        expect(walk.page.locator("[data-go]")).to_be_enabled()
        offered = set(walk.page.locator(".export-trainer__name, [data-trainer-name]").all_inner_texts())
        walk.look()
        assert offered or part.seen
        walk.picture("export")
        walk.page.locator("[data-go]").click()
        expect(walk.page.get_by_role("link", name=re.compile("Download|\\.zip")).first).to_be_visible(timeout=60_000)


def _empties_the_trash(walk: Walk) -> None:
    with walk.reading("The trash"):
        walk.open_grid()
        walk.look()
        walk.page.locator(".dataset-head__trash").click()
        expect(walk.page.get_by_text("valley 01 small.jpg").first).to_be_visible()
        walk.look()
        walk.click("link", "Empty trash")
        expect(walk.page.get_by_text("Delete 1 image for ever?")).to_be_visible()


def _holds_a_phone(walk: Walk) -> None:
    with walk.reading("On a phone"):
        walk.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        walk.page.emulate_media(color_scheme="dark")
        walk.go(f"{walk.grid}tag/{walk.images[_number(walk, 'valley 04.jpg') - 1]}/")
        expect(walk.page.locator(".chip__name").first).to_be_visible()
        walk.picture("phone")


def test_the_pictures_of_the_guide_are_there_and_small() -> None:
    for name, path in Guide().pictures.items():
        assert path.stat().st_size <= LARGEST_PICTURE, name
        with Image.open(path) as picture:
            assert picture.size in {tuple(WIDE.values()), tuple(NARROW.values())}, name
