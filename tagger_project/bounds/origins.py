"""Sockets open for the program's own pages alone: the same host, the same port, the same scheme.

Channels' own check compares hosts, not ports: a page of another program on this machine, on another port, would pass
it, and the browser would send our cookies along.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

Application = Callable[[Any, Any, Any], Awaitable[None]]
_PORTS = {"http": 80, "https": 443}


def same_origin(application: Application) -> Application:
    """Return the application that refuses (403) sockets of other origins, of `null`, and of none."""

    async def run(scope: Any, receive: Any, send: Any) -> None:
        if is_own(scope["headers"]):
            await application(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    return run


def is_own(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the page that asks came from where it asks, or from an origin that the settings trust."""
    origins = [value.decode("latin-1") for name, value in headers if name == b"origin"]
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    # Two of one kind are an attempt to show one to each reader.
    if len(origins) != 1 or len(hosts) != 1:
        return False
    if origins[0] in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        origin = urlsplit(origins[0])
        # A host has the port of the scheme that the page was read by.
        host = urlsplit(f"{origin.scheme}://{hosts[0]}")
        same = (origin.hostname, _port(origin)) == (host.hostname, _port(host))
    except ValueError:
        return False
    # As Django's check of forms has it: a TLS proxy is told of by BEHIND_TLS, or by CSRF_TRUSTED_ORIGINS.
    scheme = "https" if settings.SESSION_COOKIE_SECURE else "http"
    is_bare = origins[0] == f"{origin.scheme}://{origin.netloc}" and "@" not in origin.netloc
    return same and is_bare and origin.scheme == scheme and bool(origin.hostname)


def _port(parts: Any) -> int | None:
    return parts.port if parts.port is not None else _PORTS.get(parts.scheme)
