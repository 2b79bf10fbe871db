"""What the person asked for when they typed the command."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """One start.

    Attributes:
        host: address to listen on.
        port: first port to try; 0 takes any free one.
        workers: worker processes; 0 for one a core.
        open_browser: open the page once it answers.
        folder: pictures to import once everything answers.
        dataset: name of the dataset they go into; empty for the folder's name.
        prefix: file prefix of that dataset.
        trigger_word: trigger word of that dataset.
        open_to_network: serve other machines without a login.
    """

    host: str
    port: int
    workers: int = 0
    open_browser: bool = False
    folder: Path | None = None
    dataset: str = ""
    prefix: str = ""
    trigger_word: str = ""
    open_to_network: bool = False

    @property
    def worker_processes(self) -> int:
        """How many worker processes to start."""
        return self.workers or available_cores()


def available_cores() -> int:
    """Cores that this process may use: a container's or `taskset`'s share, not the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
