"""The cage itself: `python -m datasets.decoder_process MEMORY_BYTES MAX_PIXELS PARENT`, started by `decoder.Decoder`.

It reads paths from standard input, one a line in JSON, and answers each on standard output: three lengths, then a
header in JSON, the thumbnail, the preview. It ends when its input does. No Django, and as few imports as it takes.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import IO, Any

_LENGTHS = struct.Struct("!III")
_PR_SET_PDEATHSIG = 1
_IN_ORDER = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def build_the_cage(memory_bytes: int, parent: int) -> None:
    """Bound this process's memory, leave no core dump, and end with the parent however that dies.

    Signals that ask a whole group to end are the parent's to answer: ended by one, a picture would look like poison.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in _IN_ORDER:
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before the kernel was asked
            os._exit(1)


def answer(line: bytes, max_pixels: int) -> tuple[dict[str, Any], bytes, bytes]:
    """Read the picture that a line names and return what there is to say of it."""
    from datasets import imaging

    try:
        measured = imaging.measure(Path(json.loads(line)), max_pixels)
    except imaging.ImageRefused as refused:
        return {"refused": refused.code, "detail": refused.detail}, b"", b""
    except MemoryError:
        return {"refused": "OUT_OF_MEMORY", "detail": ""}, b"", b""
    except OSError as error:
        return {"unreadable": error.errno or errno.EIO}, b"", b""
    facts = {name: value for name, value in vars(measured).items() if name not in {"thumbnail", "preview"}}
    return facts, measured.thumbnail, measured.preview


def send(pipe: IO[bytes], facts: dict[str, Any], thumbnail: bytes, preview: bytes) -> None:
    """Write one answer."""
    header = json.dumps(facts).encode("ascii")
    pipe.write(_LENGTHS.pack(len(header), len(thumbnail), len(preview)) + header + thumbnail + preview)
    pipe.flush()


def main() -> None:
    """Answer until there is nothing more to read."""
    memory_bytes, max_pixels, parent = (int(argument) for argument in sys.argv[1:4])
    build_the_cage(memory_bytes, parent)
    # A library that prints must not print into an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        send(answers, *answer(line, max_pixels))


if __name__ == "__main__":
    main()
