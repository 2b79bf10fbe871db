"""The address of the browser behind a request: what limits go by."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The browser's address, as the outermost proxy of ours saw it; a network's first address for IPv6.

    Every proxy of ours adds the address it was called from to X-Forwarded-For. What stands further left was written
    by whoever called, and is believed by nobody. With no proxies, or an untrue header, it is who holds the connection.
    """
    found = str(request.META.get("REMOTE_ADDR") or "")
    proxies = int(settings.TRUSTED_PROXIES)
    if proxies > 0:
        named = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        found = named[-proxies] if len(named) >= proxies and named[-proxies] else found
    return _whole_network(found)


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
