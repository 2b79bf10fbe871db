"""Pictures are read in a cage: a child process with bounds on its memory and its seconds. No Django.

What arrives here was made by strangers, and the libraries that read it are written in C. So the process that holds the
database's connection reads no picture itself: it hands the path to a child and takes back numbers and two small
copies. A picture that takes the child down is one `DecoderDied`, and the next picture gets a new child.

What the child answers is data, too: numbers in JSON and the bytes of two pictures, checked before they are believed.
"""

from __future__ import annotations

import json
import math
import os
import re
import selectors
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any, Final

from datasets.imaging import FORMATS, REFUSALS, ImageRefused, Measured

_PROJECT: Final = Path(__file__).resolve().parent.parent
_LENGTHS: Final = struct.Struct("!III")
_MOST_HEADER_BYTES: Final = 64 * 1024
_MOST_COPY_BYTES: Final = 64 * 1024 * 1024
# An answer that has begun is on its way: more than a pipe holds waits in the child until somebody reads.
_SECONDS_TO_ANSWER: Final = 5.0
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


class DecoderDied(Exception):
    """The process ended while it read a picture; the text says how."""


class Decoder:
    """One long-lived child process that reads one picture at a time; after a death the next picture starts another.

    The child ends with the thread that called `start`, however that ends: on Linux the kernel sees to it, elsewhere
    its end of the pipe does. An object of this class belongs to one process and one thread.

    Attributes:
        pid: the child's number, or `None` while none runs.
    """

    def __init__(self, *, memory_bytes: int, most_seconds: float, max_pixels: int) -> None:
        """Remember the bounds; the child comes with the first picture.

        Args:
            memory_bytes: the child's address space.
            most_seconds: time for one picture, from `start`.
            max_pixels: the largest width times height.
        """
        self._memory_bytes = memory_bytes
        self._most_seconds = most_seconds
        self._max_pixels = max_pixels
        self._child: subprocess.Popen[bytes] | None = None
        self._deadline: float | None = None

    @property
    def pid(self) -> int | None:
        """The child's number, or `None` while none runs."""
        return None if self._child is None else self._child.pid

    def prepare(self) -> None:
        """Start the child, so that the first picture need not wait for it."""
        self._running()

    def start(self, path: Path) -> None:
        """Hand the child a picture and return at once. One that is still under way is given up with its child."""
        if self._deadline is not None or (self._child is not None and self._child.poll() is not None):
            self.close()
        self._deadline = time.monotonic() + self._most_seconds
        request = json.dumps(os.fspath(path.absolute())).encode("ascii") + b"\n"
        for _ in range(2):  # an idle child may have been killed a moment ago; a new one has not
            try:
                _sending(self._running()).write(request)
            except BrokenPipeError:
                self._end_child()
            else:
                return

    def result(self) -> Measured:
        """Wait for what became of the picture that was handed over last.

        Raises:
            ImageRefused: as `imaging.measure` does, or `TOO_SLOW`.
            OSError: the file is gone or may not be read.
            DecoderDied: the picture took the child down.
        """
        if self._deadline is None:
            raise RuntimeError("There is no picture to wait for: call start() first.")
        try:
            header, thumbnail, preview = self._answer(self._deadline)
            return _measured(header, thumbnail, preview)
        except _Unbelievable as error:
            self.close()
            raise DecoderDied(f"The process that reads pictures answered nonsense: {error}") from error
        except ImageRefused as refused:
            if refused.code in {"OUT_OF_MEMORY", "TOO_SLOW"}:
                # Its memory is in pieces, or it is still at it: a fresh one starts from nothing.
                self.close()
            raise
        finally:
            self._deadline = None

    def close(self) -> None:
        """End the child and what it is at. Safe to call twice; `start` begins anew."""
        self._deadline = None
        self._end_child()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            limits = (self._memory_bytes, self._max_pixels, os.getpid())
            self._child = subprocess.Popen(
                [sys.executable, "-m", "datasets.decoder_process", *(str(limit) for limit in limits)],
                cwd=_PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        return self._child

    def _end_child(self) -> int:
        """Kill the child, bury it, and return its exit code; 0 where there is none."""
        child, self._child = self._child, None
        if child is None:
            return 0
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        return child.wait()

    def _answer(self, deadline: float) -> tuple[bytes, bytes, bytes]:
        start = self._read(1, deadline)
        deadline = time.monotonic() + _SECONDS_TO_ANSWER
        start += self._read(_LENGTHS.size - 1, deadline)
        header, thumbnail, preview = _LENGTHS.unpack(start)
        if header > _MOST_HEADER_BYTES or max(thumbnail, preview) > _MOST_COPY_BYTES:
            raise _Unbelievable(f"lengths of {header}, {thumbnail} and {preview} bytes")
        return self._read(header, deadline), self._read(thumbnail, deadline), self._read(preview, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        child = self._child
        if child is None or child.stdout is None:
            raise DecoderDied("The process that reads pictures could not be started.")
        content = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while len(content) < size:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise ImageRefused("TOO_SLOW")
                piece = os.read(child.stdout.fileno(), min(size - len(content), 1 << 20))
                if not piece:
                    raise DecoderDied(f"The process that reads pictures {self._how_it_ended()}.")
                content += piece
        return bytes(content)

    def _how_it_ended(self) -> str:
        # It has closed its end of the pipe: it is dead, or about to be; a stubborn one is killed after a moment.
        child = self._child
        try:
            code = 0 if child is None else child.wait(1.0)
        except subprocess.TimeoutExpired:
            code = 0
        self._end_child()
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"


class _Unbelievable(Exception):
    """An answer that the child's program never gives."""


def _sending(child: subprocess.Popen[bytes]) -> IO[bytes]:
    if child.stdin is None:
        raise BrokenPipeError
    return child.stdin


def _measured(header: bytes, thumbnail: bytes, preview: bytes) -> Measured:
    """Return an answer's content, or raise the refusal that it is."""
    try:
        facts: dict[str, Any] = json.loads(header)
        if "unreadable" in facts:
            number = int(facts["unreadable"])
            raise OSError(number, os.strerror(number))
        if "refused" in facts:
            code = facts["refused"]
            if code not in REFUSALS:
                raise _Unbelievable(f"a refusal {code!r:.50}")
            raise ImageRefused(code, str(facts["detail"])[:200])
        measured = Measured(**facts, thumbnail=thumbnail, preview=preview)
        believable = _is_believable(measured)
    except (ValueError, TypeError, KeyError) as error:
        raise _Unbelievable(repr(error)[:200]) from error
    if not believable:
        raise _Unbelievable(repr(facts)[:200])
    return measured


def _is_believable(measured: Measured) -> bool:
    whole_numbers = (measured.width, measured.height, measured.orientation)
    return (
        measured.format in FORMATS
        and all(type(number) is int for number in whole_numbers)
        and min(measured.width, measured.height) > 0
        and 1 <= measured.orientation <= 8
        and type(measured.is_plain) is bool
        and _COLOUR.fullmatch(measured.colour) is not None
        and (measured.dhash is None or (type(measured.dhash) is int and -(2**63) <= measured.dhash < 2**63))
        and type(measured.sharpness) is float
        and math.isfinite(measured.sharpness)
        and bool(measured.thumbnail and measured.preview)
    )
