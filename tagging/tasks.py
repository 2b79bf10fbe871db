"""Celery's doors to actions on many images, to exports, and to the counting of tokens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from tagger_project.full_disk import full_disk_is_told
from tagger_project.live import gathered
from tagger_project.outage import outage
from tagging.services.bulk.running import find_waiting, run_job
from tagging.services.exports.keeping import sweep_exports
from tagging.services.exports.running import find_waiting_exports, run_export
from tagging.services.text_lengths import count_lengths

logger = logging.getLogger(__name__)

# A connection that was never made, one that broke, and what the client itself says of both.
_NO_ANSWER = (OperationalError, RedisError, OSError)
# With the longest batch on top this stays under CELERY_TASK_TIME_LIMIT.
_SECONDS_A_MESSAGE = 10.0
# An export comes on top with one picture, or with summing up an archive of any size that several workers wrote.
_MOST_SECONDS_OF_AN_EXPORT = 1800
# A message that counts tokens is on its way or at work; after so many seconds it is taken for lost.
_SECONDS_OF_A_MARK = 30
_JOBS_WAIT = "actions on many pictures wait until there is room."
_EXPORTS_WAIT = "exports wait until there is room."


@shared_task(name="tagging.run_bulk_job")
def run_bulk_job(*, job_id: int, **_: Any) -> None:
    """Go on with a job for some seconds; safe to run twice and beside itself."""
    with full_disk_is_told(logger, _JOBS_WAIT):
        with gathered():
            is_left = run_job(job_id, seconds=_SECONDS_A_MESSAGE)
        if is_left:
            wake_for(job_id)


@shared_task(name="tagging.requeue_bulk_jobs")
def requeue_bulk_jobs(**_: Any) -> int:
    """Wake workers for jobs that a lost message or a dead worker left behind; returns how many there are."""
    waiting: list[int] = []
    with full_disk_is_told(logger, _JOBS_WAIT):
        waiting = find_waiting()
    for job_id in waiting:
        wake_for(job_id)
    return len(waiting)


def wake_for(job_id: int) -> bool:
    """Send a worker a message that a job waits; returns whether it was sent. The sweep looks later where it was not."""
    return _hint(lambda: run_bulk_job.delay(job_id=job_id), "An action on many pictures waits for the sweep.")


@shared_task(name="tagging.write_export", time_limit=_MOST_SECONDS_OF_AN_EXPORT)
def write_export(*, job_id: int, **_: Any) -> None:
    """Go on with an export for some seconds; safe to run twice and beside itself."""
    with full_disk_is_told(logger, _EXPORTS_WAIT):
        with gathered():
            is_left = run_export(job_id, seconds=_SECONDS_A_MESSAGE)
        if is_left:
            wake_for_export(job_id)


@shared_task(name="tagging.requeue_exports")
def requeue_exports(**_: Any) -> int:
    """Wake workers for exports that a lost message or a dead worker left behind; returns how many there are."""
    waiting: list[int] = []
    with full_disk_is_told(logger, _EXPORTS_WAIT):
        waiting = find_waiting_exports()
    for job_id in waiting:
        wake_for_export(job_id)
    return len(waiting)


@shared_task(name="tagging.sweep_exports")
def sweep_old_exports(**_: Any) -> int:
    """Remove the files of exports that are not kept any longer; returns of how many."""
    removed = 0
    with full_disk_is_told(logger, "the next sweep notes whose files are removed."):
        removed = sweep_exports()
    return removed


def wake_for_export(job_id: int) -> bool:
    """Send a worker a message that an export waits; returns whether it was sent."""
    return _hint(lambda: write_export.delay(job_id=job_id), "An export waits for the sweep.")


@shared_task(name="tagging.count_text_lengths")
def count_text_lengths(*, dataset_id: int, **_: Any) -> None:
    """Count tokens for some seconds; safe to run twice and beside itself."""
    cache.set(_mark_of(dataset_id), 1, _SECONDS_OF_A_MARK)
    with full_disk_is_told(logger, "tokens are counted when there is room, and somebody asks for them."):
        counted = count_lengths(dataset_id, seconds=_SECONDS_A_MESSAGE)
        cache.delete(_mark_of(dataset_id))
        # What somebody is editing over and over is left to who asks next.
        if counted.left and counted.images:
            ask_for_lengths(dataset_id)


def ask_for_lengths(dataset_id: int) -> bool:
    """Send a worker a message to count a dataset's tokens, unless one is on its way; returns whether it was sent."""

    def send() -> bool:
        is_first = cache.add(_mark_of(dataset_id), 1, _SECONDS_OF_A_MARK)
        if is_first:
            count_text_lengths.delay(dataset_id=dataset_id)
        return is_first

    return _hint(send, "Tokens are counted when somebody asks for them again.")


def _hint(send: Callable[[], object], lost: str) -> bool:
    """Send a message unless the broker is away; returns whether it was, which `send` denies by `False`."""
    if outage.lasts():
        return False
    try:
        is_sent = send() is not False
    except _NO_ANSWER as error:
        outage.note(error, lost)
        return False
    outage.note_answer()
    return is_sent


def _mark_of(dataset_id: int) -> str:
    return f"text-lengths:{dataset_id}"
