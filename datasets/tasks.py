"""Celery's doors to the import: load by id, one service call, what follows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from celery import current_app, shared_task
from kombu.exceptions import ChannelError, OperationalError
from redis.exceptions import RedisError

from datasets.services import processing
from datasets.services.blobs import free_unneeded_blobs
from datasets.services.evicting import evict_least_used
from datasets.services.sweeping import finish_complete_imports, give_up_abandoned_imports, remove_leftovers
from datasets.services.trash import purge_expired
from tagger_project.bucket import BucketAway
from tagger_project.full_disk import full_disk_is_told
from tagger_project.outage import outage

logger = logging.getLogger(__name__)

# As in settings.CELERY_TASK_ROUTES: what else there is to do never stands in one line with pictures.
PICTURES_QUEUE = "pictures"
# A connection that was never made, one that broke, and what the client itself says of both.
NO_ANSWER = (OperationalError, RedisError, OSError)
_FILES_WAIT = "what waits for a worker waits until there is room."
_IMAGES_A_PURGE = 2000
_SECONDS_A_FREEING = 10.0
_SECONDS_AN_EVICTION = 30.0
# With two pictures that take all the time they may have on top, this stays under CELERY_TASK_TIME_LIMIT.
_SECONDS_A_MESSAGE = 10.0


@shared_task(name="datasets.process_items")
def process_items(**_: Any) -> None:
    """Take waiting files to their end for some seconds; safe to run twice and beside itself.

    The message says only that there is work: what it is stands in the database. So there is never more than a handful
    of messages, and one that is lost loses nothing.
    """
    # Of a bucket that is away its own line is in the log; the sweep wakes a worker until it is back.
    with full_disk_is_told(logger, _FILES_WAIT), suppress(BucketAway):
        if processing.count_waiting(most=2) > 1:
            wake_worker()  # another one, if there is one that sleeps
        processing.process_waiting(most_seconds=_SECONDS_A_MESSAGE)
        finish_complete_imports()
        if processing.count_waiting(most=1):
            wake_worker()


@shared_task(name="datasets.requeue_stale_items")
def requeue_stale_items(*, restart: bool = False, **_: Any) -> bool:
    """Wake a worker for what a lost message or a dead worker left behind; returns whether there was anything.

    `restart` says that no worker runs: every claim is a dead one's.
    """
    found = False
    with full_disk_is_told(logger, _FILES_WAIT):
        if restart:
            processing.release_claims_of_the_dead()
        found = processing.count_waiting(most=1) > 0
        if found:
            wake_worker()
        finish_complete_imports()
        if restart:
            remove_leftovers()
    return found


@shared_task(name="datasets.purge_trash")
def purge_trash(**_: Any) -> int:
    """Delete for ever what has been in the trash for its days, some at a time; returns how many images."""
    deleted = purge_expired(most=_IMAGES_A_PURGE)
    if deleted == _IMAGES_A_PURGE:
        _hint(purge_trash.delay, "The next hourly sweep goes on with the trash.")
    return deleted


@shared_task(name="datasets.free_blobs")
def free_blobs(*, first_shard: int = 0, **_: Any) -> int:
    """Remove the files of pictures that nothing needs, a slice a message; returns how many pictures."""
    freed = free_unneeded_blobs(first_shard=first_shard, seconds=_SECONDS_A_FREEING)
    if freed.next_shard is not None:
        _hint(partial(free_blobs.delay, first_shard=freed.next_shard), "The next hourly sweep begins anew.")
    return freed.pictures


@shared_task(name="datasets.evict_copies")
def evict_copies(**_: Any) -> int:
    """Remove local copies of what the bucket has, above S3_CACHE_BYTES, the least used first; returns how many."""
    return evict_least_used(seconds=_SECONDS_AN_EVICTION)


@shared_task(name="datasets.sweep_leftovers")
def sweep_leftovers(**_: Any) -> int:
    """Give up imports that nobody sends to any more, and remove files that deaths left behind; returns how many."""
    give_up_abandoned_imports()
    return remove_leftovers()


def wake_worker() -> bool:
    """Send a worker a message that files wait, unless one is on its way already; returns whether it was sent.

    A broker that is away loses nothing and holds nobody up: the rows say what is left to do, and the sweep looks later.
    """
    return _hint(_wake, "What was received waits for the sweep.")


def ask_for_freeing() -> bool:
    """Send a worker a message that pictures may be needed no more; returns whether it was sent."""
    return _hint(free_blobs.delay, "The next hourly sweep frees what was deleted.")


def _hint(send: Callable[[], object], lost: str) -> bool:
    if outage.lasts():
        return False
    try:
        sent = send()
    except NO_ANSWER as error:
        outage.note(error, lost)
        return False
    outage.note_answer()
    return bool(sent)


def _wake() -> bool:
    with current_app.producer_pool.acquire(block=True) as producer:
        if _messages_wait(producer.channel):
            return False
        process_items.apply_async(producer=producer)
    return True


def _messages_wait(channel: Any) -> bool:
    try:
        return bool(channel.queue_declare(queue=PICTURES_QUEUE, passive=True).message_count)
    except ChannelError:
        return False  # nothing was ever sent
