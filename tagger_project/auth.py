"""Who is asking: the one switch between open mode and password mode.

Open mode has no login: people are anonymous, and what they do is recorded without a name. Only the admin needs an
account row to work with; there the local owner is assumed. Password mode asks everyone to sign in, for every page,
file, API call and socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from ninja.security import APIKeyCookie

LOCAL_OWNER = "local-owner"


def is_open() -> bool:
    """Whether the program runs without logins."""
    return bool(settings.AUTH_MODE == "open")


def person(request: HttpRequest) -> User | None:
    """The signed-in person, or `None` in open mode: what services take as `by`."""
    user = request.user
    return user if isinstance(user, User) and not is_open() else None


def person_in_scope(scope: Mapping[str, Any]) -> User | None:
    """The signed-in person behind a socket; `None` where nobody signed in."""
    user = scope.get("user")
    return user if isinstance(user, User) and not is_open() else None


def may_connect(scope: Mapping[str, Any]) -> bool:
    """Whether a socket may be opened at all; what it may see is the consumer's question."""
    return is_open() or person_in_scope(scope) is not None


class AuthModeMiddleware(LoginRequiredMiddleware):
    """Asks for a login in password mode; lends the admin its local owner in open mode."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], *args: Any, **kwargs: Any
    ) -> HttpResponseBase | None:
        """Let the request through, or answer with the login page."""
        if is_open():
            if request.path.startswith(reverse("admin:index")) and not request.user.is_authenticated:
                request.user = get_user_model().objects.filter(username=LOCAL_OWNER).first() or request.user
            return None
        is_description = request.path == reverse("api-1:openapi-json")
        if request.path.startswith(reverse("api-1:api-root")) and not is_description:
            return None  # the API answers 401 by itself: a redirect to a page is no answer for a script
        response: HttpResponseBase | None = super().process_view(request, view_func, *args, **kwargs)
        return response


class SessionOrOpen(APIKeyCookie):
    """The API's door: a signed-in session, or anyone in open mode; always with the CSRF check of the pages."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> object | None:
        """Return something true for who may come in."""
        if is_open():
            return LOCAL_OWNER
        return request.user if request.user.is_authenticated else None
