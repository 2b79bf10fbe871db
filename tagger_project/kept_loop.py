"""An event loop of the process's own, for what code without one has to wait for.

Where no loop is running, `async_to_sync` makes one for each call, and whoever keeps connections by their loop, as the
channel layer does, opens a new one each time. A website with threads says something with every save.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from threading import Lock, Thread
from typing import Any

from asgiref.sync import async_to_sync

_lock = Lock()
_is_kept = False
# The process the loop runs in: a child that is forked off has the object, and no thread that turns it.
_running: tuple[int, asyncio.AbstractEventLoop] | None = None


def keep_loop() -> None:
    """From now on wait in one loop that stays; for processes whose requests run in threads without any."""
    global _is_kept
    _is_kept = True


def finish(work: Coroutine[Any, Any, None]) -> None:
    """Wait until `work` is done; what it raises is raised here."""
    if _is_kept:
        asyncio.run_coroutine_threadsafe(work, _loop()).result()
    else:
        async_to_sync(_wait_for)(work)


async def _wait_for(work: Coroutine[Any, Any, None]) -> None:
    await work


def _loop() -> asyncio.AbstractEventLoop:
    global _running
    with _lock:
        if _running is None or _running[0] != os.getpid():
            loop = asyncio.new_event_loop()
            Thread(target=loop.run_forever, name="kept-loop", daemon=True).start()
            _running = (os.getpid(), loop)
        return _running[1]
