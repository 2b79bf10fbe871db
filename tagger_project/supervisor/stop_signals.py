"""Ctrl-C and its relatives: the first asks for an orderly end, the second ends everything at once."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from types import FrameType
from typing import Self


class StopRequested(Exception):
    """Somebody asked for the end."""


class StopSignals:
    """Watches for signals while it is entered.

    A handler only takes a note: the end is made where the program stands between two steps, so that no step is torn.
    """

    def __init__(self, kill_all: Callable[[], None]) -> None:
        self.received: signal.Signals | None = None
        self._kill_all = kill_all
        self._read, self._write = os.pipe()

    def __enter__(self) -> Self:
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        # Each signal, a dead child's too, writes a byte here: `wait` wakes at once and sleeps otherwise.
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, self._handle)
        signal.signal(signal.SIGTERM, self._handle)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # `nohup` wants it ignored
            signal.signal(signal.SIGHUP, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(name) == self._handle:
                signal.signal(name, signal.SIG_DFL)
        os.close(self._read)
        os.close(self._write)

    @property
    def exit_code(self) -> int:
        """What the shell is told: 130 for Ctrl-C as every shell tool does, 0 for an orderly stop."""
        return 130 if self.received == signal.SIGINT else 0

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            self._kill_all()
            os._exit(130)
        self.received = signal.Signals(number)

    def wait(self, seconds: float) -> None:
        """Sleep until a signal comes or the time is over."""
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 4096)

    def check(self) -> None:
        """Go on where nobody asked for the end.

        Raises:
            StopRequested: somebody did.
        """
        if self.received is not None:
            raise StopRequested
