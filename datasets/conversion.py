"""Full decodes for an export, apart from the process that writes it. No Django.

A worker's own decoder reads pictures small; a copy of the same size is several of them side by side: as stored,
upright, on a colour, encoded. So each copy is made by a process of its own, bounded in memory and seconds.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datasets.imaging import ImageRefused, Wanted
from datasets.plain_copy_process import HEAD, REFUSED

_PROJECT = Path(__file__).resolve().parent.parent
TIMES_THE_DECODERS_MEMORY: Final = 4
MOST_SECONDS: Final = 45.0
# Of 80 million pixels with three bytes each, a PNG can hardly have more.
_MOST_COPY_BYTES: Final = 512 * 1024 * 1024


class Converter:
    """Makes one copy at a time; what a picture does to its process is told, and the next picture has another.

    An object of this class belongs to one process and one thread, with which its own processes end.
    """

    def __init__(self, *, max_pixels: int, memory_bytes: int, most_seconds: float = MOST_SECONDS) -> None:
        """Remember the bounds; the process comes with the first picture.

        Args:
            max_pixels: the largest width times height.
            memory_bytes: address space for one picture.
            most_seconds: time for one picture.
        """
        self._max_pixels = max_pixels
        self._memory_bytes = memory_bytes
        self._most_seconds = most_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def convert(self, path: Path, wanted: Wanted | None = None) -> bytes:
        """Return what `imaging.plain_copy` makes of a stored original.

        Raises:
            ImageRefused: it cannot be read any more, or reading it ended the process.
        """
        deadline = time.monotonic() + self._most_seconds
        request = json.dumps({"path": os.fspath(path.absolute()), **asdict(wanted or Wanted())}).encode() + b"\n"
        try:
            self._send(request)
            code, content = self._read_answer(deadline)
        except ImageRefused:
            self.close()
            raise
        if code == REFUSED:
            refused, _, detail = content.decode("utf-8", "replace").partition(" ")
            raise ImageRefused(refused, detail)
        if code != 0:
            raise ImageRefused("CRASHED", f"exit {code}")
        return content

    def _read_answer(self, deadline: float) -> tuple[int, bytes]:
        code, length = HEAD.unpack(self._read(HEAD.size, deadline))
        if length > _MOST_COPY_BYTES:
            raise ImageRefused("CRASHED", f"{length} bytes")
        return code, self._read(length, deadline)

    def close(self) -> None:
        """End the process. Safe to call twice; the next picture starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        limits = (self._max_pixels, self._memory_bytes, os.getpid())
        command = [sys.executable, "-m", "datasets.plain_copy_process", *map(str, limits)]
        return subprocess.Popen(command, cwd=_PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def _send(self, request: bytes) -> None:
        for _ in range(2):  # an idle one may have been killed a moment ago; a new one has not
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._process = self._start()
            try:
                if self._process.stdin is not None:
                    self._process.stdin.write(request)
                    return
            except BrokenPipeError:
                self.close()
        raise ImageRefused("CRASHED", "no process")

    def _read(self, size: int, deadline: float) -> bytes:
        pipe = self._process.stdout if self._process is not None else None
        content = bytearray()
        with selectors.DefaultSelector() as selector:
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ)
            while len(content) < size:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise ImageRefused("TOO_SLOW")
                piece = os.read(pipe.fileno(), min(size - len(content), 1 << 20)) if pipe is not None else b""
                if not piece:
                    raise ImageRefused("CRASHED", "no answer")
                content += piece
        return bytes(content)
