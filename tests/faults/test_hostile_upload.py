"""Hostile pictures through the real upload: each is taken or refused with a reason, and nobody else notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from datasets.paths import incoming_path
from datasets.reasons import Reason
from tagger_project.env import BASE_DIR
from tests import images
from tests.program import RunningProgram

pytestmark = pytest.mark.fault

MAKER = BASE_DIR.parent / "shared" / "tools" / "make_hostile.py"
MOST_BYTES = 512 * 1024**2
CHUNK_BYTES = 4 * 1024**2
ENDS = {"READY", "DUPLICATE", "SKIPPED", "FAILED"}


def upload(program: RunningProgram, paths: list[Path], *, seconds: float) -> list[dict[str, Any]]:
    """Send files as a page does, four at a time, and wait until each has its end; any answer of 500 is a failure."""
    with httpx.Client(base_url=program.url, timeout=60, headers={"Referer": program.url}) as client:
        client.get("/datasets/new/").raise_for_status()
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        dataset = client.post("/api/v1/datasets", json={"name": "Hostile"}).raise_for_status().json()["id"]
        job = client.post(f"/api/v1/datasets/{dataset}/imports").raise_for_status().json()["id"]
        files = [{"name": path.name, "folder": "", "size": path.stat().st_size} for path in paths]
        announced = client.post(f"/api/v1/imports/{job}/items", json={"files": files}).raise_for_status()

        def send(item: dict[str, Any], path: Path) -> None:
            content = path.read_bytes()
            for offset in range(0, len(content), CHUNK_BYTES):
                client.put(
                    f"/api/v1/imports/{job}/items/{item['id']}/content?offset={offset}",
                    content=content[offset : offset + CHUNK_BYTES],
                    headers={"Content-Type": "application/octet-stream"},
                ).raise_for_status()

        items = announced.json()["items"]
        with ThreadPoolExecutor(4) as senders:
            sent = [
                senders.submit(send, item, path)
                for item, path in zip(items, paths, strict=True)
                if item["state"] == "WAITING"
            ]
            for one in sent:
                one.result()
        client.post(f"/api/v1/imports/{job}/seal").raise_for_status()
        end = time.monotonic() + seconds
        while client.get(f"/api/v1/imports/{job}").raise_for_status().json()["state"] != "DONE":
            assert time.monotonic() < end, program.logs()
            time.sleep(0.1)
        return list(_items(client, job))


def _items(client: httpx.Client, job: int) -> Iterator[dict[str, Any]]:
    after: int | None = 0
    while after is not None:
        page = client.get(f"/api/v1/imports/{job}/items?limit=500&after={after}").raise_for_status().json()
        yield from page["items"]
        after = page["next"]


def workers(program: RunningProgram) -> list[int]:
    """Celery's processes: the clock, the worker, and two of its own."""
    end = time.monotonic() + 20
    while len(found := program.children("celery")) < 4 and time.monotonic() < end:
        time.sleep(0.1)  # the worker is ready a moment before its processes are
    return found


def decoders(program: RunningProgram) -> list[int]:
    """The processes that decode."""
    return program.children("datasets.decoder_process")


class Watch(threading.Thread):
    """Looks at the decoders every few milliseconds while something else happens.

    Attributes:
        most_bytes: the most that any of them held at once.
        killed: those that it ended because they had the poison open.
    """

    def __init__(self, program: RunningProgram, poison_ends_with: str = "") -> None:
        super().__init__()
        self.most_bytes = 0
        self.killed: list[int] = []
        self._program = program
        self._poison = poison_ends_with
        self._over = threading.Event()

    def run(self) -> None:
        """Look until it is over."""
        known: list[int] = []
        looked = 0.0
        while not self._over.wait(0.01):
            if time.monotonic() - looked > 0.1:  # going through all processes takes a moment
                known, looked = decoders(self._program), time.monotonic()
            for pid in known:
                with suppress(OSError, ValueError, IndexError):
                    self._look_at(pid)

    def stop(self) -> None:
        """End it."""
        self._over.set()
        self.join()

    def _look_at(self, pid: int) -> None:
        status = Path(f"/proc/{pid}/status").read_text()
        self.most_bytes = max(self.most_bytes, int(status.partition("VmHWM:")[2].split()[0]) * 1024)
        if self._poison and pid not in self.killed and self._has_open(pid):
            os.kill(pid, signal.SIGKILL)
            self.killed.append(pid)

    def _has_open(self, pid: int) -> bool:
        return any(str(link.readlink()).endswith(self._poison) for link in Path(f"/proc/{pid}/fd").iterdir())


