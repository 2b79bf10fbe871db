"""The one door from the server to open pages: typed messages, published to a group.

A message is a small notice or a snapshot, never the only carrier of a change: a page that misses one asks for what is
stored. So a broker that is away costs liveness and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from channels.layers import get_channel_layer
from django.conf import settings

from tagger_project.broker import private_socket_path
from tagger_project.kept_loop import finish
from tagger_project.outage import outage

GATHER_SECONDS = 0.25
# Whoever saves something waits for this; a broker that is well answers in a thousandth of it.
SECONDS_TO_SEND = 1.0
# A loop that has time turns so often; one that turned hardly a quarter of the time had none for the broker's answer.
_TURN = 0.05

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """A message to pages; on the wire `{"type": …, "data": {…}}`.

    Subclasses are frozen dataclasses that set `type`, such as `"import.progress"`, and hold JSON-ready values only.
    """

    type: ClassVar[str]

    def to_wire(self) -> dict[str, Any]:
        """Return the message as it is sent."""
        return {"type": self.type, "data": asdict(self)}


@dataclass(frozen=True)
class Notice(Message):
    """A message that stays inside the server: it tells sockets to read what is stored and send that."""


def broker_may_run() -> bool:
    """Whether there can be a broker at all: the bundled one is not there when a command runs without the server."""
    return not settings.BROKER_IS_PRIVATE or private_socket_path(settings.DATA_DIR).exists()


def publish(group: str, message: Message) -> None:
    """Send a message to every page that joined the group. Never raises: see the module's first sentence.

    Inside `gathered` it may wait for a moment with others.
    """
    gatherer = _gatherer.get()
    if gatherer is None:
        _send([(group, message)])
    else:
        gatherer.add(group, message)


class _Gatherer:
    """The messages of a moment: of each type the newest one for each group."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str], tuple[str, Message]] = {}
        self.sent_at = -GATHER_SECONDS

    def add(self, group: str, message: Message) -> None:
        self.waiting[group, message.type] = (group, message)
        if time.monotonic() - self.sent_at >= GATHER_SECONDS:
            self.flush()

    def flush(self) -> None:
        messages, self.waiting = list(self.waiting.values()), {}
        if messages:
            _send(messages)
            self.sent_at = time.monotonic()


_gatherer: ContextVar[_Gatherer | None] = ContextVar("gatherer", default=None)


@contextmanager
def gathered() -> Iterator[None]:
    """Send what the body publishes at most every `GATHER_SECONDS`, and the rest at its end.

    For work that says the same thing again and again: a thousand pictures need not tell each page a thousand times.
    """
    gatherer = _Gatherer()
    token = _gatherer.set(gatherer)
    try:
        yield
    finally:
        _gatherer.reset(token)
        gatherer.flush()


class _Busy(Exception):
    """The time was over before this process got round to it; that says nothing about the broker."""


async def _in_time(sending: Coroutine[Any, Any, None]) -> None:
    """Wait for what is sent, for a second: in a web process that is a turn of the loop that serves all sockets."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(_TURN)
            turns += 1

    begin = time.monotonic()
    counting = asyncio.create_task(count())
    try:
        await asyncio.wait_for(sending, SECONDS_TO_SEND)
    except TimeoutError as error:
        if time.monotonic() - begin >= SECONDS_TO_SEND and turns < SECONDS_TO_SEND / _TURN / 4:
            raise _Busy from error
        raise
    finally:
        counting.cancel()


def _told(messages: list[tuple[str, Message]]) -> str:
    return ", ".join(f"{message.type} for {group}" for group, message in messages)


def _send(messages: list[tuple[str, Message]]) -> None:
    layer = get_channel_layer()
    if layer is None or outage.lasts() or not broker_may_run():
        return

    async def send_all() -> None:
        for group, message in messages:
            await layer.group_send(group, {"type": "relay", "message": message.to_wire()})

    try:
        finish(_in_time(send_all()))
    except _Busy:
        # Another try in a moment may well succeed.
        logger.info("No page heard %s: this process had no time for it.", _told(messages))
    except Exception as error:
        outage.note(error, f"No page heard {_told(messages)}.")
    else:
        outage.note_answer()
