"""How much memory the web process takes while a large upload passes through it, and whether it answers meanwhile.

    python -m bench.upload_memory [--bytes 2000000000 --files 4 --memory 150000000]

Zips of stored entries are sent in chunks as the page sends them, one sender a file. Meanwhile the list of datasets is
asked for ten times a second. Printed are the web process's resident memory at rest and at its highest, the speed, and
how long the page took. Ends with 1 where the growth is above `--memory` or the page's p95 above 200 ms.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from bench.program import Program, resident_bytes, running_program

CHUNK_BYTES = 4 * 1024 * 1024
ENTRY_BYTES = 50_000_000
SLOWEST_PAGE = 0.2


def make_zip(path: Path, size: int) -> Path:
    """A zip of about so many bytes, of entries that are no pictures: refused at a glance, so workers do not disturb."""
    block = bytes(range(256)) * (ENTRY_BYTES // 256)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(max(1, size // ENTRY_BYTES)):
            archive.writestr(f"{path.stem}/{number:04d}.jpg", block)
    return path


class Watch:
    """Looks at the web process twenty times a second, and asks for a page ten times, until it is stopped."""

    def __init__(self, program: Program) -> None:
        self.web = [pid for pid, command in program.processes().items() if "daphne" in command]
        self.address = program.address
        self.peak = 0
        self.pages: list[float] = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._weigh), threading.Thread(target=self._ask)]

    def __enter__(self) -> Watch:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def _weigh(self) -> None:
        while not self.stopped.wait(0.05):
            self.peak = max(self.peak, sum(resident_bytes(pid) for pid in self.web))

    def _ask(self) -> None:
        with httpx.Client(base_url=self.address, timeout=30) as client:
            while not self.stopped.wait(0.1):
                begin = time.monotonic()
                client.get("/").raise_for_status()
                self.pages.append(time.monotonic() - begin)


def send(program: Program, job_id: int, item_id: int, path: Path) -> None:
    """Send a file as a page does."""
    with program.client() as client, path.open("rb") as file:
        offset = 0
        while chunk := file.read(CHUNK_BYTES):
            address = f"/api/v1/imports/{job_id}/items/{item_id}/content?offset={offset}"
            client.put(address, content=chunk).raise_for_status()
            offset += len(chunk)


def upload(program: Program, paths: list[Path]) -> float:
    """Import files, each by a sender of its own; returns the seconds until the last byte was in."""
    with program.client() as client:
        dataset = client.post("/api/v1/datasets", json={"name": "Large"}).raise_for_status().json()
        job = client.post(f"/api/v1/datasets/{dataset['id']}/imports", json={}).raise_for_status().json()
        files = [{"name": path.name, "size": path.stat().st_size} for path in paths]
        answer = client.post(f"/api/v1/imports/{job['id']}/items", json={"files": files}).raise_for_status().json()
    begin = time.monotonic()
    with ThreadPoolExecutor(len(paths)) as senders:
        sent = [
            senders.submit(send, program, job["id"], item["id"], path)
            for item, path in zip(answer["items"], paths, strict=True)
        ]
        for one in sent:
            one.result()
    return time.monotonic() - begin


def main() -> int:
    """Measure once and print; returns whether a limit was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=int, default=2_000_000_000)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--memory", type=int, default=150_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="upload-") as name:
        folder = Path(name)
        paths = [
            make_zip(folder / f"zip{number}.zip", options.bytes // options.files) for number in range(options.files)
        ]
        with running_program(workers=2) as program:
            with Watch(program) as idle:
                time.sleep(3)
            with Watch(program) as busy:
                seconds = upload(program, paths)
    growth, p95 = busy.peak - idle.peak, statistics.quantiles(busy.pages, n=20)[-1]
    print(
        f"web process at rest: {idle.peak / 1e6:.0f} MB; at its highest: {busy.peak / 1e6:.0f} MB (+{growth / 1e6:.0f})"
    )
    print(f"{options.bytes / seconds / 1e6:.0f} MB/s; a page meanwhile: p95 {p95 * 1000:.0f} ms of {len(busy.pages)}")
    return int(growth > options.memory or p95 > SLOWEST_PAGE)


if __name__ == "__main__":
    sys.exit(main())
