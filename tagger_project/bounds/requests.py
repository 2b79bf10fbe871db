"""How much, and how often: the size of a request, and how many of the costly ones in a minute.

Three doors are counted, each for a person, or for an address where nobody is signed in:

- `costly`: starts work that takes a worker's time (exports, versions, bulk actions, imports);
- `anonymous`: what answers without signing in and reads the database or the broker;
- `all`: every request but files, far above what anybody's hands can do.

The first two are counted in the cache, for all web processes together; where the cache is away
(tagger_project/falling_cache.py), and for `all`, whose every request must stay cheap, each process counts for itself.
"""

from __future__ import annotations

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
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tagger_project.api.problems import problem, problem_response
from tagger_project.bounds.bodies import most_bytes
from tagger_project.bounds.client_address import client_address

LENGTH_REQUIRED, TOO_LARGE, TOO_MANY = 411, 413, 429
MINUTE = 60
_MOST_REMEMBERED = 10_000

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
        if length and (not length.isascii() or not length.isdigit()):
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
        who = _who(request)
        for door in _doors(request):
            if wait := seconds_to_wait(door, who):
                return _too_many(request, wait)
        return self.get_response(request)


def _who(request: HttpRequest) -> str:
    user = request.user
    return f"person-{user.pk}" if user.is_authenticated else f"address-{client_address(request)}"


def _doors(request: HttpRequest) -> list[Door]:
    path = request.path_info
    if _FILES.match(path):
        return []
    doors = [Door("all", settings.REQUESTS_A_MINUTE)]
    if request.method not in _SAFE and _COSTLY.match(path):
        doors.append(Door("costly", settings.COSTLY_REQUESTS_A_MINUTE))
    if not request.user.is_authenticated and _ANONYMOUS.match(path):
        doors.append(Door("anonymous", settings.ANONYMOUS_REQUESTS_A_MINUTE))
    return doors


def seconds_to_wait(door: Door, who: str) -> int:
    """Count a request; returns 0 where it may pass, else the seconds until one may again. A limit of 0 is none."""
    if door.a_minute <= 0:
        return 0
    window, passed = divmod(time.time(), MINUTE)
    key = f"limit:{door.name}:{who}:{int(window)}"
    counter = _own if door.name == "all" else _shared
    return math.ceil(MINUTE - passed) if counter.add(key) > door.a_minute else 0


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


_own = _OwnCounter()
_shared = _SharedCounter()


def forget_counts() -> None:
    """Begin anew in this process."""
    _own.clear()
