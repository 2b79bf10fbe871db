"""Celery's doors to the import: load by id, one service call, what follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import current_app, shared_task
from kombu.exceptions import ChannelError

from datasets.services import processing
from datasets.services.blobs import free_unneeded_blobs
from datasets.services.sweeping import finish_complete_imports, give_up_abandoned_imports, remove_leftovers
from datasets.services.trash import purge_expired

ITEMS_A_MESSAGE = 8
_IMAGES_A_PURGE = 2000
_SECONDS_A_FREEING = 10.0
# What was just received may have its message on the way.
_IN_LINE_FOR = timedelta(seconds=30)
# With two pictures that take all the time they may have on top, this stays under CELERY_TASK_TIME_LIMIT.
_SECONDS_A_MESSAGE = 10.0


@shared_task(name="datasets.process_items")
def process_items(*, item_ids: list[int], **_: Any) -> None:
    """Take received files to their end, one by one; safe to run twice.

    A message of slow pictures ends before the limit that would kill it, and sends the rest in another one.
    """
    left = processing.process_items(item_ids, most_seconds=_SECONDS_A_MESSAGE)
    processing.finish_imports_of(item_ids)
    if left:
        process_items.delay(item_ids=left)


@shared_task(name="datasets.requeue_stale_items")
def requeue_stale_items(*, restart: bool = False, **_: Any) -> int:
    """Put back in line what a lost message or a dead worker left behind; returns how many files.

    While messages wait, a file in line is sooner or later reached by its own: sending more would only make the line
    longer. `restart` says that no worker ran and no message is left.
    """
    if restart:
        processing.release_claims_of_the_dead()
        item_ids = processing.find_stale_items(in_line_for=timedelta(0))
    else:
        item_ids = processing.find_stale_items(in_line_for=None if _messages_wait() else _IN_LINE_FOR)
    send_in_batches(item_ids)
    finish_complete_imports()
    if restart:
        remove_leftovers()
    return len(item_ids)


@shared_task(name="datasets.purge_trash")
def purge_trash(**_: Any) -> int:
    """Delete for ever what has been in the trash for its days, some at a time; returns how many images."""
    deleted = purge_expired(most=_IMAGES_A_PURGE)
    if deleted == _IMAGES_A_PURGE:
        purge_trash.delay()
    return deleted


@shared_task(name="datasets.free_blobs")
def free_blobs(*, first_shard: int = 0, **_: Any) -> int:
    """Remove the files of pictures that nothing needs, a slice a message; returns how many pictures."""
    freed = free_unneeded_blobs(first_shard=first_shard, seconds=_SECONDS_A_FREEING)
    if freed.next_shard is not None:
        free_blobs.delay(first_shard=freed.next_shard)
    return freed.pictures


@shared_task(name="datasets.sweep_leftovers")
def sweep_leftovers(**_: Any) -> int:
    """Give up imports that nobody sends to any more, and remove files that deaths left behind; returns how many."""
    give_up_abandoned_imports()
    return remove_leftovers()


def _messages_wait() -> bool:
    with current_app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        try:
            line = channel.queue_declare(queue=current_app.conf.task_default_queue, passive=True)
        except ChannelError:
            return False  # nothing was ever sent
        return bool(line.message_count)


def send_in_batches(item_ids: list[int]) -> None:
    """Send messages of a few files each: enough to save messages, few enough to share the work."""
    for start in range(0, len(item_ids), ITEMS_A_MESSAGE):
        process_items.delay(item_ids=item_ids[start : start + ITEMS_A_MESSAGE])
