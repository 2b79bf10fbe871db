"""Which names and addresses are reached from this machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def is_local_name(name: str) -> bool:
    """Whether a host name (as in `ALLOWED_HOSTS`, without a port) means this machine by itself, asking nobody."""
    bare = name.strip("[]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def foreign_names(names: Iterable[str]) -> list[str]:
    """Those of the names that may mean another machine, or this one as others see it."""
    return [name for name in names if not is_local_name(name)]
