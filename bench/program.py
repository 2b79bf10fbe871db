"""The whole program on an empty data folder, for benchmarks."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Program:
    """A running program.

    Attributes:
        address: of its pages, without a slash at the end.
        data_dir: its data folder.
        environment: for commands beside it.
    """

    address: str
    data_dir: Path
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Run a management command beside it and return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Lend a client that may write."""
        with httpx.Client(base_url=self.address, timeout=60) as client:
            client.get("/datasets/new/")
            client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
            client.headers["Referer"] = self.address
            yield client

    def seconds_of_import(self, job_id: int) -> float:
        """Return how long an import took, from its start to its last file's end, as the database tells."""
        with sqlite3.connect(f"file:{self.data_dir / 'db.sqlite3'}?mode=ro", uri=True) as database:
            query = "SELECT created_at, finished_at FROM datasets_importjob WHERE id = ?"
            began, ended = database.execute(query, [job_id]).fetchone()
        return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()

    def processes(self) -> dict[int, str]:
        """Return its processes with their command lines."""
        found = {}
        for folder in Path("/proc").iterdir():
            try:
                if f"DATA_DIR={self.data_dir}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, ValueError):
                continue
        return found


def resident_bytes(process_id: int) -> int:
    """Return the memory that a process holds; 0 where it has ended."""
    try:
        pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def running_program(workers: int, port: int = 8790) -> Iterator[Program]:
    """Start the whole program on an empty data folder, and end it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as data:
        environment = {**os.environ, "DATA_DIR": data, "WORKERS": str(workers), "PORT": str(port), "ENV_FILE": "none"}
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        try:
            address = next(line.split()[-1] for line in process.stdout if line.startswith("Ready"))
            yield Program(address, Path(data), environment)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
