"""Makes copies of pictures: `python -m datasets.plain_copy_process MAX_PIXELS MEMORY_BYTES PARENT`, by `conversion`.

It reads requests from standard input, one a line in JSON, and answers each on standard output: an exit code and a
length, then the copy, or why there is none. Each picture is read by a process of its own, forked from this one, which
has the libraries loaded already: what kills it kills nothing else, and its memory goes with it. It ends when its
input does. No Django.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
import tempfile
from pathlib import Path
from typing import IO

from datasets.decoder_process import build_the_cage

HEAD = struct.Struct("!iQ")
REFUSED = 3


def convert(request: bytes, max_pixels: int, answer: IO[bytes]) -> int:
    """Write the copy, or `CODE detail`, and return the exit code."""
    from datasets.imaging import ImageRefused, Wanted, plain_copy

    facts = json.loads(request)
    size = tuple(facts["size"]) if facts["size"] else None
    wanted = Wanted(facts["format"], size, facts["background"], facts["quality"])
    try:
        content, _format = plain_copy(Path(facts["path"]), max_pixels, wanted)
    except ImageRefused as refused:
        answer.write(str(refused).encode("utf-8", "replace"))
        return REFUSED
    except MemoryError:
        answer.write(b"OUT_OF_MEMORY")
        return REFUSED
    answer.write(content)
    return 0


def convert_apart(request: bytes, max_pixels: int, memory_bytes: int, answer: IO[bytes]) -> int:
    """Do it in a process of its own; returns its exit code, below zero where a signal ended it."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            build_the_cage(memory_bytes, parent)
            code = convert(request, max_pixels, answer)
            answer.flush()
        finally:
            # Neither the parent's open files nor its way out are this process's.
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Answer until there is nothing more to read."""
    max_pixels, memory_bytes, parent = (int(argument) for argument in sys.argv[1:4])
    build_the_cage(resource.getrlimit(resource.RLIMIT_AS)[1], parent)
    # A library that prints must not print into an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    from datasets import imaging  # noqa: F401  (each fork has it)

    for request in sys.stdin.buffer:
        with tempfile.TemporaryFile() as answer:
            code = convert_apart(request, max_pixels, memory_bytes, answer)
            length = answer.seek(0, os.SEEK_END)
            answer.seek(0)
            answers.write(HEAD.pack(code, length))
            while block := answer.read(1 << 20):
                answers.write(block)
        answers.flush()


if __name__ == "__main__":
    main()
