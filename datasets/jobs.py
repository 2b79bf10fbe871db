"""Start background work: note it in the database, enqueue after the commit."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from datasets.tasks import free_blobs, wake_worker
from tagger_project.live import broker_may_run

logger = logging.getLogger(__name__)


def start_processing(item_ids: Sequence[int]) -> None:
    """Let a worker read received files, if there are any.

    A broker that is away loses nothing: the rows say what is left to do, and the sweep wakes a worker later.
    """
    if item_ids:
        transaction.on_commit(_wake)


def _wake() -> None:
    try:
        wake_worker()
    except OperationalError:
        logger.warning("The broker did not answer; what was received waits for the sweep.", exc_info=True)


def start_freeing() -> None:
    """Let a worker free what nothing needs any more, now rather than within the hour: people make room this way."""
    transaction.on_commit(_send_freeing)


def _send_freeing() -> None:
    try:
        free_blobs.delay()
    except OperationalError:
        logger.warning("The broker did not answer; the next hourly sweep frees what was deleted.", exc_info=True)


def workers_answer() -> bool:
    """Whether the server runs: at least one worker answers within a second and a half."""
    if not broker_may_run():
        return False
    try:
        return bool(current_app.control.ping(timeout=1.5, limit=1))
    except OperationalError:
        return False
