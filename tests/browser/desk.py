"""The tagging desk for tests: words for what a person does there, and datasets of drawn pictures."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import images
from tests.person import Person
from tests.program import RunningProgram

WORDS = ["outdoors", "blue sky", "mountain", "lake", "sunset", "forest", "snow", "standing"]
_CHUNK = 4 * 2**20
_numbers = itertools.count(1)


@dataclass
class Desk:
    """The page with a dataset of its own, and words for what a person does there."""

    page: Page
    url: str
    dataset_id: int
    image_ids: list[int]
    keys: int = 0

    def address(self, number: int) -> str:
        return f"{self.url}/datasets/{self.dataset_id}/tag/{self.image_ids[number - 1]}/"

    def open(self, number: int = 1) -> Desk:
        self.page.goto(self.address(number))
        expect(self.box).to_be_focused()
        return self

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def type(self, text: str) -> None:
        self.press(*text)

    def paste(self, text: str) -> None:
        """Paste a text into the tag box."""
        self.box.evaluate(
            """(input, text) => {
              const data = new DataTransfer();
              data.setData("text/plain", text);
              input.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
            }""",
            text,
        )

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("combobox", name="Add a tag")

    @property
    def caption(self) -> Locator:
        return self.page.get_by_role("textbox", name="Caption")

    @property
    def state(self) -> Locator:
        return self.page.locator("[data-save-state]")

    def chips(self) -> list[str]:
        return self.page.locator(".chip__name").all_inner_texts()

    def expect_chips(self, *names: str) -> None:
        expect(self.page.locator(".chip__name")).to_have_text(list(names))

    def expect_saved(self) -> None:
        expect(self.state).to_have_attribute("data-state", "saved")

    def stored(self, number: int) -> dict[str, Any]:
        """What the server holds."""
        answer = self.page.request.get(f"{self.url}/api/v1/images/{self.image_ids[number - 1]}/tags")
        state: dict[str, Any] = answer.json()
        return state

    def stored_tags(self, number: int) -> list[str]:
        return [tag["name"] for tag in self.stored(number)["tags"]]

    def stored_caption(self, number: int) -> str:
        text: str = self.stored(number)["caption"]["text"]
        return text

    def expect_caption_stored(self, number: int, text: str) -> None:
        """Wait until the server holds a caption: a page may say "saved" before it begins to save the last letters."""
        end = time.monotonic() + 20
        while (stored := self.stored(number)["caption"]["text"]) != text:
            assert time.monotonic() < end, stored
            self.page.wait_for_timeout(30)

    def edit_elsewhere(self, number: int, **operation: Any) -> None:
        """What another person does, past this page."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.page.context.cookies()}
        answer = self.page.request.post(
            f"{self.url}/api/v1/images/{self.image_ids[number - 1]}/edits",
            headers={"X-CSRFToken": cookies["csrftoken"], "Referer": self.url},
            data={"operations": [{"key": f"00000000-0000-4000-8000-{next(_numbers):012d}", **operation}]},
        )
        assert answer.ok, answer.text()


@pytest.fixture
def make_desk(running_program: RunningProgram) -> Callable[..., Desk]:
    """Import drawn pictures; the first one has `WORDS`, the others have nothing."""

    def make(page: Page, pictures: int = 5, words: list[str] | None = None) -> Desk:
        number = next(_numbers)
        files = [(f"{seed:02d}.jpg", images.encoded(seed=seed + 100 * number)) for seed in range(1, pictures + 1)]
        if text := ", ".join(WORDS if words is None else words):
            files.append(("01.txt", text.encode()))
        dataset_id, image_ids = import_files(running_program, f"Desk {number}", files)
        assert len(image_ids) == pictures
        return Desk(page, running_program.url, dataset_id, image_ids)

    return make


def import_files(program: RunningProgram, name: str, files: list[tuple[str, bytes]]) -> tuple[int, list[int]]:
    """Import files as a page does, which is quicker than the command; returns the dataset and its images, in order."""
    person = Person(program)
    dataset_id: int = person.post("/datasets", {"name": name})["id"]
    job, items = person.announce([(name, len(content)) for name, content in files], dataset=dataset_id)
    for item, (_name, content) in zip(items, files, strict=True):
        for start in range(0, len(content), _CHUNK):
            person.send(job, item, content[start : start + _CHUNK], offset=start).raise_for_status()
    person.post(f"/imports/{job}/seal")
    end = time.monotonic() + 60
    while (progress := person.progress(job))["state"] != "DONE":
        assert time.monotonic() < end, progress
        time.sleep(0.05)
    image_ids = [image["id"] for image in person.get(f"/api/v1/datasets/{dataset_id}/images").json()["images"]]
    person.client.close()
    return dataset_id, image_ids


def import_folder(program: RunningProgram, name: str, folder: Path) -> tuple[int, list[int]]:
    """Import the files of a folder, by name, as a page does; returns the dataset and its images."""
    return import_files(program, name, [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())])


@pytest.fixture
def desk(make_desk: Callable[..., Desk], page: Page) -> Desk:
    """Five pictures; the first is tagged."""
    return make_desk(page)
