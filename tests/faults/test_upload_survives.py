"""The web server is killed in the middle of an upload; the page that sends goes on where it was."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Request, expect, sync_playwright

from datasets.paths import original_path
from tests import images
from tests.browser.conftest import CHROMIUM_ARGUMENTS, find_chromium
from tests.program import RunningProgram
from tests.servers import skip_without

pytestmark = [pytest.mark.fault, pytest.mark.browser]

CHUNK_BYTES = 4 * 1024 * 1024


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a browser of its own: other tests of this folder need no event loop."""
    program = find_chromium()
    skip_without(found=program, name="Chromium", package="chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield chromium.new_page()
        chromium.close()


class Sent:
    """Where the chunks began that the server answered."""

    def __init__(self, page: Page) -> None:
        self.answered: list[int] = []
        page.on("requestfinished", self._note)

    def _note(self, request: Request) -> None:
        if found := re.search(r"/content\?offset=(\d+)", request.url):
            self.answered.append(int(found[1]))


def large_picture(path: Path, size: int) -> str:
    """Write a picture with bytes behind its end up to a size, no two chunks alike; returns its SHA-256."""
    content = images.encoded(seed=size)
    noise = random.Random(size)
    with path.open("wb") as file:
        file.write(content)
        while missing := size - file.tell():
            file.write(noise.randbytes(min(missing, 10_000_000)))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def kill_web(program: RunningProgram) -> None:
    """Kill the web server; where nobody starts it again, end the rest of the program too."""
    for pid in program.children("daphne"):
        os.kill(pid, signal.SIGKILL)


def bring_back(program: RunningProgram) -> None:
    """Wait until the web server answers again; start the program anew where it ended."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert program.process is not None
        if program.process.poll() is not None:
            program.start()
            return
        try:
            httpx.get(program.url, timeout=2)
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(program.logs())


@pytest.mark.parametrize("size", [60_000_000, pytest.param(500_000_000, marks=pytest.mark.heavy)])
def test_a_killed_web_server_costs_at_most_one_chunk(page: Page, tmp_path: Path, size: int) -> None:
    picture = tmp_path / "large.jpg"
    sha256 = large_picture(picture, size)
    env = {"MAX_FILE_BYTES": str(size)}
    with RunningProgram(tmp_path / "data", "--port", str(free_port()), env=env) as program:
        page.goto(f"{program.url}/datasets/new/")
        page.get_by_label("Name").fill("Large")
        page.get_by_role("button", name="Create and add images").click()
        sent = Sent(page)
        page.locator("[data-pick-files]").first.set_input_files([picture])
        while not sent.answered or sent.answered[-1] < size // 2:
            page.wait_for_timeout(20)
        kill_web(program)
        assert sent.answered[-1] < size - 2 * CHUNK_BYTES, "The upload was over before the server was killed."
        bring_back(program)
        expect(page.get_by_role("heading", name="1 image added")).to_be_visible(timeout=120_000)

        chunks = -(-size // CHUNK_BYTES)
        assert sorted(set(sent.answered)) == list(range(0, size, CHUNK_BYTES))
        # One more was under way when the server died: nobody knows how much of it had arrived.
        assert len(sent.answered) <= chunks + 1
        stored = original_path(program.data_dir, sha256, "JPEG")
        assert hashlib.sha256(stored.read_bytes()).hexdigest() == sha256
        left = [path for path in program.data_dir.glob("incoming/**/*") if path.is_file()]
        assert [*left, *program.data_dir.glob("blobs/**/.new-*")] == []
