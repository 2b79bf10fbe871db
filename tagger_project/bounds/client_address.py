"""The address of the browser behind a request or a socket: what limits go by, and the only place that finds it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The browser's address, as the outermost proxy of ours saw it; a network's first address for IPv6.

    Every proxy of ours adds the address it was called from to X-Forwarded-For. What stands further left was written
    by whoever called, and is believed by nobody. With no proxies, or an untrue header, it is who holds the connection.
    """
    return _seen(str(request.META.get("REMOTE_ADDR") or ""), request.headers.get("X-Forwarded-For", ""))


def client_address_in_scope(scope: Mapping[str, Any]) -> str:
    """The same of a socket; empty where the server knows no address."""
    return _seen(*_of_scope(scope))


def is_from_elsewhere(request: HttpRequest) -> bool:
    """Whether another machine asks, as far as anybody can tell who is asked."""
    holder = str(request.META.get("REMOTE_ADDR") or "")
    return _is_foreign(_outermost(holder, request.headers.get("X-Forwarded-For", "")))


def is_from_elsewhere_in_scope(scope: Mapping[str, Any]) -> bool:
    """The same of a socket."""
    return _is_foreign(_outermost(*_of_scope(scope)))


def _is_foreign(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return bool(address)  # without one it is a socket file of this machine
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return not (mapped or parsed).is_loopback


def _of_scope(scope: Mapping[str, Any]) -> tuple[str, str]:
    lines = [value.decode("latin-1") for name, value in scope.get("headers", []) if name == b"x-forwarded-for"]
    return str((scope.get("client") or [""])[0] or ""), ",".join(lines)


def _seen(holder: str, forwarded: str) -> str:
    return _whole_network(_outermost(holder, forwarded))


def _outermost(holder: str, forwarded: str) -> str:
    """The address that the outermost proxy of ours was called from; `holder` is who holds the connection to us."""
    proxies = int(settings.TRUSTED_PROXIES)
    if proxies > 0:
        named = [part.strip() for part in forwarded.split(",")]
        holder = named[-proxies] if len(named) >= proxies and named[-proxies] else holder
    return holder


def _whole_network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        # A household has 2^64 addresses: one each is no limit.
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)
