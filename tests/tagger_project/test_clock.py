"""The clock for periodic work: what it asks for does not depend on other machines' clocks, and does not pile up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from kombu import Queue

from tagger_project.celery import app
from tagger_project.clock import Clock


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[Clock]:
    """A clock of its own, with a line that nobody takes from."""
    with app.connection_for_write() as connection:
        channel = connection.channel()
        line = Queue("celery", channel=channel)
        line.declare()
        line.purge()
        made = Clock(app=app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
        made.setup_schedule()
        yield made
        line.purge()
        made.close()


def in_line(clock: Clock) -> int:
    channel: Any = clock.producer.channel
    return int(channel.queue_declare(queue="celery", passive=True).message_count)


def test_no_message_dies_by_a_clock() -> None:
    entries: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    for name, entry in entries.items():
        assert "expires" not in entry.get("options", {}), name


def test_without_a_worker_messages_do_not_pile_up(clock: Clock) -> None:
    sweep = clock.schedule["requeue-stale-import-items"]
    for _ in range(50):
        clock.apply_async(sweep, advance=False)
    assert in_line(clock) == 20
    clock.apply_async(clock.schedule["purge-trash"], advance=False)
    assert in_line(clock) == 21, "what comes by the hour is asked for in any case"
