"""How often somebody may guess a password: five times in a quarter of an hour, then twice as long a wait each time.

Guesses are counted for an account and an address together, so that nobody can lock somebody else out from elsewhere,
and for an account from everywhere, so that many addresses are no way around. A browser in which a person has signed in
before carries a token and is counted apart: the owner gets in while somebody else guesses. Codes of second factors are
counted in the same way, for an account from everywhere: who guesses them has its password already.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import time
import unicodedata
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tagger_project.bounds.client_address import client_address

GUESSES = 5
# From all addresses together; a team behind one address has more than one person who forgets.
GUESSES_FROM_EVERYWHERE = 50
WINDOW = 15 * 60
LONGEST_WAIT = 24 * 3600
DEVICE_COOKIE = "known_device"
DEVICE_SECONDS = 180 * 24 * 3600
_SALT = "tagger_project.accounts.known-device"


@dataclass(frozen=True)
class Bucket:
    """What is counted together.

    Attributes:
        name: a key of the cache; holds nobody's name in the clear.
        most: guesses that are free.
    """

    name: str
    most: int

    def seconds_to_wait(self) -> int:
        """How long nothing more is heard; 0 where a guess is free. Counts the guess."""
        now = time.time()
        until = float(cache.get(f"{self.name}:until") or 0)
        if until > now:
            return math.ceil(until - now)
        cache.add(f"{self.name}:guesses", 0, WINDOW)
        try:
            # Counted before it is checked: a hundred guesses at once are a hundred.
            guesses: int = cache.incr(f"{self.name}:guesses")
        except ValueError:  # it ran out this very moment
            return 0
        if guesses <= self.most:
            return 0
        return self._shut(now)

    def forget(self) -> None:
        """It was no guess: the password is right."""
        cache.delete_many([f"{self.name}:{part}" for part in ("guesses", "until", "times")])

    def _shut(self, now: float) -> int:
        cache.add(f"{self.name}:times", 0, LONGEST_WAIT * 2)
        try:
            times: int = cache.incr(f"{self.name}:times")
        except ValueError:  # the cache went away, or came back, between the two
            times = 1
        wait: int = min(WINDOW * 2 ** (times - 1), LONGEST_WAIT)
        cache.set(f"{self.name}:until", now + wait, wait)
        cache.delete(f"{self.name}:guesses")
        return wait


def buckets(request: HttpRequest, name: str) -> list[Bucket]:
    """What a guess at an account counts for."""
    account = _account(name)
    if device := _known_device(request, account):
        return [_bucket("device", account, device, most=GUESSES)]
    return [
        _bucket("address", account, client_address(request), most=GUESSES),
        _bucket("everywhere", account, most=GUESSES_FROM_EVERYWHERE),
    ]


def code_buckets(request: HttpRequest, name: str) -> list[Bucket]:
    """What a guess at a code of an account's second factor counts for."""
    account = _account(name)
    if device := _known_device(request, account):
        return [_bucket("code on device", account, device, most=GUESSES)]
    return [_bucket("code", account, most=GUESSES)]


def know_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Remember in a browser that this person has signed in there."""
    account = _account(user.get_username())
    response.set_signed_cookie(
        DEVICE_COOKIE,
        f"{_known_device(request, account) or secrets.token_urlsafe(12)}:{_digest(account)}",
        salt=_SALT,
        max_age=DEVICE_SECONDS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def too_many(request: HttpRequest, seconds: int = 60) -> HttpResponse:
    """The page that asks for patience, with the time it takes."""
    response = render(request, "429.html", {"minutes": math.ceil(seconds / 60)}, status=429)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response


def _account(name: str) -> str:
    # Upper case first: PostgreSQL compares names by it, and “ı” has the capital of “i” there.
    return unicodedata.normalize("NFKC", name).upper().casefold()


def _known_device(request: HttpRequest, account: str) -> str:
    cookie = request.get_signed_cookie(DEVICE_COOKIE, default="", salt=_SALT, max_age=DEVICE_SECONDS) or ""
    device, _, digest = cookie.partition(":")
    return device if digest == _digest(account) else ""


def _bucket(*parts: str, most: int) -> Bucket:
    return Bucket(f"sign-in:{_digest(*parts)}", most)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
