"""The open sockets of one dataset in this process, told together: one reading of the database for all of them.

Each socket knows the revision it told last, and the next message says what changed since that one: so a notice that
gets lost costs a moment, never a change. The room asks for the revision every few seconds, whether it heard of a change
or not.

A message that was sent is one that waits in memory until the page takes it. A page answers with how many it has seen,
every few messages; one that leaves too many unanswered hears nothing until it answers, and is closed when it stays
silent.

The room, not each socket, listens to the channel layer: with hundreds of sockets, handing each notice to each of them
would cost more than all the rest.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.core.exceptions import ObjectDoesNotExist
from redis.exceptions import RedisError

from datasets.messages import DatasetTouched, dataset_group
from sessions_app.live_words import changed_message, people_message
from sessions_app.messages import DeskTaken, HoldTaken, PeopleTouched, desk_group
from sessions_app.queries.people import PersonHere, get_people
from sessions_app.services.claims import GRACE
from tagger_project.consumers import GONE, TRY_AGAIN
from tagger_project.outage import outage
from tagging.queries.missed import Missed, Numbers, get_missed, get_numbers, get_revision

logger = logging.getLogger(__name__)

# The first change is told at once; then a page hears ten times a second, of people twice.
MERGE_SECONDS = 0.1
# A round of hundreds of pages takes a while; so many times as long the process has for other work.
REST = 1.5
# Pages that are told before the process looks at its other work.
_AT_ONCE = 25
PEOPLE_SECONDS = 0.5
# However many notices get lost: so long, at most, until a page hears of a change.
PULSE_SECONDS = 5.0
MOST_UNSEEN = 8
# With the pulse, and a moment for closing: a page that reads nothing is gone after half a minute.
SILENT_SECONDS = 15.0


# What pages told last, and whether they show words: all pages of which this is the same hear the same.
_Group = tuple[int | None, bool]


class Page(Protocol):
    """What a room needs of a socket."""

    tab: str
    person_id: int | None
    since: int | None
    line: Line

    async def send_text(self, text: str) -> None:
        """Send a message."""

    async def end(self, code: int) -> None:
        """Close the socket."""


class Line:
    """How much of what was sent to a page it has not seen yet."""

    def __init__(self) -> None:
        """Begin with nothing sent."""
        self.sent = 0
        self.seen = 0
        self._silent_since = 0.0

    @property
    def is_free(self) -> bool:
        """Whether there is room for one more message."""
        return self.sent - self.seen < MOST_UNSEEN

    def note_sent(self, now: float) -> None:
        """Count a message."""
        if self.sent == self.seen:
            self._silent_since = now
        self.sent += 1

    def note_seen(self, count: int, now: float) -> None:
        """Count what the page has seen; nonsense does not count."""
        if self.seen < count <= self.sent:
            self.seen = count
            self._silent_since = now

    def is_silent(self, now: float) -> bool:
        """Whether the page has not answered for too long."""
        return self.sent > self.seen and now - self._silent_since > SILENT_SECONDS


@dataclass(frozen=True)
class _Reading:
    """What one round read: the numbers, and what was missed, by what a group of pages told last."""

    numbers: Numbers
    missed: dict[_Group, Missed]


class Room:
    """The open sockets of one dataset."""

    def __init__(self, dataset_id: int) -> None:
        """Make an empty room, and begin to listen."""
        self.dataset_id = dataset_id
        self.is_closed = False
        self._joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listener = asyncio.create_task(self._listen())
        self.pages: set[Page] = set()
        self._people_told: dict[Page, list[PersonHere]] = {}
        self._changes = _Teller(self._tell_changes, self._fail, MERGE_SECONDS)
        self._people = _Teller(self._tell_people, self._fail, PEOPLE_SECONDS)
        self._taken: list[dict[str, Any]] = []
        self._holds = _Teller(self._tell_holds, self._fail, 0.0)
        self._pulse: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Wait until notices are heard here.

        Raises:
            RedisError, OSError: the broker does not answer.
        """
        await asyncio.shield(self._joined)

    def enter(self, page: Page) -> None:
        """Add a page; it is told where the dataset stands, and who is here."""
        self.pages.add(page)
        if self._pulse is None:
            self._pulse = asyncio.create_task(self._beat())
        self.touch()
        self.touch_people()

    def leave(self, page: Page) -> None:
        """Remove a page; an empty room rests."""
        if page not in self.pages:
            return
        self.pages.remove(page)
        self._people_told.pop(page, None)
        if not self.pages:
            self.close()
        elif page.tab:
            # By then its row has ended, unless it was only loaded anew.
            asyncio.get_running_loop().call_later(GRACE.total_seconds() + 0.3, self.touch_people)

    def close(self) -> None:
        """Listen no more; who comes next gets a new room."""
        self.is_closed = True
        self._listener.cancel()
        if self._pulse is not None:
            self._pulse.cancel()

    async def _listen(self) -> None:
        layer = get_channel_layer()
        channel, groups = "", (dataset_group(self.dataset_id), desk_group(self.dataset_id))
        try:
            channel = await layer.new_channel()
            for group in groups:
                await layer.group_add(group, channel)
            self._joined.set_result(None)
            while True:
                self._hear((await layer.receive(channel))["message"])
        except (RedisError, OSError) as error:
            outage.note(error, "Sockets are closed; their pages come again.")
            self.is_closed = True
            if not self._joined.done():
                self._joined.set_exception(error)
                self._joined.exception()  # else asyncio complains where nobody waits for it
            for page in list(self.pages):
                await self._close(page, TRY_AGAIN)
        finally:
            self.is_closed = True
            self._joined.cancel()
            with suppress(RedisError, OSError):
                for group in groups:
                    await layer.group_discard(group, channel)

    def _hear(self, notice: dict[str, Any]) -> None:
        if notice["type"] == DatasetTouched.type:
            self.touch()
        elif notice["type"] == PeopleTouched.type:
            self.touch_people()
        elif notice["type"] == HoldTaken.type:
            self._taken.append(notice["data"])
            self._holds.wake()

    def touch(self) -> None:
        """Tell what changed, now or in a moment."""
        self._changes.wake()

    def touch_people(self) -> None:
        """Tell who is here, now or in a moment."""
        self._people.wake()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            now = asyncio.get_running_loop().time()
            for page in [page for page in self.pages if page.line.is_silent(now)]:
                await self._close(page, TRY_AGAIN)
            self.touch()
            self.touch_people()

    async def _tell_changes(self) -> None:
        if not self.pages:
            return
        revision = await _read_revision(self.dataset_id)
        groups: defaultdict[_Group, list[Page]] = defaultdict(list)
        for page in self.pages:
            if page.line.is_free and (page.since != revision or not page.line.sent):
                groups[page.since, page.tab != ""].append(page)
        if not groups:
            return
        reading = await _read_changes(self.dataset_id, list(groups))
        for group, pages in groups.items():
            since = reading.numbers.revision if group[0] is None else group[0]
            message = changed_message(reading.numbers, reading.missed[group], since=since)
            text = json.dumps(message.to_wire())
            for number, page in enumerate(pages):
                page.since = message.revision
                await self._send(page, text)
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def _tell_people(self) -> None:
        if not self.pages:
            return
        people = await _read_people(self.dataset_id)
        for page in list(self.pages):
            if self._people_told.get(page) == people or not page.line.is_free or not page.line.sent:
                continue
            self._people_told[page] = people
            message = people_message(self.dataset_id, people, tab=page.tab, person_id=page.person_id)
            await self._send(page, json.dumps(message.to_wire()))
        if any(not page.line.sent for page in self.pages):
            self.touch_people()

    async def _tell_holds(self) -> None:
        """Tell pages that they lost their image; who does not read now sees it by who is here."""
        taken, self._taken = self._taken, []
        for hold in taken:
            message = DeskTaken(dataset_id=self.dataset_id, image=hold["image"], name=hold["name"])
            for page in [page for page in self.pages if page.tab == hold["tab"] and page.line.is_free]:
                await self._send(page, json.dumps(message.to_wire()))

    async def _send(self, page: Page, text: str) -> None:
        if page not in self.pages:
            return
        page.line.note_sent(asyncio.get_running_loop().time())
        try:
            await page.send_text(text)
        except Exception:
            # It left a moment ago; one that did not comes again, and is told what it did not get.
            await self._close(page, TRY_AGAIN)

    async def _close(self, page: Page, code: int) -> None:
        self.leave(page)
        try:
            await page.end(code)
        except Exception:
            logger.debug("A page left before it was closed.", exc_info=True)

    async def _fail(self, error: Exception) -> None:
        """Close every socket: its page comes again and says what it knows, so nothing is lost."""
        if not isinstance(error, ObjectDoesNotExist):
            logger.error("What changed could not be read for pages; their sockets are closed.", exc_info=error)
        code = GONE if isinstance(error, ObjectDoesNotExist) else TRY_AGAIN
        for page in list(self.pages):
            await self._close(page, code)


