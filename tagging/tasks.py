"""Celery's doors to actions on many images, and to exports."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.db import DatabaseError
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from tagger_project.full_disk import is_disk_full
from tagger_project.live import gathered
from tagger_project.outage import outage
from tagging.services.bulk.running import find_waiting, run_job
from tagging.services.exports.keeping import sweep_exports
from tagging.services.exports.running import find_waiting_exports, run_export

logger = logging.getLogger(__name__)

# A connection that was never made, one that broke, and what the client itself says of both.
_NO_ANSWER = (OperationalError, RedisError, OSError)
# With the longest batch on top this stays under CELERY_TASK_TIME_LIMIT.
_SECONDS_A_MESSAGE = 10.0
# An export comes on top with one picture, or with summing up an archive of any size that several workers wrote.
_MOST_SECONDS_OF_AN_EXPORT = 1800


@shared_task(name="tagging.run_bulk_job")
def run_bulk_job(*, job_id: int, **_: Any) -> None:
    """Go on with a job for some seconds; safe to run twice and beside itself."""
    try:
        with gathered():
            is_left = run_job(job_id, seconds=_SECONDS_A_MESSAGE)
    except (OSError, DatabaseError) as error:
        if not is_disk_full(error):
            raise
        logger.warning("The disk is full: actions on many pictures wait until there is room.")
        return
    if is_left:
        wake_for(job_id)


@shared_task(name="tagging.requeue_bulk_jobs")
def requeue_bulk_jobs(**_: Any) -> int:
    """Wake workers for jobs that a lost message or a dead worker left behind; returns how many there are."""
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
    with gathered():
        is_left = run_export(job_id, seconds=_SECONDS_A_MESSAGE)
    if is_left:
        wake_for_export(job_id)


@shared_task(name="tagging.requeue_exports")
def requeue_exports(**_: Any) -> int:
    """Wake workers for exports that a lost message or a dead worker left behind; returns how many there are."""
    waiting = find_waiting_exports()
    for job_id in waiting:
        wake_for_export(job_id)
    return len(waiting)


@shared_task(name="tagging.sweep_exports")
def sweep_old_exports(**_: Any) -> int:
    """Remove the files of exports that are not kept any longer; returns of how many."""
    return sweep_exports()


def wake_for_export(job_id: int) -> bool:
    """Send a worker a message that an export waits; returns whether it was sent."""
    return _hint(lambda: write_export.delay(job_id=job_id), "An export waits for the sweep.")


def _hint(send: Callable[[], object], lost: str) -> bool:
    if outage.lasts():
        return False
    try:
        send()
    except _NO_ANSWER as error:
        outage.note(error, lost)
        return False
    outage.note_answer()
    return True
