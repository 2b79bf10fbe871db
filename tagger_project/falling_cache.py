"""The cache, and what stands in for it while it is away: a memory of this process.

What is counted in the cache are doors: guesses at passwords, codes and tokens, and codes that were used. A door must
neither fall shut with an error nor stand open because nobody counts. So each process counts for itself until the cache
answers again: however long that takes, a limit holds, once in each process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# So long nobody asks again: a broker that swallows what it is sent costs each question two seconds.
REST_SECONDS = 10.0
_MOST_REMEMBERED = 20_000

# By address, when it may be asked again; a cache object is made for each thread, and all of them rest together.
_rests_until: dict[str, float] = {}


class FallingBackCache(BaseCache):
    """Redis, and the memory of this process while that is away. What is in the one is not in the other."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._server = server
        self._shared = RedisCache(server, params)
        own = {**params, "OPTIONS": {"MAX_ENTRIES": _MOST_REMEMBERED}}
        self._own = LocMemCache(f"instead of {server}", own)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set a value where there is none."""
        return bool(self._ask("add", key, value, timeout=timeout, version=version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return a value."""
        return self._ask("get", key, default, version=version)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Set a value."""
        self._ask("set", key, value, timeout=timeout, version=version)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Let a value live longer."""
        return bool(self._ask("touch", key, timeout=timeout, version=version))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Remove a value."""
        return bool(self._ask("delete", key, version=version))

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Whether there is a value."""
        return bool(self._ask("has_key", key, version=version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number in one step; `ValueError` where there is none."""
        return int(self._ask("incr", key, delta, version=version))

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        """Return the values that there are."""
        found: dict[str, Any] = self._ask("get_many", list(keys), version=version)
        return found

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        """Set values; returns those that could not be set."""
        left: list[str] = self._ask("set_many", dict(data), timeout=timeout, version=version)
        return left

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        """Remove values."""
        self._ask("delete_many", list(keys), version=version)

    def clear(self) -> None:
        """Remove all, here and there."""
        self._own.clear()
        self._ask("clear")

    def _ask(self, name: str, *args: Any, **facts: Any) -> Any:
        if time.monotonic() >= _rests_until.get(self._server, float("-inf")):
            try:
                return getattr(self._shared, name)(*args, **facts)
            except (RedisError, OSError) as error:
                _rests_until[self._server] = time.monotonic() + REST_SECONDS
                logger.warning("The cache does not answer (%s): this process counts by itself.", error)
        return getattr(self._own, name)(*args, **facts)
