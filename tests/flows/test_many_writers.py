"""Many people save tags while pictures come in, all in one SQLite file: nobody is told that it is locked."""

from __future__ import annotations

import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.person import Person
from tests.program import RunningProgram
from tests.survival import Import, importing, write_pictures

pytestmark = pytest.mark.flow

LONGEST_SECONDS = 5.0
_LOCKED = re.compile(r"database (?:table )?is locked|database is busy", re.IGNORECASE)


@dataclass
class Writer:
    """Somebody who saves one tag after the other.

    Attributes:
        seconds: how long each save took.
        refused: answers other than “saved”; nothing is sent again.
    """

    url: str
    image: int
    number: int
    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def work(self, saves: int) -> None:
        """Save so many tags."""
        with httpx.Client(base_url=self.url, timeout=60, headers={"Referer": self.url}) as client:
            client.get("/datasets/new/")
            client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
            for turn in range(saves):
                edit = {"key": str(uuid.uuid4()), "kind": "add", "tag": f"writer {self.number} save {turn}"}
                begin = time.monotonic()
                try:
                    answer = client.post(f"/api/v1/images/{self.image}/edits", json={"operations": [edit]})
                except httpx.HTTPError as error:
                    self.refused.append(repr(error))
                    continue
                self.seconds.append(time.monotonic() - begin)
                if answer.status_code != httpx.codes.OK:
                    self.refused.append(f"{answer.status_code} {answer.text[:200]}")


@pytest.mark.parametrize(
    ("writers", "saves", "pictures"),
    [pytest.param(16, 10, 60, id="small"), pytest.param(16, 150, 1500, id="large", marks=pytest.mark.heavy)],
)
def test_sixteen_writers_and_an_import_share_one_file(tmp_path: Path, writers: int, saves: int, pictures: int) -> None:
    images_each = 4
    folder = write_pictures(tmp_path / "pictures", pictures, width=640, height=480)
    with RunningProgram(tmp_path / "data", "--workers", "2") as program:
        survivors = Import(program, pictures)
        with importing(program, folder):
            survivors.wait_until("ready", images_each, seconds=120)
            person = Person(program)
            rows = person.get(f"/api/v1/datasets/1/images?limit={images_each}").json()["images"]
            # Four people an image: they wait for each other's words, and all for the one file.
            people = [Writer(program.url, rows[number % images_each]["id"], number) for number in range(writers)]
            threads = [threading.Thread(target=writer.work, args=(saves,), daemon=True) for writer in people]
            for thread in threads:
                thread.start()
            was_importing = survivors.number("done") < pictures
            for thread in threads:
                thread.join(280)
        assert was_importing, "it was over before anybody wrote"
        assert [answer for writer in people for answer in writer.refused] == []
        assert _LOCKED.findall(program.logs()) == []
        survivors.wait_until("done", pictures, seconds=120)
        survivors.wait_until_finished()
        stored = {row["id"]: set(person.tags(row["id"])) for row in rows}
        for writer in people:
            mine = {f"writer {writer.number} save {turn}" for turn in range(saves)}
            assert mine <= stored[writer.image]
        survivors.assert_all_there_once()
        seconds = sorted(second for writer in people for second in writer.seconds)
        p99 = seconds[int(len(seconds) * 0.99)]
        print(f"{len(seconds)} saves: p50 {seconds[len(seconds) // 2]:.3f} s, p99 {p99:.3f} s, max {seconds[-1]:.3f} s")
        if saves >= 150:
            assert p99 <= LONGEST_SECONDS