class _Teller:
    """Does something when it is woken: at once, and then not again for a while; never twice at a time."""

    def __init__(
        self, tell: Callable[[], Awaitable[None]], fail: Callable[[Exception], Awaitable[None]], every: float
    ) -> None:
        """Take what to do, what to do where that fails, and the seconds between two turns."""
        self._tell = tell
        self._fail = fail
        self._every = every
        self._is_woken = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Do it, now or in a moment."""
        self._is_woken = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._is_woken:
            self._is_woken = False
            began = asyncio.get_running_loop().time()
            try:
                await self._tell()
            except Exception as error:
                await self._fail(error)
            took = asyncio.get_running_loop().time() - began
            await asyncio.sleep(max(self._every, REST * took))


def _get_changes(dataset_id: int, groups: list[_Group]) -> _Reading:
    """Read what each group of pages missed: the revision first, so that what comes after it is told again."""
    numbers = get_numbers(dataset_id)
    missed = {}
    for since, has_words in groups:
        known = numbers.revision if since is None else since
        missed[since, has_words] = get_missed(dataset_id, known, with_states=has_words)
    return _Reading(numbers, missed)


_read_changes = database_sync_to_async(_get_changes)
_read_revision = database_sync_to_async(get_revision)
_read_people = database_sync_to_async(get_people)

# A task belongs to the event loop it was made in; a process of tests has one after the other.
_rooms: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, Room]] = WeakKeyDictionary()


async def join_room(dataset_id: int) -> Room:
    """Return the room of a dataset once it hears what is published.

    Raises:
        RedisError, OSError: the broker does not answer.
    """
    rooms = _rooms.setdefault(asyncio.get_running_loop(), {})
    for closed in [number for number, room in rooms.items() if room.is_closed]:
        del rooms[closed]
    room = rooms.get(dataset_id)
    if room is None:
        room = rooms[dataset_id] = Room(dataset_id)
    await room.join()
    return room
