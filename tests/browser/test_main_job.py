"""The main job as a person does it: make a dataset, drop a folder, tag by keyboard, export, look into the zip."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests import images
from tests.program import RunningProgram

pytestmark = [pytest.mark.browser, pytest.mark.flow]

TRIGGER = "ohwx"


def draw_folder(folder: Path) -> dict[str, bytes]:
    """Six good pictures in several formats, two texts, and four files that must be refused."""
    files = {
        "portrait 1.jpg": images.encoded("JPEG", width=900, height=1200, seed=1),
        "portrait 2.png": images.encoded("PNG", width=640, height=480, seed=2),
        "portrait 10.webp": images.encoded("WEBP", seed=3),
        "Ünïcode 写真 😀.jpg": images.encoded("JPEG", seed=4),
        "turned.jpg": images.encoded("JPEG", seed=5, exif=_turned()),
        "loop.gif": images.encoded("GIF", seed=6),
        "portrait 2.txt": b"\xef\xbb\xbfsmile, long hair\r\n",
        "turned.txt": b"A woman stands on a bridge in the evening light. She looks at the river.",
        "notes.png": b"this is not a picture at all",
        "cut.jpg": images.encoded("JPEG", width=800, height=800, seed=7)[:9000],
        "empty.jpg": b"",
        "copy of 1.jpg": images.encoded("JPEG", width=900, height=1200, seed=1),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return files


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def test_from_a_folder_to_a_zip_that_a_trainer_loads(
    page: Page, running_program: RunningProgram, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    files = draw_folder(folder)

    make_dataset(page, running_program.url)
    import_files(page, sorted(folder.iterdir()))
    tag_three_by_keyboard(page)
    after_reload_everything_is_there(page)
    archive = download_zip(page)

    expected = expected_files(files)
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        assert found.testzip() is None
        assert sorted(found.namelist()) == sorted(expected)
        for name, content in expected.items():
            if content is not None:
                assert found.read(name) == content, name
        check_converted(found, files)
    check_command_writes_the_same(running_program, archive, tmp_path)


def test_the_prefix_follows_a_name_that_was_written_before_the_script_came(
    running_program: RunningProgram, page: Page
) -> None:
    held: list[Route] = []
    page.route("**/dataset_form*.js", lambda route: held.append(route))
    page.goto(f"{running_program.url}/datasets/new/", wait_until="commit")
    page.get_by_label("Name").fill("Bridge woman")
    page.get_by_label("Trigger word").fill(TRIGGER)
    held.pop().continue_()
    expect(page.get_by_label("File prefix")).to_have_value("bridge-woman")
    expect(page.get_by_label("Trigger word")).to_be_focused()


def make_dataset(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("link", name=re.compile("New dataset|Create")).first.click()
    page.get_by_label("Name").fill("Bridge woman")
    page.get_by_label("Trigger word").fill(TRIGGER)
    expect(page.get_by_label("File prefix")).to_have_value("bridge-woman")
    page.get_by_role("button", name="Create and add images").click()


def import_files(page: Page, paths: list[Path]) -> None:
    page.get_by_role("button", name="Choose files").first.set_input_files(paths)
    expect(page.get_by_role("heading", name="2 texts came with the pictures")).to_be_visible(timeout=60_000)
    shown = page.get_by_label("The first of them")
    expect(shown.get_by_text("long hair", exact=True)).to_be_visible()
    expect(shown.get_by_text("She looks at the river.")).to_be_visible()
    page.get_by_role("button", name="Read the texts").click()
    refusals = page.locator("[data-refusals-list] li")
    expect(refusals).to_have_count(3, timeout=60_000)
    told = "\n".join(refusals.all_inner_texts())
    for name, words in {"notes.png": "not a picture", "cut.jpg": "damaged", "empty.jpg": "empty"}.items():
        assert name in told
        assert words in told
    expect(page.get_by_text(re.compile("1 .*already")).first).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Start tagging").click()


def tag_three_by_keyboard(page: Page) -> None:
    """Untagged ones come first: the two with a text are tagged already."""
    box = page.get_by_role("combobox")
    for tags in (["red dress", "smile"], ["blue eyes", "miku_(vocaloid)"], ["Ärmel 長い", "smile"]):
        expect(box).to_be_focused()
        for tag in tags:
            page.keyboard.type(tag)
            page.keyboard.press("Control+Enter")
            expect(page.get_by_role("listitem").filter(has_text=tag).first).to_be_visible()
        expect(page.get_by_text("Saved", exact=True).first).to_be_visible()
        shown = page.get_by_role("heading", level=1).inner_text()
        page.keyboard.press("Control+j")
        expect(page.get_by_role("heading", level=1)).not_to_have_text(shown)


def after_reload_everything_is_there(page: Page) -> None:
    expect(page.get_by_text("5 of 6 tagged").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("5 of 6 tagged").first).to_be_visible()


def download_zip(page: Page) -> bytes:
    page.get_by_role("link", name="Export").first.click()
    page.get_by_role("radio", name="Plain folder").check()
    # Everything that was found can be lived with: what was to be mended was mended above.
    expect(page.locator(".export-level--error")).to_have_count(0)
    page.get_by_role("button", name="Export 6 images").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download bridge-woman-plain-v1.zip").click(timeout=60_000)
    assert waiting.value.suggested_filename == "bridge-woman-plain-v1.zip"
    return Path(waiting.value.path()).read_bytes()


def expected_files(files: dict[str, bytes]) -> dict[str, bytes | None]:
    """Natural order of the names; `None` where the content is looked at elsewhere."""
    prefix = "bridge-woman/bridge-woman"
    return {
        # “copy of 1” comes first in natural order, so that it is the image and “portrait 1” its duplicate.
        f"{prefix}-0001.jpg": files["copy of 1.jpg"],
        f"{prefix}-0001.txt": b"ohwx, red dress, smile",
        f"{prefix}-0002.png": None,
        f"{prefix}-0002.txt": b"ohwx, blue eyes, miku_(vocaloid)",
        f"{prefix}-0003.png": files["portrait 2.png"],
        f"{prefix}-0003.txt": b"ohwx, smile, long hair",
        f"{prefix}-0004.webp": files["portrait 10.webp"],
        f"{prefix}-0004.txt": "ohwx, Ärmel 長い, smile".encode(),
        f"{prefix}-0005.jpg": None,
        f"{prefix}-0005.txt": b"ohwx, " + files["turned.txt"],
        f"{prefix}-0006.jpg": files["Ünïcode 写真 😀.jpg"],
        f"{prefix}-0006.txt": b"ohwx",
        "tags.txt": "smile\nblue eyes\nlong hair\nmiku_(vocaloid)\nred dress\nÄrmel 長い\n".encode(),
        "manifest.json": None,
    }


def check_converted(archive: zipfile.ZipFile, files: dict[str, bytes]) -> None:
    with Image.open(io.BytesIO(archive.read("bridge-woman/bridge-woman-0005.jpg"))) as upright:
        assert upright.getexif().get(0x0112, 1) == 1
        assert upright.size == (240, 320)
    with Image.open(io.BytesIO(archive.read("bridge-woman/bridge-woman-0002.png"))) as still:
        assert (still.format, still.mode) == ("PNG", "RGB")


def check_command_writes_the_same(program: RunningProgram, archive: bytes, tmp_path: Path) -> None:
    output = tmp_path / "out.zip"
    done = program.manage("export_dataset", "Bridge woman", "--output", str(output), "--json")
    assert json.loads(done.stdout)["images"] == 6
    assert output.read_bytes() == archive
