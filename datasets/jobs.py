"""Start background work: note it in the database, enqueue after the commit."""

from __future__ import annotations

from collections.abc import Sequence

from celery import current_app
from django.db import transaction

from datasets.tasks import NO_ANSWER, ask_for_freeing, wake_worker
from tagger_project.live import broker_may_run


def start_processing(item_ids: Sequence[int]) -> None:
    """Let a worker read received files, if there are any.

    A broker that is away loses nothing: the rows say what is left to do, and the sweep wakes a worker later.
    """
    if item_ids:
        transaction.on_commit(wake_worker)


def start_freeing() -> None:
    """Let a worker free what nothing needs any more, now rather than within the hour: people make room this way."""
    transaction.on_commit(ask_for_freeing)


def workers_answer() -> bool:
    """Whether the server runs: at least one worker answers within a second and a half."""
    if not broker_may_run():
        return False
    try:
        return bool(current_app.control.ping(timeout=1.5, limit=1))
    except NO_ANSWER:
        return False
