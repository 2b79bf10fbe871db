"""`/healthz`: this process answers. `/readyz`: all that it needs does too, and the tables are this version's."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Callable

from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from tagger_project.bucket import get_bucket
from tagger_project.schema import check_schema

LAYER_SECONDS = 2.0

logger = logging.getLogger(__name__)


class NoWorker(Exception):
    """No worker answered."""


def check_database() -> None:
    """Ask the database for nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_broker() -> None:
    """Write and read one key."""
    # Not the cache that doors count in, which answers from memory where the broker is away.
    caches["broker"].set("health", "1", timeout=10)
    caches["broker"].get("health")


def check_layer() -> None:
    """Send a message to a channel of our own and hear it."""
    layer = get_channel_layer()

    async def send_and_hear() -> None:
        if layer is not None:
            channel = await layer.new_channel("health.")
            await layer.send(channel, {"type": "health"})
            await layer.receive(channel)

    async def in_time() -> None:
        # Sending too: a broker that takes a connection and says nothing would hold it up for half a minute.
        await asyncio.wait_for(send_and_hear(), LAYER_SECONDS)

    async_to_sync(in_time)()


def check_storage() -> None:
    """Write a file into the data folder."""
    with tempfile.NamedTemporaryFile(dir=settings.DATA_DIR, prefix=".health-") as file:
        file.write(b"1")
        file.flush()
        os.fsync(file.fileno())


def check_workers() -> None:
    """Ask for a sign of life of at least one worker.

    Raises:
        NoWorker: none answered within a second.
    """
    if not current_app.control.ping(timeout=1.0, limit=1):
        raise NoWorker("No worker answered within a second.")


def check_bucket() -> None:
    """Ask the bucket for the first name in it; where there is none, nothing."""
    bucket = get_bucket()
    if bucket is not None:
        next(bucket.listed("", at_once=1), None)


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_schema,
    "broker": check_broker,
    "layer": check_layer,
    "storage": check_storage,
    "workers": check_workers,
}
# What goes through a part that does not answer is not asked: each would wait for the same silence once more, and who
# asks every few seconds would hold up all threads of a website.
THROUGH = {"migrations": "database", "layer": "broker", "workers": "broker"}


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer at once."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 where everything answers, else 503 with what does not."""
    state: dict[str, str] = {}
    checks = {**CHECKS, "bucket": check_bucket} if settings.BUCKET is not None else CHECKS
    for name, check in checks.items():
        if state.get(THROUGH.get(name, ""), "ok") != "ok":
            state[name] = "no answer"
            continue
        try:
            check()
        except Exception:
            logger.warning("Not ready: %s.", name, exc_info=True)
            state[name] = "no answer"
        else:
            state[name] = "ok"
    return JsonResponse(state, status=200 if set(state.values()) == {"ok"} else 503)
