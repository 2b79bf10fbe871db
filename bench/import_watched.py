"""What open pages cost an import: the same import with nobody watching and with many sockets.

    python -m bench.import_watched [--count 2000 --pages 50 --rounds 3 --megapixels 0.3]

In each round, one after the other: an import by command unwatched, then one that `pages` sockets follow.
Printed are the seconds of both, their ratio, and how many messages a page got a second. The sockets are
read by a process of their own, which takes part of the same cores: what it costs is in the ratio, too.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import websockets

from bench.pictures import make_pictures
from bench.program import ROOT, Program, running_program


def watch(addresses: list[tuple[str, str]], ended: Event, told: Any) -> None:
    """Hold the sockets open and count what they hear, until the end."""

    async def all_of_them() -> float:
        heard = [0]
        listeners = [asyncio.create_task(_listen_at(origin, path, ended, heard)) for origin, path in addresses]
        began = time.monotonic()
        await asyncio.gather(*listeners)
        return heard[0] / len(addresses) / (time.monotonic() - began)

    told.put(asyncio.run(all_of_them()))


async def _listen_at(origin: str, path: str, ended: Event, heard: list[int]) -> None:
    socket_address = origin.replace("http", "ws", 1) + path
    sent_origin: Any = origin
    async with websockets.connect(socket_address, origin=sent_origin) as socket:
        while not ended.is_set():
            try:
                await asyncio.wait_for(socket.recv(), 0.5)
                heard[0] += 1
            except TimeoutError:
                continue
            except websockets.ConnectionClosed:
                return


def time_import(program: Program, folder: Path, name: str, pages: int) -> tuple[float, float]:
    """Return the seconds of an import and the messages a second that each page heard."""
    command = [sys.executable, "manage.py", "import_folder", str(folder), "--dataset", name, "--wait", "--json"]
    with subprocess.Popen(command, cwd=ROOT, env=program.environment, stdout=subprocess.PIPE, text=True) as importing:
        job_id = _wait_for_import(program, name)
        addresses = [(program.address, f"/ws/imports/{job_id}/")] * pages
        context = multiprocessing.get_context("spawn")
        ended, told = context.Event(), context.Queue()
        watcher = context.Process(target=watch, args=(addresses, ended, told)) if pages else None
        if watcher:
            watcher.start()
        importing.communicate()
    rate = 0.0
    if watcher:
        ended.set()
        rate = told.get(timeout=20)
        watcher.join(20)
    return program.seconds_of_import(job_id), rate


def _wait_for_import(program: Program, name: str) -> int:
    query = "SELECT max(j.id) FROM datasets_importjob j JOIN datasets_dataset d ON d.id = j.dataset_id WHERE d.name = ?"
    while True:
        with sqlite3.connect(f"file:{program.data_dir / 'db.sqlite3'}?mode=ro", uri=True) as database:
            (job_id,) = database.execute(query, [name]).fetchone()
        if job_id is not None:
            return int(job_id)
        time.sleep(0.05)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megapixels", type=float, default=0.3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory(prefix="bench-pictures-") as made, running_program(arguments.workers) as program:
        folder = Path(made)
        make_pictures(folder, arguments.count, megapixels=(arguments.megapixels, arguments.megapixels))
        for number in range(1, arguments.rounds + 1):
            alone, _none = time_import(program, folder, f"Alone {number}", 0)
            watched, rate = time_import(program, folder, f"Watched {number}", arguments.pages)
            ratios.append(watched / alone)
            said = f"alone {alone:.1f} s, {arguments.pages} pages {watched:.1f} s = {ratios[-1]:.3f}"
            print(f"round {number}: {said}; {rate:.1f} messages a second and page", flush=True)
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
