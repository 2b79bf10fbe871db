"""A child process that cannot outlive this one, with a log of its own."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

RESTARTS_A_MINUTE = 5
_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)


def tie_to(parent: int) -> Callable[[], None]:
    """Return what a child does before its program starts: ask the kernel to end it with its parent."""

    def tie() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # the parent died before the kernel was asked
                os._exit(1)

    return tie


def start_tied(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdout: int,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process that the kernel kills when this one dies.

    It gets a session of its own, so that Ctrl-C at the terminal reaches this process only, which then ends the
    others in order. Call it from the main thread: the kernel watches the thread, not the process.
    """
    return subprocess.Popen(
        list(command),
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        pass_fds=pass_fds,
        start_new_session=True,
        preexec_fn=tie_to(os.getpid()),  # this process has one thread
    )


@dataclass
class Child:
    """One child and its history.

    Attributes:
        title: what people call it.
        command: program and arguments.
        env: its environment.
        cwd: its working folder.
        log: where its output goes.
        pass_fds: open files it inherits.
    """

    title: str
    command: Sequence[str | Path]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    restart_at: float | None = None
    _deaths: deque[float] = field(default_factory=deque)

    def start(self) -> None:
        """Start it; its output is added to its log."""
        self.restart_at = None
        with self.log.open("ab") as log:
            self.process = start_tied(
                self.command, env=self.env, cwd=self.cwd, stdout=log.fileno(), pass_fds=self.pass_fds
            )

    def is_running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.poll() is None

    def note_death(self) -> bool:
        """Take note that it died, and when it may start again.

        Returns:
            Whether it may: after five restarts within a minute something is wrong that a restart does not mend.
        """
        now = time.monotonic()
        self._deaths.append(now)
        while self._deaths[0] < now - 60:
            self._deaths.popleft()
        self.kill()
        self.process = None
        self.restart_at = now + _PAUSES[min(len(self._deaths), len(_PAUSES)) - 1]
        return len(self._deaths) <= RESTARTS_A_MINUTE

    def ask_to_stop(self) -> None:
        """Ask it for an orderly end."""
        if self.process is not None and self.is_running():
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, with every process it started."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_lines(self, count: int = 15) -> str:
        """Return the end of its log."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-count:])


def keep_previous_log(log: Path) -> None:
    """Move the last run's log aside, as `.1`; the one before it goes."""
    with suppress(FileNotFoundError):
        log.replace(log.with_name(log.name + ".1"))
