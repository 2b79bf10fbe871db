"""The door for API tokens: who comes with one, what it opens, and how often one may try a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tagger_project.api.problems import problem, problem_of_type, problem_response
from tagger_project.api.tokens import find_token, note_use
from tagger_project.auth import is_open
from tagger_project.bounds.client_address import client_address
from tagger_project.models import ApiToken
from tagger_project.models.api_token import Scope

# Files that the API's answers name; pages, sockets and the admin know no tokens.
FILES = {
    "datasets:thumbnail": Scope.READ,
    "datasets:preview": Scope.READ,
    "datasets:original": Scope.READ,
    "datasets:picture_thumbnail": Scope.READ,
    "tagging:export_file": Scope.EXPORT,
}

MOST_WRONG = 10
_WITHIN_SECONDS = 15 * 60
_FIRST_WAIT_SECONDS = 15 * 60
_LONGEST_WAIT_SECONDS = 24 * 3600
_KNOWN_SECONDS = 30 * 24 * 3600


def has_token(request: HttpRequest) -> bool:
    """Whether a request brings a token, good or bad.

    No form and no other site can set this header, so such a request needs no CSRF token.
    """
    return request.headers.get("Authorization", "")[:7].lower() == "bearer "


def secret_of(request: HttpRequest) -> str:
    """Return the token that a request brings, as it stands there."""
    return request.headers["Authorization"][7:].strip()


def token_of(request: HttpRequest) -> ApiToken | None:
    """Return the token that let a request in; `None` for sessions and in open mode."""
    token = getattr(request, "token", None)
    return token if isinstance(token, ApiToken) else None


def missing_scope(scope: str) -> dict[str, Any]:
    """Return the problem of a token that was not made for this."""
    detail = _("This token was not made for this: it lacks the scope “%(scope)s”. Make one that has it.")
    return problem_of_type("missing-scope", _("Missing scope"), 403, detail % {"scope": scope}, scope=scope)


class TokenMiddleware:
    """Signs in who brings a token, for the API and the files it names. In open mode tokens are not looked at."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass it on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], *args: Any, **kwargs: Any
    ) -> HttpResponseBase | None:
        """Let the request through, or answer 401, 403 or 429."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        if is_open() or not has_token(request):
            return None
        if name not in FILES and not request.path.startswith(reverse("api-1:api-root")):
            return None
        tries = _Tries(request)
        token = find_token(secret_of(request))
        if tries.are_over(token):
            return _too_often(tries)
        if token is None or not token.is_usable(timezone.now()):
            tries.note_wrong()
            return _refuse(token)
        tries.note_right(token)
        note_use(token)
        request.user = token.user
        request.token = token  # type: ignore[attr-defined]
        if name in FILES and (FILES[name] not in token.scopes or request.method not in {"GET", "HEAD"}):
            return problem_response(missing_scope(FILES[name]))
        return None


def _refuse(token: ApiToken | None) -> HttpResponse:
    if token is None:
        detail = _("This token is not known. Look whether all of it was copied, or make a new one.")
    elif token.revoked_at is not None:
        detail = _("This token was revoked. Make a new one on the page “API tokens”.")
    elif not token.user.is_active:
        detail = _("The account of this token is switched off. Ask who looks after this server.")
    else:
        detail = _("This token has expired. Make a new one on the page “API tokens”.")
    answer = problem_response(problem(401, detail))
    answer["WWW-Authenticate"] = 'Bearer realm="Dataset tagger", error="invalid_token"'
    return answer


def _too_often(tries: _Tries) -> HttpResponse:
    detail = _("Too many wrong tokens came from this address. Wait as long as the Retry-After header says.")
    answer = problem_response(problem(429, detail))
    answer["Retry-After"] = str(tries.seconds_left())
    return answer


class _Tries:
    """The wrong tokens of one address: ten in a quarter of an hour, then a wait that doubles each time.

    A token that worked from this address before works on, so that one broken script locks nobody else out.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._address = client_address(request)

    def are_over(self, token: ApiToken | None) -> bool:
        """Whether this address has to wait."""
        if cache.get(self._key("shut")) is None:
            return False
        return token is None or cache.get(self._key(f"known:{token.pk}")) is None

    def seconds_left(self) -> int:
        """Return how long."""
        until = float(cache.get(self._key("shut")) or 0)
        return max(1, round(until - timezone.now().timestamp()))

    def note_wrong(self) -> None:
        """Count one more."""
        cache.add(self._key("wrong"), 0, _WITHIN_SECONDS)
        try:
            if cache.incr(self._key("wrong")) < MOST_WRONG:
                return
        except ValueError:  # it ran out, or the cache went away or came back, between the two
            return
        cache.delete(self._key("wrong"))
        times = int(cache.get(self._key("times")) or 0)
        wait = min(_FIRST_WAIT_SECONDS * 2**times, _LONGEST_WAIT_SECONDS)
        cache.set(self._key("shut"), timezone.now().timestamp() + wait, wait)
        cache.set(self._key("times"), times + 1, _LONGEST_WAIT_SECONDS)

    def note_right(self, token: ApiToken) -> None:
        """Remember that this address has a token that works; no oftener than its use is noted."""
        if token.last_used_at is None or (timezone.now() - token.last_used_at).total_seconds() >= 60:
            cache.set(self._key(f"known:{token.pk}"), 1, _KNOWN_SECONDS)

    def _key(self, what: str) -> str:
        return f"token-tries:{self._address}:{what}"
