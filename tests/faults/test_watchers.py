"""Many people watch while others edit, and whatever is between them dies: in the end all see the same."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import statistics
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.program import resident_bytes
from tests import images
from tests.program import RunningProgram
from tests.watching import Editors, Watchers, new_client, revision_of

pytestmark = pytest.mark.fault

SECONDS_AFTER_WEB = 10.0
SECONDS_AFTER_BROKER = 15.0
SECONDS_AFTER_THE_LAST = 2.0
MOST_SECONDS_TO_HEAR = 1.0
MOST_BYTES_OF_WEB = 400_000_000
MOST_BYTES_OF_SILENCE = 5_000_000
SECONDS_TO_DROP = 30.0


def make_images(program: RunningProgram, folder: Path, count: int) -> tuple[int, list[int]]:
    """Import drawn pictures; returns the dataset and its images."""
    for seed in range(count):
        images.write(folder, f"{seed:03d}.jpg", seed=seed)
    done = program.manage("import_folder", str(folder), "--dataset", "Watched", "--wait", "--json")
    dataset = json.loads(done.stdout.splitlines()[-1])["dataset_id"]
    rows = httpx.get(f"{program.url}/api/v1/datasets/{dataset}/images?limit=500").json()["images"]
    return dataset, [row["id"] for row in rows]


def web_process(program: RunningProgram) -> int:
    [process_id] = program.children("daphne")
    return process_id


def wait_for_answer(client: httpx.Client, *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            client.get("/healthz").raise_for_status()
            return
        except httpx.HTTPError:
            assert time.monotonic() < end
            time.sleep(0.05)


def all_on_the_same(watchers: Watchers, client: httpx.Client, seconds: float) -> float:
    """Wait until every page has what is stored now; returns how long it took."""
    return watchers.wait_for(revision_of(client, watchers.dataset), seconds=seconds)


def kill_web(program: RunningProgram, client: httpx.Client) -> None:
    before = web_process(program)
    os.kill(before, signal.SIGKILL)
    while program.children("daphne") in ([], [before]):
        time.sleep(0.02)
    wait_for_answer(client)


def kill_broker(program: RunningProgram, client: httpx.Client) -> None:
    before = program.children("broker.sock")
    os.kill(before[0], signal.SIGKILL)
    while program.children("broker.sock") in ([], before):
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("count", "calm", "away", "patience"),
    [
        # The small one holds no time: other tests may run beside it.
        pytest.param(40, 1.0, 2.0, 6.0, id="small"),
        pytest.param(500, 15.0, 30.0, 1.0, id="large", marks=pytest.mark.heavy),
    ],
)
def test_everybody_sees_the_same_after_whatever_died(
    tmp_path: Path, count: int, calm: float, away: float, patience: float
) -> None:
    with RunningProgram(tmp_path / "data", "--workers", "1") as program, new_client(program.url) as client:
        dataset, image_ids = make_images(program, tmp_path / "pictures", 40)
        with Watchers(program.url, dataset, image_ids, count) as watchers:
            watchers.wait_for(1, seconds=60)
            took: dict[str, float] = {}
            with Editors(watchers, image_ids, rate=20) as editors:
                time.sleep(calm)
                watchers.is_timing = False
                most = resident_bytes(web_process(program))
                watchers.cut(0.1, away)
                time.sleep(away)
                took["cut"] = all_on_the_same(watchers, client, SECONDS_AFTER_WEB * patience)
                for name, kill, seconds in _deaths():
                    kill(program, client)
                    took[name] = all_on_the_same(watchers, client, seconds * patience)
                most = max(most, resident_bytes(web_process(program)))
            took["last"] = all_on_the_same(watchers, client, SECONDS_AFTER_THE_LAST * patience)
            # What a page asks for itself may still be on its way.
            end = time.monotonic() + SECONDS_AFTER_THE_LAST * patience
            while watchers.diverged(client) and time.monotonic() < end:
                time.sleep(0.1)
            assert watchers.diverged(client) == []
            stored = {image: set(_tags(client, image)) for image in image_ids}
        assert [word for word, image in editors.saved.items() if word not in stored[image]] == []
        p50, p95 = statistics.median(watchers.latencies), statistics.quantiles(watchers.latencies, n=20)[-1]
        said = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items())
        print(
            f"{count} pages, {len(editors.saved)} edits: heard after p50 {p50:.3f} s, "
            f"p95 {p95:.3f} s ({len(watchers.latencies)}); on the same revision after: {said}; web {most / 1e6:.0f} MB"
        )
        assert most <= MOST_BYTES_OF_WEB
        if patience == 1:
            assert p95 <= MOST_SECONDS_TO_HEAR


def _tags(client: httpx.Client, image: int) -> list[str]:
    return [tag["name"] for tag in client.get(f"/api/v1/images/{image}/tags").json()["tags"]]


def _deaths() -> list[tuple[str, Callable[[RunningProgram, httpx.Client], None], float]]:
    return [("web", kill_web, SECONDS_AFTER_WEB), ("broker", kill_broker, SECONDS_AFTER_BROKER)]


@pytest.mark.parametrize(
    ("people", "operations", "patience"),
    [
        pytest.param(2, 20, 6.0, id="small"),
        pytest.param(2, 500, 1.0, id="two", marks=pytest.mark.heavy),
        pytest.param(50, 20, 1.0, id="fifty", marks=pytest.mark.heavy),
    ],
)
def test_people_who_edit_one_image_at_once_all_see_the_same_in_the_end(
    tmp_path: Path, people: int, operations: int, patience: float
) -> None:
    with RunningProgram(tmp_path / "data", "--workers", "1") as program, new_client(program.url) as client:
        dataset, [image] = make_images(program, tmp_path / "pictures", 1)
        with Watchers(program.url, dataset, [image], people) as watchers:
            watchers.wait_for(1, seconds=30)
            threads = [
                threading.Thread(target=edit_at_random, args=(program.url, image, number, operations))
                for number in range(people)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            seconds = all_on_the_same(watchers, client, SECONDS_AFTER_THE_LAST * patience)
            assert watchers.diverged(client) == []
        stored = client.get(f"/api/v1/images/{image}/tags").json()
        # Each one's own tag was put there last, by them alone: nobody's edits undid it.
        assert {f"mine {number}" for number in range(people)} <= {tag["name"] for tag in stored["tags"]}
        # Each edit that changes something counts once: the own tags do, and of the others some.
        assert people < stored["revision"] <= people * (operations + 1)
        print(f"{people} people × {operations}: on the same revision {seconds:.2f} s after the last")


def edit_at_random(url: str, image: int, number: int, operations: int) -> None:
    """Add, remove, move and take back a few tags that all fight over, then add one of one's own."""
    chance = random.Random(number)
    names = [f"tag {n}" for n in range(12)]
    with new_client(url) as client:
        for turn in range(operations + 1):
            if turn < operations and chance.random() < 0.1:
                take_back_one(client, image, chance)
                continue
            edit: dict[str, Any] = {
                "kind": chance.choice(["add", "add", "remove", "move"]),
                "tag": chance.choice(names),
            }
            if edit["kind"] != "remove":
                edit["before"] = chance.choice([*names, None])
            if turn == operations:
                edit = {"kind": "add", "tag": f"mine {number}"}
            edit["key"] = str(uuid.uuid4())
            client.post(f"/api/v1/images/{image}/edits", json={"operations": [edit]}).raise_for_status()


