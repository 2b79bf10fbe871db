"""How many sockets one may hold, and how much may be said through one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from tagger_project.auth import person_in_scope
from tagger_project.bounds.client_address import client_address_in_scope

Application = Callable[[Any, Any, Any], Awaitable[None]]

# A page says how much it has seen: a few words a second at the most.
MESSAGES_A_SECOND = 20
MESSAGES_AT_ONCE = 100
MESSAGE_BYTES = 64 * 1024

_open: Counter[str] = Counter()


class Allowance:
    """So many words at once, and so many more each second."""

    def __init__(self, *, at_once: int = MESSAGES_AT_ONCE, a_second: float = MESSAGES_A_SECOND) -> None:
        self._at_once = float(at_once)
        self._a_second = a_second
        self._left = self._at_once
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Whether one more is allowed at this moment."""
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._left = min(self._at_once, self._left + passed * self._a_second)
        if self._left < 1:
            return False
        self._left -= 1
        return True


def bounded(application: Application) -> Application:
    """Return the application that refuses (403) a socket more than a person, or an address, may hold."""

    async def run(scope: Any, receive: Any, send: Any) -> None:
        holders = _holders(scope)
        if any(limit and _open[holder] >= limit for holder, limit in holders):
            await send({"type": "websocket.close"})
            return
        for holder, _ in holders:
            _open[holder] += 1
        try:
            await application(scope, receive, send)
        finally:
            for holder, _ in holders:
                _open[holder] -= 1
                if _open[holder] <= 0:
                    del _open[holder]

    return run


def _holders(scope: Any) -> list[tuple[str, int]]:
    """Whose sockets these are, and how many each may have."""
    holders = []
    person = person_in_scope(scope)
    if person is not None:
        holders.append((f"person-{person.pk}", settings.SOCKETS_A_PERSON))
    if address := client_address_in_scope(scope):
        holders.append((f"address-{address}", settings.SOCKETS_AN_ADDRESS))
    return holders
