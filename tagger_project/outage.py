"""A broker that is away is told once and then left alone for a moment. No Django.

What goes to the broker are hints and notices; the database holds what counts. So nobody waits for it twice in a row,
and a log that people read after an outage has two lines of it in each process, not two thousand tracebacks.
"""

from __future__ import annotations

import logging
import time

logger = logging.getLogger(__name__)

# A hint that is not sent now is made up for by the sweep; a page that hears nothing asks again.
QUIET_SECONDS = 2.0


class Outage:
    """What a process knows of its broker: whether it just failed to answer."""

    def __init__(self) -> None:
        """Begin with a broker that answers."""
        self._quiet_until = float("-inf")
        self._told = False

    def lasts(self) -> bool:
        """Whether it failed a moment ago: who only has a hint to give need not try."""
        return time.monotonic() < self._quiet_until

    def note(self, error: BaseException, lost: str) -> None:
        """Note that it did not answer; the first time it is logged, with what was lost."""
        self._quiet_until = time.monotonic() + QUIET_SECONDS
        if not self._told:
            logger.warning("The broker does not answer (%s). %s", str(error) or type(error).__name__, lost)
        self._told = True

    def note_answer(self) -> None:
        """Note that it answers."""
        if self._told:
            logger.warning("The broker answers again.")
        self._told = False
        self._quiet_until = float("-inf")


# One broker, one outage: who sends notices and who sends tasks learn from each other.
outage = Outage()
