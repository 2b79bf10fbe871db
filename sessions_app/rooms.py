"""The open sockets of one dataset in this process, told together: one reading of the database for all of them.

Each socket knows the revision it told last, and the next message says what changed since that one: so a notice that
gets lost costs a moment, never a change. The room asks for the revision every few seconds, whether it heard of a change
or not.

A message that was sent is one that waits in memory until the page takes it. A page answers each with how many it has
seen; one that leaves too many unanswered hears nothing until it answers, and is closed when it stays silent.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.core.exceptions import ObjectDoesNotExist

from sessions_app.live_words import changed_message, people_message
from sessions_app.queries.people import PersonHere, get_people
from sessions_app.services.claims import GRACE
from tagger_project.consumers import GONE, TRY_AGAIN
from tagging.queries.missed import Missed, Numbers, get_missed, get_numbers, get_revision

logger = logging.getLogger(__name__)

# The first change is told at once; then a page hears ten times a second, of people twice.
MERGE_SECONDS = 0.1
PEOPLE_SECONDS = 0.5
# However many notices get lost: so long, at most, until a page hears of a change.
PULSE_SECONDS = 5.0
MOST_UNSEEN = 4
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
        """Make an empty room."""
        self.dataset_id = dataset_id
        self.pages: set[Page] = set()
        self._people_told: dict[Page, list[PersonHere]] = {}
        self._changes = _Teller(self._tell_changes, self._fail, MERGE_SECONDS)
        self._people = _Teller(self._tell_people, self._fail, PEOPLE_SECONDS)
        self._pulse: asyncio.Task[None] | None = None

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
        if not self.pages and self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None
        elif page.tab:
            # By then its row has ended, unless it was only loaded anew.
            asyncio.get_running_loop().call_later(GRACE.total_seconds() + 0.3, self.touch_people)

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
            for page in pages:
                page.since = message.revision
                await self._send(page, text)

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

    async def _send(self, page: Page, text: str) -> None:
        if page not in self.pages:
            return
        page.line.note_sent(asyncio.get_running_loop().time())
        try:
            await page.send_text(text)
        except Exception:
            # It left a moment ago.
            self.leave(page)

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
            try:
                await self._tell()
            except Exception as error:
                await self._fail(error)
            await asyncio.sleep(self._every)


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


def room_of(dataset_id: int) -> Room:
    """Return the room of a dataset."""
    rooms = _rooms.setdefault(asyncio.get_running_loop(), {})
    for empty in [number for number, room in rooms.items() if not room.pages and number != dataset_id]:
        del rooms[empty]
    return rooms.setdefault(dataset_id, Room(dataset_id))
