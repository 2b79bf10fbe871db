"""Who is asking: the one switch between open mode and the modes with accounts.

Open mode has no login: people are anonymous, and what they do is recorded without a name. Only the admin needs an
account row to work with; there the local owner is assumed. Password mode asks everyone to sign in, for every page,
file, API call and socket; so does the mode in which an OpenID Connect provider says who people are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from ninja.security import APIKeyCookie

from tagger_project.bounds.client_address import is_from_elsewhere, is_from_elsewhere_in_scope

LOCAL_OWNER = "local-owner"


def is_open() -> bool:
    """Whether the program runs without logins."""
    return bool(settings.AUTH_MODE == "open")


def has_passwords() -> bool:
    """Whether accounts have passwords, second factors and passkeys here."""
    return bool(settings.AUTH_MODE == "password")


def has_provider() -> bool:
    """Whether a provider says who people are."""
    return bool(settings.AUTH_MODE == "oidc")


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
    if is_open():
        return settings.OPEN_TO_NETWORK or not is_from_elsewhere_in_scope(scope)
    return person_in_scope(scope) is not None


# Account pages by the first word of their name, and which mode has them.
_OF_ACCOUNTS = ("account_", "mfa_", "usersessions_", "socialaccount_", "openid_connect_", "first_account")
_OF_PASSWORDS = ("mfa_", "account_")
_OF_THE_PROVIDER = ("socialaccount_", "openid_connect_")
_OF_BOTH = frozenset({"account_login", "account_logout", "account_inactive"})


# Forms take PUT as POST, and pages of allauth lead elsewhere whatever is asked: nobody asks them for anything else.
_ASKED_OF_ACCOUNTS = ("GET", "HEAD", "POST", "OPTIONS")


def is_of_accounts(found: ResolverMatch) -> bool:
    """Whether an address is a page of accounts; the admin's tables of accounts are in a namespace of its own."""
    return bool(found.url_name and not found.namespaces and found.url_name.startswith(_OF_ACCOUNTS))


def is_shut(page: str) -> bool:
    """Whether a page of accounts, by its name, belongs to another mode than this one."""
    if not page.startswith(_OF_ACCOUNTS) or page in _OF_BOTH:
        return is_open() and page.startswith(_OF_ACCOUNTS)
    if is_open():
        return True
    return page.startswith(_OF_THE_PROVIDER if has_passwords() else _OF_PASSWORDS)


def is_foreign_origin(request: HttpRequest) -> bool:
    """Whether a page of another site asks, as browsers tell."""
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.get_host()}"
    return origin is not None and origin != own and origin not in settings.CSRF_TRUSTED_ORIGINS


class AuthModeMiddleware(LoginRequiredMiddleware):
    """Asks for a login where there are accounts; lends the admin its local owner in open mode."""

    def process_request(self, request: HttpRequest) -> None:
        """Refuse a page of another site, and another machine, in open mode: no login stands before the pictures.

        Servers that the program does not start itself listen where they are told; the name they are asked by is
        whatever the other machine writes.

        Raises:
            BadRequest: it is one of them.
        """
        if is_open() and not settings.OPEN_TO_NETWORK and is_from_elsewhere(request):
            raise BadRequest("Another machine asks, and OPEN_TO_NETWORK is off.")
        if is_open() and is_foreign_origin(request):
            raise BadRequest(f"Origin {request.headers['Origin']!r} is not this program's.")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Keep what a signed-in person sees out of every cache, unless the answer says what may be kept."""
        if is_open() or response.has_header("Cache-Control") or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return response
        if response.get("Content-Type", "").startswith(("text/html", "application/json")):
            response["Cache-Control"] = "no-store"
        return response

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], *args: Any, **kwargs: Any
    ) -> HttpResponseBase | None:
        """Let the request through, or answer with the login page.

        Raises:
            Http404: the page belongs to another mode.
        """
        found = request.resolver_match
        if found and is_of_accounts(found) and is_shut(str(found.url_name)):
            if is_open():
                return redirect("datasets:list")
            raise Http404
        if is_open():
            if request.path.startswith(reverse("admin:index")) and not request.user.is_authenticated:
                request.user = get_user_model().objects.filter(username=LOCAL_OWNER).first() or request.user
            return None
        is_description = request.path == reverse("api-1:openapi-json")
        if request.path.startswith(reverse("api-1:api-root")) and not is_description:
            return None  # the API answers 401 by itself: a redirect to a page is no answer for a script
        response: HttpResponseBase | None = super().process_view(request, view_func, *args, **kwargs)
        if response is None and found and is_of_accounts(found) and request.method not in _ASKED_OF_ACCOUNTS:
            return HttpResponseNotAllowed(_ASKED_OF_ACCOUNTS)
        return response


class SessionOrOpen(APIKeyCookie):
    """The API's door: a signed-in session, or anyone in open mode; always with the CSRF check of the pages."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> object | None:
        """Return something true for who may come in."""
        if is_open():
            return LOCAL_OWNER
        return request.user if request.user.is_authenticated else None
