"""Pages and small API calls: daphne alone against a server with threads beside daphne, behind the same proxy.

    python -m bench.serving [--seconds 6 --connections 32 --images 2000 --rounds 2 --also "granian …"]

The topology of docker-compose.yml runs from this machine's packages (PostgreSQL, Redis or Valkey, nginx), open mode,
two web processes in every variant but daphne alone, which is one process and cannot be two on one port. Each variant
gets the same questions in turn, round after round, in one run; printed are requests a second, p95, time of a core a
request and memory of the processes that answer, and ratios to daphne alone. Absolute figures are of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shlex
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.program import ROOT, resident_bytes
from bench.raw_client import Connection, percentile
from tests.topology import WEBSITES, Topology, running

CHUNK = 4 * 1024 * 1024
Question = Callable[[], tuple[str, str, bytes]]


@dataclass
class Variant:
    """One way to serve.

    Attributes:
        title: in the table.
        names: the processes that answer pages.
        command: of each, with its port as `{port}`; empty for the compose file's own.
    """

    title: str
    names: tuple[str, ...]
    command: str = ""


@dataclass
class Measured:
    """What one variant did with one question, over all rounds."""

    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    cpu: float = 0.0
    memory: list[int] = field(default_factory=list)


def manage(topology: Topology, code: str) -> str:
    """Run a piece of program beside it; returns its last line."""
    done = topology.run("web", ["python", "manage.py", "shell", "--verbosity", "0", "-c", code])
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return done.stdout.strip().rpartition("\n")[2]


def make_dataset(topology: Topology, images: int) -> tuple[int, list[int]]:
    """Make a dataset of rows without files; returns its number and some of its images."""
    # The image has no tests inside.
    source = (ROOT / "tests" / "many_images.py").read_text(encoding="utf-8")
    code = f"namespace = {{'__name__': 'many'}}\nexec({source!r}, namespace)\nimport json\n" + (
        f"number = namespace['make']('Many', {images})\n"
        "from datasets.models import Image\n"
        "print(json.dumps([number, list(Image.objects.filter(dataset=number).values_list('pk', flat=True)[:500])]))"
    )
    number, ids = json.loads(manage(topology, code))
    return number, ids


def questions(dataset: int, images: list[int]) -> dict[str, Question]:
    """What is asked, smallest first."""
    turn = iter(range(10**9))

    def edit() -> tuple[str, str, bytes]:
        number = next(turn)
        operation = {"key": str(uuid.uuid4()), "kind": "add", "tag": f"word {number % 40:03d}", "before": None}
        body = json.dumps({"operations": [operation]}).encode()
        return "POST", f"/api/v1/images/{images[number % len(images)]}/edits", body

    return {
        "/healthz": lambda: ("GET", "/healthz", b""),
        "one image": lambda: ("GET", f"/api/v1/images/{images[next(turn) % len(images)]}", b""),
        "100 images": lambda: ("GET", f"/api/v1/datasets/{dataset}/images?limit=100", b""),
        "page of datasets": lambda: ("GET", "/", b""),
        "page of a dataset": lambda: ("GET", f"/datasets/{dataset}/", b""),
        "save of a tag": edit,
    }


async def writing_connection(port: int) -> Connection:
    """A connection whose requests may write."""
    connection = Connection(port)
    page = await connection.send("GET", "/datasets/new/")
    token = re.search(r"csrftoken=(\w+)", page.headers.get("set-cookie", ""))
    if token is None:
        raise RuntimeError(f"The page answered {page.status} and brought no token.")
    address = f"http://127.0.0.1:{port}"
    connection.headers = {"Cookie": f"csrftoken={token[1]}", "X-CSRFToken": token[1], "Origin": address}
    return connection


async def press(port: int, question: Question, connections: int, seconds: float) -> tuple[float, list[float], int]:
    """Ask without a pause over many connections; returns requests a second, seconds of each, and errors."""
    first = await writing_connection(port)
    others = [Connection(port, first.headers) for _ in range(connections)]
    took: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def ask(connection: Connection) -> None:
        nonlocal errors
        while time.perf_counter() < end:
            answer = await connection.send(*question())
            took.append(answer.seconds)
            errors += answer.status != 200

    begin = time.perf_counter()
    await asyncio.gather(*map(ask, others))
    rate = len(took) / (time.perf_counter() - begin)
    for connection in (first, *others):
        connection.close()
    return rate, took, errors


async def bring_chunks(port: int, dataset: int, files: int) -> tuple[float, list[float], int]:
    """Send files of one chunk each over four connections; returns megabytes a second, seconds of each, and errors."""
    first = await writing_connection(port)
    job = (await first.send("POST", f"/api/v1/datasets/{dataset}/imports")).json()["id"]
    told = [{"name": f"{number}.jpg", "folder": "", "size": CHUNK} for number in range(files)]
    made = await first.send("POST", f"/api/v1/imports/{job}/items", json.dumps({"files": told}).encode())
    left = [item["id"] for item in made.json()["items"]]
    took: list[float] = []
    errors, content, begin = 0, bytes(CHUNK), time.perf_counter()

    async def bring() -> None:
        nonlocal errors
        connection = Connection(port, first.headers)
        while left:
            path = f"/api/v1/imports/{job}/items/{left.pop()}/content?offset=0"
            answer = await connection.send("PUT", path, content, "application/octet-stream")
            took.append(answer.seconds)
            errors += answer.status != 200
        connection.close()

    await asyncio.gather(*(bring() for _ in range(4)))
    return files * CHUNK / 1e6 / (time.perf_counter() - begin), took, errors


def family(process_id: int) -> Iterator[int]:
    """A process and all below it."""
    yield process_id
    for task in Path(f"/proc/{process_id}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from family(int(child))


def memory_of(topology: Topology, names: tuple[str, ...]) -> int:
    """Bytes that these processes hold, children included."""
    return sum(resident_bytes(each) for name in names for each in family(topology.processes[name].pid))


def cpu_of(topology: Topology, names: tuple[str, ...]) -> float:
    """Seconds of a core that these processes have used, children included."""
    ticks = 0
    for name in names:
        for each in family(topology.processes[name].pid):
            ticks += sum(map(int, Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def switch_to(topology: Topology, variant: Variant) -> None:
    """Let the proxy send pages to this variant's processes, started anew; the sockets stay with daphne."""
    for name in (*WEBSITES, "proxy"):
        if name in topology.processes:
            topology.processes[name].terminate()
            topology.processes[name].wait(30)
    if variant.names == WEBSITES:
        for name in WEBSITES:
            port = topology.ports[name]
            command = shlex.split(variant.command.format(port=port)) if variant.command else topology.command(name)
            topology.start(name, command)
            topology.wait_healthy(name)
    else:
        topology.restart("sockets")
    kept = dict(topology.ports)
    for name in WEBSITES:
        topology.ports[name] = kept[variant.names[0] if len(variant.names) == 1 else name]
    topology.start_proxy()
    topology.ports = kept


