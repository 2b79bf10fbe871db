"""CivitAI's trainer: pictures and texts, in archives of at most a thousand pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tagging.trainers.layouts.base import FurtherFile, LaidOut, Layout


class CivitaiLayout(Layout):
    """The browser unpacks it and takes what it knows; there is no configuration."""

    def further(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield nothing: a list of tags would be one more text that belongs to no picture."""
        for _entry in entries:
            pass
        return iter(())
