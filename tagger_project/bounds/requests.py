"""How much, and how often: the size of a request, and how many of the costly ones in a minute.

Three doors are counted, each for a person (signed in, or behind an API token that works), else for an address:

- `costly`: starts work that takes a worker's time (exports, versions, bulk actions, imports);
- `anonymous`: what answers without signing in and reads the database or the broker;
- `all`: every request but files, far above what anybody's hands can do.

The first two are counted in the cache, for all web processes together; where the cache is away
(tagger_project/falling_cache.py), and for `all`, whose every request must stay cheap, each process counts for itself.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tagger_project.api.problems import problem, problem_response
from tagger_project.api.token_door import has_token, secret_of
from tagger_project.api.tokens import find_token
from tagger_project.auth import is_open
from tagger_project.bounds.bodies import most_bytes
from tagger_project.bounds.client_address import client_address

LENGTH_REQUIRED, TOO_LARGE, TOO_MANY = 411, 413, 429
MINUTE = 60
_MOST_REMEMBERED = 10_000

# Of more, Python reads no number from a text.
_MOST_DIGITS = 4000
_FILES = re.compile(r"/(files|static)/")
_COSTLY = re.compile(
    r"/api/v1/(datasets/\d+/(exports|versions|bulk|imports|lint-fixes)(/|$)|versions/\d+/(restore|fork)$"
    r"|changes/\d+/undo-job$)|/admin/.*/(import|export)/"
)
_ANONYMOUS = re.compile(r"/(readyz|login/|first/|api/v1/openapi\.json|account|invitations?)")
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}


@dataclass(frozen=True)
class Door:
    """What is counted together, and how many of it a minute may have."""

    name: str
    a_minute: int


class BodyLimitMiddleware:
    """Refuses a request that is too large (413), or does not say how large it is (411), before anybody reads it."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on what is small enough."""
        length = request.headers.get("Content-Length", "")
        if not length and "Transfer-Encoding" in request.headers:
            return refusal(request, LENGTH_REQUIRED, _("Say how long this request is: send it with a Content-Length."))
        if length and (not length.isascii() or not length.isdigit() or len(length) > _MOST_DIGITS):
            return refusal(request, 400, _("The Content-Length of this request is no number."))
        limit = most_bytes(request.path_info)
        if length and int(length) > limit:
            words = _("This is too large: %(limit)s KiB can be sent at once.") % {"limit": limit // 1024}
            return refusal(request, TOO_LARGE, words)
        return self.get_response(request)


class RateLimitMiddleware:
    """Answers 429 with `Retry-After` where somebody asks more than a person or a script of good manners does."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on what is not too much."""
        person = _person(request)
        who = _address_key(request) if person is None else f"person-{person}"
        for door in _doors(request, is_known=person is not None):
            if wait := seconds_to_wait(door, who):
                return _too_many(request, wait)
        return self.get_response(request)


def _address_key(request: HttpRequest) -> str:
    return f"address-{client_address(request)}"


def _person(request: HttpRequest) -> int | None:
    """Whom a request is counted for; `None` where that is its address.

    The token door decides later who comes in, and this only who is counted. So a token that is not known counts for
    the address, and one that this process has seen work is not looked up again for a minute.
    """
    if is_open() or not has_token(request) or not request.path_info.startswith("/api/"):
        return request.user.pk if request.user.is_authenticated else None
    secret = secret_of(request)
    known = _token_people.get(secret)
    # An address that asked too much is not worth a look into the database.
    if known is not None or is_over(_all_requests(), _address_key(request)):
        return known
    token = find_token(secret)
    if token is None or not token.is_usable(timezone.now()):
        return None
    _token_people.note(secret, token.user_id)
    return token.user_id


def _all_requests() -> Door:
    return Door("all", settings.REQUESTS_A_MINUTE)


def _doors(request: HttpRequest, *, is_known: bool) -> list[Door]:
    path = request.path_info
    if _FILES.match(path):
        return []
    doors = [_all_requests()]
    if request.method not in _SAFE and _COSTLY.match(path):
        doors.append(Door("costly", settings.COSTLY_REQUESTS_A_MINUTE))
    if not is_known and _ANONYMOUS.match(path):
        doors.append(Door("anonymous", settings.ANONYMOUS_REQUESTS_A_MINUTE))
    return doors


def seconds_to_wait(door: Door, who: str) -> int:
    """Count a request; returns 0 where it may pass, else the seconds until one may again. A limit of 0 is none."""
    if door.a_minute <= 0:
        return 0
    counter = _own if door.name == "all" else _shared
    return math.ceil(MINUTE - time.time() % MINUTE) if counter.add(_key(door, who)) > door.a_minute else 0


def is_over(door: Door, who: str) -> bool:
    """Whether somebody has asked as often in this minute as one may, as far as this process counts; counts nothing."""
    return 0 < door.a_minute <= _own.get(_key(door, who))


def _key(door: Door, who: str) -> str:
    return f"limit:{door.name}:{who}:{int(time.time() // MINUTE)}"


def _too_many(request: HttpRequest, wait: int) -> HttpResponse:
    words = ngettext(
        "That was a lot at once. Try again in %(count)s second.",
        "That was a lot at once. Try again in %(count)s seconds.",
        wait,
    ) % {"count": wait}
    response = refusal(request, TOO_MANY, words)
    response["Retry-After"] = str(wait)
    return response


def refusal(request: HttpRequest, status: int, words: str) -> HttpResponse:
    """Say no in the shape that the asking side reads: JSON to the API, a page to a person."""
    if request.path_info.startswith("/api/"):
        return problem_response(problem(status, words))
    return render(request, "refused.html", {"words": words, "code": status}, status=status)


class _OwnCounter:
    """Counts in this process."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = Lock()

    def add(self, key: str) -> int:
        with self._lock:
            if len(self._counts) >= _MOST_REMEMBERED:
                # Of this minute at most: who is forgotten begins anew, which is kinder than memory without end.
                self._counts.clear()
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key]

    def get(self, key: str) -> int:
        return self._counts.get(key, 0)

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()


class _SharedCounter:
    """Counts in the cache."""

    def add(self, key: str) -> int:
        cache.add(key, 0, timeout=2 * MINUTE)
        try:
            return int(cache.incr(key))
        except ValueError:
            # It ran out, or the cache went away or came back, between the two.
            return 1


class _TokenPeople:
    """Whose the tokens are that worked here in the last minute, by the sums of their secrets."""

    def __init__(self) -> None:
        self._people: dict[bytes, tuple[int, float]] = {}
        self._lock = Lock()

    def get(self, secret: str) -> int | None:
        person, until = self._people.get(_sum(secret), (None, 0.0))
        return person if time.monotonic() < until else None

    def note(self, secret: str, person: int) -> None:
        with self._lock:
            if len(self._people) >= _MOST_REMEMBERED:
                self._people.clear()
            self._people[_sum(secret)] = (person, time.monotonic() + MINUTE)

    def clear(self) -> None:
        with self._lock:
            self._people.clear()


def _sum(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


_own = _OwnCounter()
_shared = _SharedCounter()
_token_people = _TokenPeople()


def forget_counts() -> None:
    """Begin anew in this process."""
    _own.clear()
    _token_people.clear()