@contextmanager
def watching(program: RunningProgram, poison_ends_with: str = "") -> Iterator[Watch]:
    """Watch the decoders during the body."""
    watch = Watch(program, poison_ends_with)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def assert_each_has_its_end(items: list[dict[str, Any]]) -> None:
    """Each file is an image, or there is a reason that people and programs can read."""
    for item in items:
        assert item["state"] in ENDS, item
        if item["state"] == "FAILED":
            assert item["reason_code"] in Reason.values, item
            assert item["reason_code"] not in {Reason.CRASHED, Reason.NOT_STORED, Reason.WORKERS_DIED}, item
            assert item["reason"], item


def assert_nothing_died(program: RunningProgram, before: list[int], watch: Watch) -> None:
    """The workers are those of the start, no decoder ended over a picture, and none held more than it may."""
    assert workers(program) == before
    assert "The decoder ended" not in program.logs()
    assert 0 < watch.most_bytes <= MOST_BYTES


def write_hostile(folder: Path) -> list[Path]:
    """A dozen hostile pictures that are quickly drawn."""
    folder.mkdir()
    whole = images.encoded("PNG", width=900, height=700)
    jpeg = images.encoded("JPEG", width=900, height=700, progressive=True)
    contents = {
        "cut.png": whole[: len(whole) // 2],
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "flipped.png": whole[:5000] + bytes([whole[5000] ^ 255]) + whole[5001:],
        "page.jpg": b"<!DOCTYPE html><script>alert(1)</script>",
        "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "start.webp": b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\0\0\0" + b"\xff" * 40,
        "start.avif": b"\0\0\0\x20ftypavif" + b"\xff" * 4000,
        "both.gif": images.encoded("GIF") + b"PK\x03\x04<script>alert(1)</script>",
        "broken.tiff": images.encoded("TIFF", compression="tiff_lzw")[:-3000],
        "odd.bmp": images.encoded("BMP")[:18] + b"\xff\xff\xff\x7f" * 2 + bytes(64),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    images.write_claim(folder, "bomb.png", 60_000, 60_000)
    images.write_clear(folder, "89 million.png", 9_440, 9_440)
    images.write_clear(folder, "79 million.png", 8_900, 8_900)
    Image.new("CMYK", (6000, 5000), (9, 90, 0, 30)).save(folder / "progressive.jpg", progressive=True)
    return sorted(folder.iterdir())


def test_a_dozen_hostile_pictures_end_nothing(tmp_path: Path) -> None:
    paths = write_hostile(tmp_path / "hostile")
    paths.append(images.write(tmp_path, "last good.jpg"))
    with RunningProgram(tmp_path / "data", env={"WORKERS": "2"}) as program:
        before = workers(program)
        with watching(program) as watch:
            items = upload(program, paths, seconds=60)
        assert_each_has_its_end(items)
        assert_nothing_died(program, before, watch)
    ends = {item["name"]: item["reason_code"] or item["state"] for item in items}
    assert ends["89 million.png"] == ends["bomb.png"] == "TOO_MANY_PIXELS"
    assert ends["79 million.png"] == ends["progressive.jpg"] == ends["last good.jpg"] == "READY"
    assert ends["cut.png"] == ends["cut.jpg"] == ends["flipped.png"] == "DAMAGED"
    assert ends["page.jpg"] == ends["drawing.png"] == "NOT_AN_IMAGE"


@pytest.mark.skipif(not MAKER.is_file(), reason="the tool that makes hostile pictures is not beside this project")
@pytest.mark.heavy
def test_hundreds_of_hostile_pictures_end_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    subprocess.run([sys.executable, str(MAKER), "images", str(folder)], check=True, capture_output=True, timeout=120)
    paths = sorted(folder.iterdir())
    with RunningProgram(tmp_path / "data", env={"WORKERS": "2"}) as program:
        before = workers(program)
        with watching(program) as watch:
            items = upload(program, paths, seconds=240)
        assert len(items) == len(paths) > 500
        assert_each_has_its_end(items)
        assert_nothing_died(program, before, watch)


def test_poison_among_a_hundred_good_pictures_is_given_up_alone(tmp_path: Path) -> None:
    """Whichever decoder opens the poison is killed: three times, and then nobody tries again."""
    folder = tmp_path / "pictures"
    paths = [images.write(folder, f"{number:03d}.jpg", seed=number, quality=90) for number in range(100)]
    paths.insert(40, images.write_clear(folder, "poison.png", 8_000, 8_000))
    with RunningProgram(tmp_path / "data", env={"WORKERS": "2"}) as program:
        before = workers(program)
        poison = incoming_path(program.data_dir, 41)  # the 41st file that this program hears of
        with watching(program, str(poison.relative_to(program.data_dir))) as watch:
            began = time.monotonic()
            items = upload(program, paths, seconds=60)
            took = time.monotonic() - began
        assert workers(program) == before
        ends = {item["name"]: item["reason_code"] or item["state"] for item in items}
        assert ends.pop("poison.png") == Reason.CRASHED
        assert set(ends.values()) == {"READY"}
        assert len(ends) == 100
        assert len(watch.killed) == 3
        assert took <= 60
