"""An import of the running program that something is done to, and what has to hold afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests import images
from tests.program import RunningProgram

_DRAWN = 12


def write_pictures(folder: Path, count: int, *, width: int, height: int) -> Path:
    """A folder of pictures `0000.jpg`, `0001.jpg`, … no two of which have the same bytes."""
    folder.mkdir()
    drawn = [images.encoded(width=width, height=height, seed=seed) for seed in range(min(count, _DRAWN))]
    for number in range(count):
        (folder / f"{number:04d}.jpg").write_bytes(numbered(drawn[number % _DRAWN], number))
    return folder


def numbered(jpeg: bytes, number: int) -> bytes:
    """The same picture with other bytes: a number stands in a comment."""
    comment = f"{number:08d}".encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + jpeg[2:]


class Import:
    """The only import of a program, of a folder of `write_pictures`."""

    def __init__(self, program: RunningProgram, pictures: int) -> None:
        self.program = program
        self.pictures = pictures

    def progress(self) -> dict[str, int | str]:
        """Where it stands; nothing while it does not."""
        try:
            answer = httpx.get(f"{self.program.url}/api/v1/imports/1", timeout=30)
        except httpx.TransportError:
            return {}
        found: dict[str, int | str] = answer.json() if answer.status_code == httpx.codes.OK else {}
        return found

    def number(self, what: str) -> int:
        """One number of it."""
        return int(self.progress().get(what, 0))

    def wait_until(self, what: str, least: int, *, seconds: float) -> float:
        """Wait until a number is reached; returns the seconds that took."""
        begin = time.monotonic()
        while self.number(what) < least:
            waited = time.monotonic() - begin
            assert waited < seconds, f"{self.progress()}\n{self.program.output}\n{self.program.logs()}"
            time.sleep(0.1)
        return time.monotonic() - begin

    def wait_until_finished(self, *, seconds: float = 30) -> None:
        """Wait until it says that it is done: a moment after its last file, or with the next sweep."""
        begin = time.monotonic()
        while self.progress().get("state") != "DONE":
            assert time.monotonic() - begin < seconds, f"{self.progress()}\n{self.program.logs()}"
            time.sleep(0.1)

    def assert_all_there_once(self, *, besides: Sequence[str] = ()) -> None:
        """Every picture is an image, in order; nothing is there twice, half, or left behind.

        Args:
            besides: the images that came after it from elsewhere.
        """
        end = self.progress()
        ended_otherwise = httpx.get(f"{self.program.url}/api/v1/imports/1/items?state=FAILED&state=DUPLICATE").json()
        assert (end["ready"], ended_otherwise["items"]) == (self.pictures, []), self.program.logs()
        assert self.image_names() == [*(f"{number:04d}.jpg" for number in range(self.pictures)), *besides]
        data_dir = self.program.data_dir
        stored = [path for path in data_dir.glob("blobs/**/[!.]*") if path.is_file()]
        assert len(stored) == 3 * (self.pictures + len(besides))
        # Who dies after a picture's row was committed leaves its part file to the hourly sweep.
        sweep = "from datasets.services.sweeping import remove_leftovers; remove_leftovers()"
        self.program.manage("shell", "-c", sweep)
        assert not list(data_dir.glob("incoming/**/*.part"))
        self.program.manage("verify")  # fails where it finds anything

    def image_names(self) -> list[str]:
        """The names of the dataset's images, in order."""
        names, after = [], 0
        while True:
            page = httpx.get(f"{self.program.url}/api/v1/datasets/1/images?limit=500&after={after}", timeout=30).json()
            names += [image["name"] for image in page["images"]]
            if page["next"] is None:
                return names
            after = page["next"]


@contextmanager
def importing(program: RunningProgram, folder: Path) -> Iterator[Future[None]]:
    """Import a folder beside the body; leaves when the command has handed everything over, or fails as it does."""
    with ThreadPoolExecutor(1) as pool:
        command = pool.submit(lambda: _import_folder(program, folder))
        yield command
        command.result()


def _import_folder(program: RunningProgram, folder: Path) -> None:
    program.manage("import_folder", str(folder), "--dataset", "Survivors")
