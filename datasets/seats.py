"""Who may still listen: those behind open sockets are asked for again every few seconds, all of a process at once.

A socket asks for leave when it is opened. A right that is taken away afterwards (a membership, an account, a session)
closes it: at once where a notice tells of it, and else within `EVERY` seconds, whatever took it away. However many
sockets there are, a round is three queries.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from datasets.models import Membership
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
        ended = await _read_ended({socket.seat for socket in self._sockets if socket.seat is not None})
        for socket in [socket for socket in self._sockets if socket.seat in ended]:
            try:
                await socket.unseat(ended[socket.seat])
            except Exception:
                logger.debug("A page left before it was closed.", exc_info=True)


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


def find_ended(seats: Collection[Seat]) -> dict[Seat | None, int]:
    """Return the seats whose right is gone, each with the code to close it with."""
    sessions = _find_sessions({seat.session_key for seat in seats if seat.session_key})
    people = {user.pk: user for user in User.objects.filter(pk__in={seat.user_id for seat in seats}, is_active=True)}
    members = set(
        Membership.objects.filter(user__in=people, dataset__in={seat.dataset_id for seat in seats}).values_list(
            "user", "dataset"
        )
    )
    ended: dict[Seat | None, int] = {}
    for seat in seats:
        user = people.get(seat.user_id)
        is_there = sessions is None or not seat.session_key or seat.session_key in sessions
        if user is None or not is_there or user.get_session_auth_hash() != seat.auth_hash:
            ended[seat] = SIGNED_OUT
        elif not user.is_superuser and (user.pk, seat.dataset_id) not in members:
            ended[seat] = GONE
    return ended


_read_ended = database_sync_to_async(find_ended)


def _find_sessions(keys: Iterable[str]) -> set[str] | None:
    """Return which sessions are still there; `None` where they are not kept in the database."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if not hasattr(store, "get_model_class"):
        return None
    now: datetime = timezone.now()
    rows = store.get_model_class().objects.filter(session_key__in=list(keys), expire_date__gt=now)
    return set(rows.values_list("session_key", flat=True))