def measure(topology: Topology, variants: list[Variant], options: argparse.Namespace) -> dict[str, list[Measured]]:
    """Ask every variant everything, round after round."""
    dataset, images = make_dataset(topology, options.images)
    asked = questions(dataset, images)
    found = {title: [Measured() for _ in variants] for title in (*asked, "chunks, MB/s")}
    for _ in range(options.rounds):
        for place, variant in enumerate(variants):
            switch_to(topology, variant)
            for title in found:
                if title in asked:
                    work = press(topology.port, asked[title], options.connections, options.seconds)
                else:
                    work = bring_chunks(topology.port, dataset, options.chunks)
                used = cpu_of(topology, variant.names)
                rate, took, errors = asyncio.run(work)
                into = found[title][place]
                into.cpu += cpu_of(topology, variant.names) - used
                into.rates.append(rate)
                into.seconds += took
                into.errors += errors
                into.memory.append(memory_of(topology, variant.names))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--chunks", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--also", action="append", default=[], help="another server's command, its port as {port}")
    options = parser.parse_args()
    variants = [Variant("daphne alone", ("sockets",)), Variant("the compose file's", WEBSITES)]
    variants += [Variant(Path(command.split()[0]).name, WEBSITES, command) for command in options.also]
    with running({"AUTH_MODE": "open"}) as topology:
        found = measure(topology, variants, options)
    for title, row in found.items():
        base = statistics.mean(row[0].rates)
        print(f"\n{title}")
        for variant, measured in zip(variants, row, strict=True):
            rate, p95 = statistics.mean(measured.rates), percentile(measured.seconds, 0.95) * 1000
            print(
                f"  {variant.title:20} {rate:8.1f}/s  ×{rate / base:5.2f}  p95 {p95:7.1f} ms  "
                f"{measured.cpu / len(measured.seconds) * 1000:6.1f} ms of a core each  "
                f"{max(measured.memory) / 1e6:6.0f} MB  {measured.errors} errors"
            )


if __name__ == "__main__":
    main()
