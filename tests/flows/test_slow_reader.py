"""A browser that stops reading in the middle of a download costs the server next to nothing, and holds nobody up."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from pathlib import Path

import pytest

from tests import images
from tests.person import Person
from tests.program import RunningProgram
from tests.survival import numbered

pytestmark = pytest.mark.flow

MEGABYTE = 1024 * 1024
PICTURES, MEGABYTES_EACH = 12, 5


def resident_megabytes(pid: int) -> float:
    """The memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def heavy_picture(number: int) -> bytes:
    """Some megabytes that are quickly read: a small picture and many comments."""
    comment = b"\xff\xfe\xff\xff" + number.to_bytes(4) * ((0xFFFF - 2) // 4) + b"\0"
    jpeg = numbered(images.encoded(seed=number), number)
    return jpeg[:2] + comment * (16 * MEGABYTES_EACH) + jpeg[2:]


def make_export(person: Person) -> tuple[str, str]:
    """Export sixty megabytes; returns where they are and their SHA-256."""
    dataset = person.post("/datasets", {"name": "Slow"})["id"]
    files = [(f"{number:02d}.jpg", heavy_picture(number)) for number in range(PICTURES)]
    job, items = person.announce([(name, len(content)) for name, content in files], dataset=dataset)
    for item, (_, content) in zip(items, files, strict=True):
        for at in range(0, len(content), 4 * MEGABYTE):
            person.send(job, item, content[at : at + 4 * MEGABYTE], at).raise_for_status()
    person.post(f"/imports/{job}/seal")
    end = time.monotonic() + 90
    while person.progress(job)["state"] != "DONE":
        assert time.monotonic() < end
        time.sleep(0.2)
    archive = person.export(dataset)["archives"][0]
    return archive["address"], archive["sha256"]


class Reader:
    """A browser that asks for a file and reads when it likes."""

    def __init__(self, program: RunningProgram, address: str) -> None:
        self.connection = socket.create_connection(("127.0.0.1", program.port), timeout=60)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.connection.sendall(f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.connection.recv(1)
        assert head.startswith(b"HTTP/1.1 200")
        self.left = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]

    def read_on(self) -> str:
        """Read all that is left; returns its SHA-256."""
        found = hashlib.sha256()
        while self.left:
            block = self.connection.recv(min(self.left, MEGABYTE))
            assert block, "it was broken off"
            self.left -= len(block)
            found.update(block)
        return found.hexdigest()


def test_readers_that_stop_hold_nobody_up(tmp_path: Path) -> None:
    with RunningProgram(tmp_path / "data", "--workers", "1") as program:
        person = Person(program)
        address, sha256 = make_export(person)
        [web] = program.children("daphne")
        before = resident_megabytes(web)
        readers = [Reader(program, address) for _ in range(5)]
        for _ in range(20):
            person.get("/api/v1/datasets")
            time.sleep(0.1)
        grown = resident_megabytes(web) - before
        assert grown < 60, "five downloads of 60 MB wait on the disk, not in memory"
        assert Reader(program, address).read_on() == sha256
        assert readers.pop().read_on() == sha256, "who goes on after a while gets everything"
        for reader in readers:
            reader.connection.close()
        part = person.client.get(address, headers={"Range": "bytes=-22"})
        assert (part.status_code, part.content[:4]) == (206, b"PK\x05\x06")
        assert "Traceback" not in (program.data_dir / "logs" / "web.log").read_text()
