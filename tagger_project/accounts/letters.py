"""Letters about accounts. They are written by workers: how long one takes would tell the browser who has an account."""

from __future__ import annotations

from io import BytesIO

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core import context
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest

from tagger_project import auth


def send_reset_letter(email: str, *, scheme: str, host: str) -> None:
    """Send what resets a lost password to whoever has this address; who has no account is told that.

    Args:
        email: as somebody typed it.
        scheme: of the page it was asked for on.
        host: of that page; was checked there.
    """
    if not settings.EMAIL_URL or not auth.has_passwords():
        return
    users = filter_users_by_email(email, is_active=True, prefer_verified=True, for_login=True)
    request = _request(scheme, host)
    with context.request_context(request):
        request_password_reset(request, email, users, default_token_generator)


def _request(scheme: str, host: str) -> HttpRequest:
    # The links in a letter are made from the request that led to it.
    return WSGIRequest(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/",
            "wsgi.url_scheme": scheme,
            "wsgi.input": BytesIO(),
            "HTTP_HOST": host,
        }
        | ({"HTTP_X_FORWARDED_PROTO": scheme} if settings.SECURE_PROXY_SSL_HEADER else {})
    )
