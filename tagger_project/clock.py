"""The clock for periodic work: Celery's, which outlives a full disk and asks for nothing that nobody takes."""

from __future__ import annotations

import dbm
import logging
from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry
from kombu.exceptions import ChannelError, OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

_CANNOT_WRITE = (OSError, *dbm.error)
# Who takes one of them does what all others were sent for; what comes by the hour is few in any case.
_MOST_IN_LINE = 20
_OFTEN = timedelta(minutes=1)
_SENTENCE = "When periodic work was last asked for cannot be written down: %s"


class _Memory(dict[str, Any]):
    """What is known as long as this process runs."""

    def sync(self) -> None:
        """Keep it."""

    def close(self) -> None:
        """Let it go."""


class Clock(PersistentScheduler):
    """Remembers across restarts when each work was last asked for, as long as that can be written down."""

    _store: Any

    def setup_schedule(self) -> None:
        """Read what was written down; where nothing can be, begin anew."""
        try:
            super().setup_schedule()
        except _CANNOT_WRITE as error:
            logger.warning(_SENTENCE, error)
            self._store = _Memory(entries={})
            self.merge_inplace(self.app.conf.beat_schedule)
            self.install_default_entries(self.schedule)

    def sync(self) -> None:
        """Write it down; where that fails it is known until this process ends, and written the next time."""
        try:
            super().sync()
        except _CANNOT_WRITE as error:
            logger.warning(_SENTENCE, error)
            self._store.writeback = True  # left off by a write that fails half-way

    def apply_async(
        self, entry: ScheduleEntry, producer: Any = None, advance: bool = True, **kwargs: Any
    ) -> object | None:
        """Ask for a work, unless messages wait already: without a worker they would pile up.

        Not by `expires`, which is a moment of this machine's clock: a worker whose clock is ahead would throw away
        every one of them, and nobody would look for what dead workers left behind.
        """
        every = getattr(entry.schedule, "run_every", None)
        if every is not None and every < _OFTEN and self._line_is_long(producer or self.producer):
            return None
        sent: object = super().apply_async(entry, producer=producer, advance=advance, **kwargs)
        return sent

    def _line_is_long(self, producer: Any) -> bool:
        try:
            line = producer.channel.queue_declare(queue=self.app.conf.task_default_queue, passive=True)
        except (ChannelError, OperationalError, RedisError, OSError):
            return False  # nothing was ever sent, or sending says what is wrong
        return bool(line.message_count >= _MOST_IN_LINE)
