"""Celery's doors to the import: load by id, one service call, what follows."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from datasets.services import processing

ITEMS_A_MESSAGE = 8


@shared_task(name="datasets.process_items")
def process_items(*, item_ids: list[int], **_: Any) -> None:
    """Take received files to their end, one by one; safe to run twice."""
    for item_id in item_ids:
        if processing.process_item(item_id):
            processing.finish_import_of(item_id)


@shared_task(name="datasets.requeue_stale_items")
def requeue_stale_items(*, restart: bool = False, **_: Any) -> int:
    """Put back in line what a lost message or a dead worker left behind; returns how many files."""
    item_ids = processing.release_stale_items(restart=restart)
    send_in_batches(item_ids)
    return len(item_ids)


def send_in_batches(item_ids: list[int]) -> None:
    """Send messages of a few files each: enough to save messages, few enough to share the work."""
    for start in range(0, len(item_ids), ITEMS_A_MESSAGE):
        process_items.delay(item_ids=item_ids[start : start + ITEMS_A_MESSAGE])
