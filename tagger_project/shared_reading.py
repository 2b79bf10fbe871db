"""One reading of the database for all sockets of a process that want to know the same thing at the same moment.

Fifty open pages of one import hear of every step of it. Each answers with where the import stands now, which is the
same for all of them, so it is read once: at most every `every` seconds, and never from before the one who asks asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_MOST_REMEMBERED = 1000


class SharedReading(Generic[Key, Value]):
    """Reads a value by its key, for many who ask at once."""

    def __init__(self, read: Callable[[Key], Awaitable[Value]], *, every: float) -> None:
        """Take what reads a value, and the fewest seconds between two readings of one key."""
        self._read = read
        self._every = every
        # A task belongs to the event loop it was made in; a process of tests has one after the other.
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Readings[Key, Value]] = WeakKeyDictionary()

    async def get(self, key: Key) -> Value:
        """Return a value whose reading began after this call did.

        Raises:
            Exception: whatever the reading raises, for everybody who waits for it.
        """
        readings = self._loops.setdefault(asyncio.get_running_loop(), _Readings(self._read, self._every))
        # Whoever goes away while others wait must not take the reading with them.
        return await asyncio.shield(readings.next(key))


class _Readings(Generic[Key, Value]):
    """The readings of one event loop."""

    def __init__(self, read: Callable[[Key], Awaitable[Value]], every: float) -> None:
        self.read = read
        self.every = every
        self.not_begun: dict[Key, asyncio.Task[Value]] = {}
        self.begun_at: dict[Key, float] = {}

    def next(self, key: Key) -> asyncio.Task[Value]:
        """Return the reading that begins next."""
        if key not in self.not_begun:
            self.not_begun[key] = asyncio.create_task(self._read_in_turn(key))
            self.not_begun[key].add_done_callback(_take_note)
        return self.not_begun[key]

    async def _read_in_turn(self, key: Key) -> Value:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self.begun_at.get(key, -self.every) + self.every - loop.time()))
        if len(self.begun_at) > _MOST_REMEMBERED:
            self.begun_at.clear()
        self.begun_at[key] = loop.time()
        del self.not_begun[key]
        return await self.read(key)


def _take_note(task: asyncio.Task[Any]) -> None:
    """Look at the error of a reading that everybody who waited for it has left: else asyncio complains of it."""
    if not task.cancelled():
        task.exception()
