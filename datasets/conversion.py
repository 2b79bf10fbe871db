"""Full decodes for an export, apart from the process that serves pages. No Django.

An import decodes in workers that may die; an export streams from the web server, which must not. So each conversion
runs in a process of its own, bounded in memory and seconds, one at a time.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from datasets.imaging import ImageRefused

_PROJECT = Path(__file__).resolve().parent.parent
# An import holds a picture at its full size once and shrinks it piece by piece; a copy of the same size is several of
# them side by side: as stored, upright, on white, encoded.
TIMES_THE_DECODERS_MEMORY: Final = 4
_MOST_SECONDS = 60.0
_REFUSED = 3
# A second conversion at the same time would double what the web server's machine has to hold.
_one_at_a_time = threading.Semaphore(1)


def convert_apart(path: Path, *, max_pixels: int, memory_bytes: int) -> bytes:
    """Return what `imaging.plain_copy` makes of a stored original.

    Args:
        path: the stored original.
        max_pixels: the largest width times height.
        memory_bytes: address space of the process.

    Raises:
        ImageRefused: it cannot be read any more, or reading it ended the process.
    """
    module = "datasets.plain_copy_process"
    command = [sys.executable, "-m", module, str(path), str(max_pixels), str(memory_bytes)]
    with _one_at_a_time:
        try:
            done = subprocess.run(command, cwd=_PROJECT, capture_output=True, timeout=_MOST_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise ImageRefused("TOO_SLOW") from error
    if done.returncode == _REFUSED:
        code, _, detail = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2].partition(" ")
        raise ImageRefused(code, detail)
    if done.returncode != 0:
        raise ImageRefused("CRASHED", f"exit {done.returncode}")
    return done.stdout
