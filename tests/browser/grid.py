"""The grid of a dataset for tests: many images without files, and words for what a person does there."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, Route, expect

from tests.program import RunningProgram

# One pixel: what a grid of made-up images is given for each picture.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_numbers = itertools.count(1)


@contextmanager
def many_images(program: RunningProgram, images: int) -> Iterator[int]:
    """Yield the number of a dataset of images that are rows alone; it goes again, as other pages would miss files."""
    code = f"from tests.many_images import make; print(make('Many {next(_numbers)}', {images}))"
    number = int(program.manage("shell", "--verbosity=0", "-c", code).stdout.split()[-1])
    yield number
    code = f"from datasets.models import Dataset; Dataset.objects.get(pk={number}).delete()"
    program.manage("shell", "--verbosity=0", "-c", code)


@dataclass
class GridPage:
    """The page of a dataset."""

    page: Page
    url: str
    dataset_id: int

    @property
    def address(self) -> str:
        return f"{self.url}/datasets/{self.dataset_id}/"

    def open(self, query: str = "") -> GridPage:
        self.page.route("**/thumbnail/**", _answer_pixel)
        self.page.goto(self.address + query)
        expect(self.page.locator(".grid__rows, .empty").first).to_be_visible()
        return self

    def cell(self, number: int) -> Locator:
        """The cell of a place of the list, from 1."""
        return self.page.locator(f'.cell:has([data-index="{number - 1}"])')

    def link(self, number: int) -> Locator:
        return self.cell(number).locator(".cell__link")

    def click(self, number: int, *modifiers: Any) -> None:
        self.link(number).click(modifiers=list(modifiers))

    def focus(self, number: int) -> None:
        self.link(number).focus()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("combobox", name="Filter the pictures")

    @property
    def count(self) -> Locator:
        """What the bar of the selection says."""
        return self.page.locator("[data-selection-count]")

    def expect_selected(self, *numbers: int) -> None:
        """Those of the cells that are drawn."""
        for number in numbers:
            expect(self.cell(number)).to_have_attribute("aria-selected", "true")
        expect(self.page.locator('.cell[aria-selected="true"]')).to_have_count(len(numbers))

    def expect_number(self, count: int) -> None:
        """So many images are listed, as the grid says of its first one."""
        expect(self.page.locator(".cell__link").first).to_have_attribute("aria-label", _ends_with(count))

    def expect_filter(self, text: str) -> None:
        """It stands in the address and in the box."""
        expect(self.box).to_have_value(text)
        query = parse_qs(urlsplit(self.page.url).query)
        assert query.get("filter", [""])[0] == text

    def in_server(self, filter_text: str) -> int:
        """How many images match."""
        answer = self.page.request.get(
            f"{self.url}/api/v1/datasets/{self.dataset_id}/images", params={"filter": filter_text, "limit": 1}
        )
        return int(answer.json()["total"])

    def first_image(self) -> int:
        answer = self.page.request.get(f"{self.url}/api/v1/datasets/{self.dataset_id}/images?limit=1")
        return int(answer.json()["images"][0]["id"])

    def edit(self, image: int, **operation: Any) -> None:
        """What another person does, past this page."""
        cookies = {cookie.get("name"): cookie.get("value", "") for cookie in self.page.context.cookies()}
        answer = self.page.request.post(
            f"{self.url}/api/v1/images/{image}/edits",
            headers={"X-CSRFToken": cookies["csrftoken"], "Referer": self.url},
            data={"operations": [{"key": f"00000000-0000-4000-9000-{next(_numbers):012d}", **operation}]},
        )
        assert answer.ok, answer.text()


def _ends_with(count: int) -> re.Pattern[str]:
    return re.compile(rf" of {count:,}\b")


def _answer_pixel(route: Route) -> None:
    route.fulfill(status=200, content_type="image/png", body=PIXEL)
