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

from datasets.messages import DatasetTouched, RightsChanged, dataset_group
from datasets.seats import look_again
from sessions_app.live_words import Crowd, changed_message
from sessions_app.messages import DeskTaken, HoldTaken, PeopleTouched, desk_group
from sessions_app.queries.people import PersonHere, get_people
from sessions_app.services.claims import GRACE, leave_all
from tagger_project.consumers import GONE, TRY_AGAIN
from tagger_project.live import Message
from tagger_project.outage import outage
from tagging.messages import BulkProgress
from tagging.queries.missed import Missed, Numbers, get_missed, get_numbers, get_revision

logger = logging.getLogger(__name__)

# The first change is told at once; then a page hears ten times a second, of people twice.
MERGE_SECONDS = 0.1
# A round of hundreds of pages takes a while; so many times as long the process has for other work.
REST = 1.5
LONGEST_REST = 1.0
# Pages that are told before the process looks at its other work.
_AT_ONCE = 25
PEOPLE_SECONDS = 0.5
PROGRESS_SECONDS = 0.25
# However many notices get lost: so long, at most, until a page hears of a change.
PULSE_SECONDS = 5.0
# A broker forgets who listens: after a day, and when it is emptied or begins anew without its memory.
JOIN_AGAIN_SECONDS = 60.0
SECONDS_TO_JOIN = 2.0
# Those who leave are gathered for so long: when a whole room leaves, it is one write.
LEAVE_SECONDS = 0.5
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
        self._groups = (dataset_group(dataset_id), desk_group(dataset_id))
        self.is_closed = False
        self._joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._channel = ""
        self._joined_at = asyncio.get_running_loop().time()
        self._listener = asyncio.create_task(self._listen())
        self.pages: set[Page] = set()
        self._people_here: list[PersonHere] = []
        self._people_told: dict[Page, list[PersonHere]] = {}
        self._left: set[tuple[str, int | None]] = set()
        self._ending: asyncio.Task[None] | None = None
        self._changes = _Teller(self._tell_changes, self._fail, MERGE_SECONDS)
        self._people = _Teller(self._tell_people, self._fail, PEOPLE_SECONDS)
        self._taken: list[dict[str, Any]] = []
        self._holds = _Teller(self._tell_holds, self._fail, 0.0)
        self._jobs: dict[int, dict[str, Any]] = {}
        self._progress = _Teller(self._tell_progress, self._fail, PROGRESS_SECONDS)
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
        """Remove a page that left: soon nobody sees it any more, unless it comes again."""
        if page not in self.pages:
            return
        if page.tab:
            self._left.add((page.tab, page.person_id))
            if self._ending is None or self._ending.done():
                self._ending = asyncio.create_task(self._end_rows())
        self._remove(page)

    def _remove(self, page: Page) -> None:
        """Remove a page; an empty room rests."""
        self.pages.discard(page)
        self._people_told.pop(page, None)
        if not self.pages:
            self.close()

    async def _end_rows(self) -> None:
        """Let the rows of those who left end; who has come again meanwhile stays."""
        while self._left:
            await asyncio.sleep(LEAVE_SECONDS)
            left, self._left = self._left, set()
            room = _rooms.get(asyncio.get_running_loop(), {}).get(self.dataset_id, self)
            gone = left - {(page.tab, page.person_id) for page in room.pages}
            try:
                await _end_pages(self.dataset_id, gone)
            except Exception:
                # They end by themselves, later.
                logger.warning("Pages that left are shown for a moment longer.", exc_info=True)
            # By then the rows have ended, unless the pages were only loaded anew.
            asyncio.get_running_loop().call_later(GRACE.total_seconds() + 0.3, room.touch_people)

    def close(self) -> None:
        """Listen no more; who comes next gets a new room."""
        self.is_closed = True
        for task in (self._listener, self._pulse):
            # Each of them may be what closes the room, and has something left to do.
            if task is not None and task is not asyncio.current_task():
                task.cancel()

    async def _join_groups(self) -> None:
        layer = get_channel_layer()
        for group in self._groups:
            await layer.group_add(group, self._channel)

    async def _join_again(self) -> None:
        if self.is_closed or asyncio.get_running_loop().time() - self._joined_at < JOIN_AGAIN_SECONDS:
            return
        # A broker that is away is met by who listens.
        with suppress(RedisError, OSError):
            await asyncio.wait_for(self._join_groups(), SECONDS_TO_JOIN)
            self._joined_at = asyncio.get_running_loop().time()

    async def _listen(self) -> None:
        layer = get_channel_layer()
        try:
            self._channel = await layer.new_channel()
            await self._join_groups()
            self._joined.set_result(None)
            while True:
                self._hear((await layer.receive(self._channel))["message"])
        except Exception as error:
            if isinstance(error, RedisError | OSError):
                outage.note(error, "Sockets are closed; their pages come again.")
            else:
                logger.exception("Notices could not be heard; sockets are closed, and their pages come again.")
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
                for group in self._groups:
                    await layer.group_discard(group, self._channel)

    def _hear(self, notice: dict[str, Any]) -> None:
        if notice["type"] == DatasetTouched.type:
            self.touch()
        elif notice["type"] == PeopleTouched.type:
            self.touch_people()
        elif notice["type"] == HoldTaken.type:
            self._taken.append(notice["data"])
            self._holds.wake()
        elif notice["type"] == BulkProgress.type:
            self._jobs[notice["data"]["job_id"]] = notice
            self._progress.wake()
        elif notice["type"] == RightsChanged.type:
            look_again()

    def touch(self) -> None:
        """Tell what changed, now or in a moment."""
        self._changes.wake()

    def touch_people(self) -> None:
        """Tell who is here, now or in a moment."""
        self._people.wake()

    async def _beat(self) -> None:
        while not self.is_closed:
            await asyncio.sleep(PULSE_SECONDS)
            now = asyncio.get_running_loop().time()
            for page in [page for page in self.pages if page.line.is_silent(now)]:
                await self._close(page, TRY_AGAIN)
            self.touch()
            self.touch_people()
            await self._join_again()

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
        if people != self._people_here:
            self._people_here = people
        crowd = Crowd(self._people_here)
        waiting = [page for page in self.pages if self._people_told.get(page) is not self._people_here]
        for number, page in enumerate(waiting):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            if page not in self.pages or not page.line.is_free or not page.line.sent:
                continue
            self._people_told[page] = self._people_here
            message = crowd.message(self.dataset_id, tab=page.tab, person_id=page.person_id)
            await self._send(page, json.dumps(message.to_wire()))
        if any(not page.line.sent for page in self.pages):
            self.touch_people()

    async def _tell_holds(self) -> None:
        """Tell pages that they lost their image; who does not read now sees it by who is here."""
        taken, self._taken = self._taken, []
        for hold in taken:
            message = DeskTaken(dataset_id=self.dataset_id, image=hold["image"], name=hold["name"])
            whose = (hold["tab"], hold["person"])
            for page in [page for page in self.pages if (page.tab, page.person_id) == whose and page.line.is_free]:
                await self._send(page, json.dumps(message.to_wire()))

    async def _tell_progress(self) -> None:
        """Tell where actions on many images stand; who does not read now sees it by what is stored."""
        jobs, self._jobs = self._jobs, {}
        for text in map(json.dumps, jobs.values()):
            for page in [page for page in self.pages if page.line.sent and page.line.is_free]:
                await self._send(page, text)

    async def tell(self, page: Page, message: Message) -> bool:
        """Tell one page something, behind where the dataset stands; returns whether it could be told now."""
        if page not in self.pages or not page.line.sent or not page.line.is_free:
            return False
        await self._send(page, json.dumps(message.to_wire()))
        return True

    async def _send(self, page: Page, text: str) -> None:
        if page not in self.pages:
            return
        page.line.note_sent(asyncio.get_running_loop().time())
        try:
            await page.send_text(text)
        except Exception:
            # It left a moment ago; one that did not comes again, and is told what it did not get.
            self.leave(page)
            await self._close(page, TRY_AGAIN)

    async def _close(self, page: Page, code: int) -> None:
        # No leaving: it comes again, and else its row ends by itself.
        self._remove(page)
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
            # What it took may have been waiting for a thread that was busy.
            await asyncio.sleep(max(self._every, min(LONGEST_REST, REST * took)))


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
_end_pages = database_sync_to_async(leave_all)

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
