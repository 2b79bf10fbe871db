"""The clock for periodic work: Celery's, which outlives a full disk."""

from __future__ import annotations

import dbm
import logging
from typing import Any

from celery.beat import PersistentScheduler

logger = logging.getLogger(__name__)

_CANNOT_WRITE = (OSError, *dbm.error)
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
