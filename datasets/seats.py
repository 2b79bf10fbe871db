"""Who may still listen: those behind open sockets are asked for again every few seconds, all of a process at once.

A socket asks for leave when it is opened. A right that is taken away afterwards (a membership, an account, a session)
closes it: at once where a notice tells of it, and else within `EVERY` seconds, whatever took it away. Who has another
role stays, and is told what they may do now: their page was drawn for the role it knew. However many sockets there are,
a round is three queries.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from datasets.messages import RightsNow
from datasets.models import Membership, Role
from datasets.permissions import may_of
from tagger_project.auth import person_in_scope
from tagger_project.consumers import GONE, LiveConsumer

logger = logging.getLogger(__name__)

EVERY = 3.0
# Who is not signed in any more; a page that comes again is asked to.
SIGNED_OUT = 4401


@dataclass(frozen=True)
class Seat:
    """By which right a socket listens.

    Attributes:
        user_id: whose it is.
        auth_hash: changes with their password.
        session_key: the session they signed in with; empty without one.
        dataset_id: what it tells of.
    """

    user_id: int
    auth_hash: str
    session_key: str
    dataset_id: int


class SeatedConsumer(LiveConsumer):
    """A socket that tells of one dataset, as long as its person may see that; `authorise` notes which one."""

    dataset_id: int
    seat: Seat | None = None
    role_told: Role | None = None

    def sit(self) -> None:
        """Be asked for from now on; without logins there is nothing to ask."""
        user = person_in_scope(self.scope)
        if user is None:
            return
        session: Any = self.scope.get("session")
        key = (session.session_key if session is not None else None) or ""
        self.seat = Seat(user.pk, user.get_session_auth_hash(), key, self.dataset_id)
        _watch().enter(self)

    async def opened(self) -> None:
        """Sit down, then begin with what is stored."""
        self.sit()
        await super().opened()

    async def disconnect(self, code: int) -> None:
        """Stand up, and leave."""
        _watch().leave(self)
        await super().disconnect(code)

    async def tell_role(self, role: Role) -> None:
        """Say what the person may do here, unless the page has heard so already."""
        if role != self.role_told and await self.pass_on(_rights(self.dataset_id, role)):
            self.role_told = role

    async def pass_on(self, message: RightsNow) -> bool:
        """Send a message; returns `False` where it has to be said again later."""
        await self.send_json(message.to_wire())
        return True

    async def unseat(self, code: int) -> None:
        """Say nothing any more."""
        _watch().leave(self)
        if self.flusher is not None:
            self.flusher.cancel()
        self.notices.clear()
        await self.close(code=code)


class _Watch:
    """The seated sockets of one event loop."""

    def __init__(self) -> None:
        self._sockets: set[SeatedConsumer] = set()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def enter(self, socket: SeatedConsumer) -> None:
        self._sockets.add(socket)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def leave(self, socket: SeatedConsumer) -> None:
        self._sockets.discard(socket)
        if not self._sockets and self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    def wake(self) -> None:
        self._woken.set()

    async def _run(self) -> None:
        while self._sockets:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), EVERY)
            self._woken.clear()
            try:
                await self._look()
            except Exception:
                # A database that is away: the next round asks again, and every save asks by itself.
                logger.exception("Who may still listen could not be read.")
                await asyncio.sleep(1)

    async def _look(self) -> None:
        seats = await _read_seats({socket.seat for socket in self._sockets if socket.seat is not None})
        for socket in list(self._sockets):
            try:
                if socket.seat in seats.ended:
                    await socket.unseat(seats.ended[socket.seat])
                elif socket.seat in seats.roles:
                    await socket.tell_role(seats.roles[socket.seat])
            except Exception:
                logger.debug("A page left before it was told.", exc_info=True)


# A task belongs to the event loop it was made in; a process of tests has one after the other.
_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watch] = WeakKeyDictionary()


def _watch() -> _Watch:
    loop = asyncio.get_running_loop()
    if loop not in _watches:
        _watches[loop] = _Watch()
    return _watches[loop]


def look_again() -> None:
    """Ask now who may still listen: somebody's rights changed."""
    _watch().wake()


@dataclass(frozen=True)
class Seats:
    """What is true of seats now.

    Attributes:
        ended: those whose right is gone, each with the code to close it with.
        roles: the others, each with the person's role in the dataset.
    """

    ended: dict[Seat | None, int]
    roles: dict[Seat | None, Role]


def look_at(seats: Collection[Seat]) -> Seats:
    """Return which seats stay, and with which role."""
    sessions = _find_sessions({seat.session_key for seat in seats if seat.session_key})
    people = {user.pk: user for user in User.objects.filter(pk__in={seat.user_id for seat in seats}, is_active=True)}
    members = Membership.objects.filter(user__in=people, dataset__in={seat.dataset_id for seat in seats})
    roles = {(user, dataset): Role(role) for user, dataset, role in members.values_list("user", "dataset", "role")}
    found = Seats({}, {})
    for seat in seats:
        user = people.get(seat.user_id)
        is_there = sessions is None or not seat.session_key or seat.session_key in sessions
        if user is None or not is_there or user.get_session_auth_hash() != seat.auth_hash:
            found.ended[seat] = SIGNED_OUT
        elif user.is_superuser:
            found.roles[seat] = Role.OWNER
        elif (user.pk, seat.dataset_id) in roles:
            found.roles[seat] = roles[user.pk, seat.dataset_id]
        else:
            found.ended[seat] = GONE
    return found


_read_seats = database_sync_to_async(look_at)


def _rights(dataset_id: int, role: Role) -> RightsNow:
    return RightsNow(dataset_id=dataset_id, role=role.value, **asdict(may_of(role)))


def _find_sessions(keys: Iterable[str]) -> set[str] | None:
    """Return which sessions are still there; `None` where they are not kept in the database."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if not hasattr(store, "get_model_class"):
        return None
    now: datetime = timezone.now()
    rows = store.get_model_class().objects.filter(session_key__in=list(keys), expire_date__gt=now)
    return set(rows.values_list("session_key", flat=True))
