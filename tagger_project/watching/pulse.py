"""Each worker writes down every few seconds that it lives; the numbers for Prometheus tell how long ago that was."""

from __future__ import annotations

import logging
import time
from typing import Any

import redis
from celery import bootsteps
from django.conf import settings

from tagger_project.broker import CACHE_DB, redis_py_url

SECONDS = 5.0
# A worker that was silent for so long was taken away on purpose.
FORGET_SECONDS = 3600.0
_KEY = "tagger:pulse"

logger = logging.getLogger(__name__)


def _broker() -> redis.Redis:
    address = redis_py_url(settings.BROKER_URL, CACHE_DB)
    return redis.Redis.from_url(address, socket_timeout=2, socket_connect_timeout=2)


def beat(name: str) -> None:
    """Write down that this worker lives; where the broker is away nobody hears of it, and the age tells."""
    try:
        with _broker() as broker:
            broker.zadd(_KEY, {name: time.time()})
            broker.expire(_KEY, int(FORGET_SECONDS))
    except redis.RedisError as error:
        logger.debug("The pulse of %s was not written down: %s", name, error)


def ages() -> dict[str, float]:
    """Return the seconds since each worker's last pulse, of those that ended without a word too.

    Raises:
        RedisError: the broker is away.
    """
    now = time.time()
    with _broker() as broker:
        broker.zremrangebyscore(_KEY, "-inf", now - FORGET_SECONDS)
        found: Any = broker.zrange(_KEY, 0, -1, withscores=True)
    return {name.decode(): max(0.0, now - at) for name, at in found}


class Pulse(bootsteps.StartStopStep):
    """The worker's step that beats, in the process that watches over the others."""

    requires = ("celery.worker.components:Timer",)
    timer: Any = None

    def start(self, worker: Any) -> None:
        """Begin with a first beat."""
        beat(worker.hostname)
        self.timer = worker.timer.call_repeatedly(SECONDS, beat, (worker.hostname,), priority=10)

    def stop(self, worker: Any) -> None:
        """Say that this worker ended as it should: nobody waits for it."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        try:
            with _broker() as broker:
                broker.zrem(_KEY, worker.hostname)
        except redis.RedisError as error:
            logger.debug("The end of %s was not written down: %s", worker.hostname, error)