def take_back_one(client: httpx.Client, image: int, chance: random.Random) -> None:
    """Take back one of the newest entries about the tags that all fight over; whose it was does not matter."""
    entries = client.get(f"/api/v1/images/{image}/history?limit=8").raise_for_status().json()["entries"]
    shared = [entry for entry in entries if all(tag["name"].startswith("tag ") for tag in entry["tags"])]
    if shared:
        asked = {"key": str(uuid.uuid4())}
        answer = client.post(f"/api/v1/changes/{chance.choice(shared)['id']}/undo", json=asked)
        # Somebody else was quicker, or there is nothing left of it.
        assert answer.status_code in {200, 409}, answer.text


class Silence:
    """An open desk that reads nothing after the handshake."""

    def __init__(self, program: RunningProgram, dataset: int) -> None:
        self.link = socket.socket()
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.link.connect(("127.0.0.1", program.port))
        self.port = self.link.getsockname()[1]
        tab = "00000000-0000-4000-8000-000000000001"
        self.link.sendall(
            f"GET /ws/datasets/{dataset}/desk/?tab={tab}&since=0 HTTP/1.1\r\nHost: 127.0.0.1:{program.port}\r\n"
            f"Origin: {program.url}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        assert b"101" in self.link.recv(12)

    def is_dropped(self, process_id: int) -> bool:
        """Whether the server has no such connection any more: what the kernel still holds is nobody's."""
        held = set()
        for descriptor in Path(f"/proc/{process_id}/fd").iterdir():
            with suppress(FileNotFoundError):
                held.add(str(descriptor.readlink()))
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            parts = line.split()
            if int(parts[2].rpartition(":")[2], 16) == self.port:
                return f"socket:[{parts[9]}]" not in held
        return True


@pytest.mark.heavy
def test_a_page_that_reads_nothing_costs_little_and_is_dropped(tmp_path: Path) -> None:
    with RunningProgram(tmp_path / "data", "--workers", "1") as program, new_client(program.url) as client:
        dataset, image_ids = make_images(program, tmp_path / "pictures", 15)
        web = web_process(program)

        def write_captions(round_: int) -> None:
            for image in image_ids:
                edit = {"key": f"{round_:08d}-0000-4000-8000-{image:012d}", "kind": "caption", "version": round_}
                edit["text"] = f"{round_} " + "x" * 19_000
                client.post(f"/api/v1/images/{image}/edits", json={"operations": [edit]}).raise_for_status()

        # The process has done all of it once before it is weighed.
        with Watchers(program.url, dataset, image_ids, 1) as watchers:
            write_captions(0)
            all_on_the_same(watchers, client, 10)
        before = resident_bytes(web)
        silent = Silence(program, dataset)
        begin = time.monotonic()
        most, round_ = before, 1
        while not silent.is_dropped(web):
            assert time.monotonic() - begin < SECONDS_TO_DROP, "It is still held."
            if time.monotonic() - begin < 12:
                write_captions(round_)
                round_ += 1
            most = max(most, resident_bytes(web))
            time.sleep(0.1)
        sent = round_ * len(image_ids) * 19_000
        print(f"costs {(most - before) / 1e6:.1f} MB of {sent / 1e6:.0f}; gone after {time.monotonic() - begin:.1f} s")
        assert most - before <= MOST_BYTES_OF_SILENCE
