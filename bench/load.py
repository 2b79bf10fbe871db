"""Fifty people tag one dataset at once, on the topology of docker-compose.yml.

    python -m bench.load [--people 50 --images 20000 --seconds 60 --worker 4]

Everything runs from this machine's packages (PostgreSQL, Redis or Valkey, nginx, two websites, the sockets, workers) in
open mode, from rows without files. Each person has a browser's connection and an open socket of the desk, goes from
image to image, reads it as the desk does and adds or takes away tags. Two ways, in one run:

* as people do: about two seconds between two edits and five edits an image;
* without a pause, which shows what the topology carries.

Printed are median, p95 and p99 of a save and of the next image, what the sockets heard, and errors, of which there
must be none: the program ends with 1 where there is one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from bench.raw_client import Connection, percentile
from bench.serving import make_dataset, memory_of, writing_connection
from tests.topology import WEBSITES, Topology, running

PAUSE_SECONDS = 2.0
EDITS_AN_IMAGE = 5


@dataclass
class Seen:
    """What all people together saw."""

    saves: list[float] = field(default_factory=list)
    images: list[float] = field(default_factory=list)
    heard: int = 0
    sockets_lost: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass
class Person:
    """One person at a desk."""

    port: int
    dataset: int
    images: list[int]
    headers: dict[str, str]
    chance: random.Random
    seen: Seen
    pause: float

    async def work(self, end: float) -> None:
        """Go from image to image until the end."""
        connection = Connection(self.port, self.headers)
        await asyncio.sleep(self.chance.random() * self.pause)
        at = self.chance.randrange(len(self.images))
        while time.monotonic() < end:
            image = self.images[at % len(self.images)]
            answer = await connection.send("GET", f"/api/v1/images/{image}/desk")
            self._note(answer.status, answer.seconds, self.seen.images, "next image")
            for _ in range(EDITS_AN_IMAGE):
                if self.pause:
                    await asyncio.sleep(self.chance.expovariate(1 / self.pause))
                if time.monotonic() >= end:
                    break
                answer = await connection.send("POST", f"/api/v1/images/{image}/edits", self._edit())
                self._note(answer.status, answer.seconds, self.seen.saves, "save")
            at += 1
        connection.close()

    async def listen(self) -> None:
        """Hear what others do, and say so, as a page does."""
        address = f"ws://127.0.0.1:{self.port}/ws/datasets/{self.dataset}/desk/?tab={uuid.uuid4()}"
        origin = Origin(f"http://127.0.0.1:{self.port}")
        try:
            async with connect(address, origin=origin, proxy=None, open_timeout=30, max_size=None) as socket:
                count = 0
                async for _ in socket:
                    count += 1
                    self.seen.heard += 1
                    if count % 4 == 0:
                        await socket.send(json.dumps({"seen": count}))
        except (OSError, ConnectionClosed, TimeoutError) as error:
            self.seen.errors.append(f"socket: {error}")
        self.seen.sockets_lost += 1

    def _edit(self) -> bytes:
        kind = "add" if self.chance.random() < 0.7 else "remove"
        operation = {"key": str(uuid.uuid4()), "kind": kind, "tag": f"word {self.chance.randrange(40):03d}"}
        return json.dumps({"operations": [operation]}).encode()

    def _note(self, status: int, seconds: float, into: list[float], what: str) -> None:
        into.append(seconds)
        if status != 200:
            self.seen.errors.append(f"{what}: {status}")


async def tag_together(port: int, dataset: int, images: list[int], options: argparse.Namespace, pause: float) -> Seen:
    """Let all people work for a while."""
    first = await writing_connection(port)
    seen = Seen()
    people = [
        Person(port, dataset, images, first.headers, random.Random(number), seen, pause)
        for number in range(options.people)
    ]
    listening = [asyncio.create_task(person.listen()) for person in people]
    await asyncio.sleep(2)
    end = time.monotonic() + options.seconds
    await asyncio.gather(*(person.work(end) for person in people))
    for task in listening:
        task.cancel()
    for task in listening:
        with suppress(asyncio.CancelledError):
            await task
    first.close()
    return seen


def say(title: str, seen: Seen, seconds: float) -> None:
    """Print what was seen."""
    print(f"\n{title}")
    for what, values in (("save", seen.saves), ("next image", seen.images)):
        if values:
            told = [statistics.median(values), percentile(values, 0.95), percentile(values, 0.99)]
            median, p95, p99 = (value * 1000 for value in told)
            rate = len(values) / seconds
            print(f"  {what:11} {rate:7.1f}/s  median {median:6.0f} ms  p95 {p95:6.0f} ms  p99 {p99:6.0f} ms")
    print(f"  sockets heard {seen.heard} messages, {seen.sockets_lost} were lost; {len(seen.errors)} errors")
    for error in sorted(set(seen.errors))[:5]:
        print(f"    {seen.errors.count(error)} × {error}")


def start_more_workers(topology: Topology, count: int) -> None:
    """As `--scale worker=COUNT` does: containers have names of their own, here the command says them."""
    for number in range(2, count + 1):
        name = f"worker-{number}"
        topology.start(name, [*topology.command(name), "--hostname", f"{name}@%h"])


def main() -> int:
    """Measure and print; 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--worker", type=int, default=4)
    options = parser.parse_args()
    failed: list[Any] = []
    with running({"AUTH_MODE": "open"}) as topology:
        start_more_workers(topology, options.worker)
        dataset, images = make_dataset(topology, options.images)
        for title, pause in (("As people do", PAUSE_SECONDS), ("Without a pause", 0.0)):
            seen = asyncio.run(tag_together(topology.port, dataset, images, options, pause))
            say(f"{title}: {options.people} people, {options.images} images", seen, options.seconds)
            failed += seen.errors
        print(f"\n  websites {memory_of(topology, WEBSITES) / 1e6:.0f} MB, ", end="")
        print(f"sockets {memory_of(topology, ('sockets',)) / 1e6:.0f} MB")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
