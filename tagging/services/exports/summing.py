"""SHA-256 sums that a thread of their own works out, while the one that asked for them reads and writes. No Django.

Summing up, reading and writing a block all go on without the interpreter's lock, so where there is a second core they
take their time side by side. Where there is none a second thread would only be in the way, and each block is summed up
at once. What waits to be summed up is held in memory, so it is only ever some blocks.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

# What is smaller is summed up sooner than another thread wakes.
_LEAST_BYTES: Final = 64 * 1024
_MOST_WAITING: Final = 4


class SumThread:
    """The thread; it begins with the first block, in the process that has one, and ends with `close`."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "sums") if _count_cores() > 1 else None

    def begin(self) -> Sum:
        """Return a sum of nothing yet."""
        return Sum(self._pool)

    def close(self) -> None:
        """End the thread, behind the block that it is at; what still waits is left out of its sum."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


class Sum:
    """The SHA-256 of blocks in the order in which they were added."""

    def __init__(self, pool: ThreadPoolExecutor | None) -> None:
        self._pool = pool
        self._sum = hashlib.sha256()
        self._small: list[bytes] = []
        self._small_bytes = 0
        self._waiting: deque[Future[None]] = deque()

    def add(self, block: bytes) -> None:
        """Add a block; waits where many wait already.

        Raises:
            Exception: an earlier block could not be summed up.
        """
        self._small.append(block)
        self._small_bytes += len(block)
        if self._pool is None:
            self._take_in_small()
        elif self._small_bytes >= _LEAST_BYTES:
            while len(self._waiting) >= _MOST_WAITING:
                self._waiting.popleft().result()
            self._waiting.append(self._pool.submit(self._take_in, self._small))
            self._small, self._small_bytes = [], 0

    def hexdigest(self) -> str:
        """Return the sum, when all is in it.

        Raises:
            Exception: a block could not be summed up.
        """
        while self._waiting:
            self._waiting.popleft().result()
        self._take_in_small()
        return self._sum.hexdigest()

    def _take_in_small(self) -> None:
        self._take_in(self._small)
        self._small, self._small_bytes = [], 0

    def _take_in(self, blocks: Sequence[bytes]) -> None:
        for block in blocks:
            self._sum.update(block)


def _count_cores() -> int:
    """Return how many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
