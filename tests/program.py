"""The whole program as real processes, for tests that patch nothing."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from tagger_project.env import BASE_DIR, VARIABLES
from tagger_project.supervisor.children import tie_to

SECONDS_TO_READY = 60
SECONDS_TO_STOP = 15

_numbers = itertools.count(1)


def clean_environment(data_dir: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which only the named variables of the program are set."""
    known = {variable.name for variable in VARIABLES} | {"DJANGO_SETTINGS_MODULE", "FOLDER"}
    kept = {name: value for name, value in os.environ.items() if name not in known}
    return {**kept, "ENV_FILE": "none", "DATA_DIR": str(data_dir), **(extra or {})}


_PREPARE = """
from django.conf import settings
from tagger_project.supervisor.preparation import collect_static, migrate
(settings.DATA_DIR / "run").mkdir(mode=0o700)
migrate()
collect_static(settings.DATA_DIR)
"""


@functools.cache
def _prepared() -> tempfile.TemporaryDirectory[str]:
    """A data folder as the first start leaves it: tables and static files, made once for all programs of a run."""
    folder = tempfile.TemporaryDirectory(prefix="tagger-prepared-")
    command = [sys.executable, "manage.py", "shell", "--verbosity=0", "-c", _PREPARE]
    subprocess.run(command, cwd=BASE_DIR, env=clean_environment(Path(folder.name)), check=True)
    return folder


class RunningProgram:
    """`manage.py up` on a data folder of its own.

    A folder that is not there yet begins as after a first start, which saves seconds, unless `is_new`.

    Attributes:
        data_dir: its data folder.
        url: the address it printed.
        process: the `up` process; `None` before `start`.
        seconds_to_ready: from the start to the Ready line.
    """

    def __init__(
        self, data_dir: Path, *arguments: str, env: Mapping[str, str] | None = None, is_new: bool = False
    ) -> None:
        self.data_dir = data_dir
        self.is_new = is_new or "DATABASE_URL" in (env or {})
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.seconds_to_ready = 0.0
        self._arguments = arguments if "--port" in arguments else ("--port", "0", *arguments)
        self._env = clean_environment(data_dir, env)
        self._output = data_dir.with_name(f"{data_dir.name}-output-{next(_numbers)}.txt")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def output(self) -> str:
        """What `up` has printed so far."""
        return self._output.read_text(encoding="utf-8") if self._output.exists() else ""

    @property
    def port(self) -> int:
        """The port of the address it printed."""
        return int(self.url.rpartition(":")[2])

    def launch(self) -> Self:
        """Start `up` and return at once."""
        if not self.is_new and not self.data_dir.exists():
            shutil.copytree(_prepared().name, self.data_dir)
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", *self._arguments],
                cwd=BASE_DIR,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tie_to(os.getpid()),
            )
        return self

    def start(self) -> Self:
        """Start `up` and wait for its Ready line."""
        begin = time.monotonic()
        self.launch()
        self.wait_for_output("Ready: ", seconds=SECONDS_TO_READY)
        self.seconds_to_ready = time.monotonic() - begin
        self.url = self.output.partition("Ready: ")[2].split()[0]
        return self

    def wait_for_output(self, text: str, *, seconds: float = 20) -> None:
        """Wait until `up` has printed a text as part of a whole line."""
        end = time.monotonic() + seconds
        while text not in self.output[: self.output.rfind("\n") + 1]:
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > end:
                raise AssertionError(f"“{text}” was not printed.\n{self.output}\n{self.logs()}")
            time.sleep(0.02)

    def logs(self) -> str:
        """Return what the children wrote."""
        return "\n".join(f"== {log.name}\n{log.read_text()}" for log in sorted(self.data_dir.glob("logs/*.log")))

    def signal(self, number: signal.Signals) -> None:
        """Send `up` a signal."""
        if self.process is not None:
            self.process.send_signal(number)

    def wait(self, seconds: float = SECONDS_TO_STOP) -> int:
        """Wait for its end and return its exit code."""
        assert self.process is not None
        return self.process.wait(timeout=seconds)

    def stop(self) -> int | None:
        """Press Ctrl-C and wait for the end; whatever the test left behind is ended too."""
        code = None
        if self.process is not None:
            self.signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                code = self.wait()
            self.process.kill()
            self.process.wait()
        for process_id in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
        return code

    def processes(self) -> list[int]:
        """Return every process of this program."""
        return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit() and self._owns(folder)]

    def _owns(self, process: Path) -> bool:
        # The data folder is in each one's environment; the broker writes its title over that, but works in there.
        if int(process.name) == os.getpid():
            return False
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
            folder = (process / "cwd").readlink()
        except OSError:
            return False
        return os.fsencode(f"DATA_DIR={self.data_dir}") in environment or folder == self.data_dir / "run"

    def children(self, word: str) -> list[int]:
        """Return those of its processes whose command line has a word."""
        found = []
        for process_id in self.processes():
            with suppress(OSError):
                if word.encode() in Path(f"/proc/{process_id}/cmdline").read_bytes():
                    found.append(process_id)
        return sorted(found)

    def describe(self, process_ids: list[int]) -> str:
        """Return what those processes are that still run, for a failure's message."""
        lines = []
        for process_id in process_ids:
            with suppress(OSError):
                folder = Path(f"/proc/{process_id}")
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                lines.append(f"{(folder / 'stat').read_text()[:40]} … {command}")
        return "\n".join([*lines, self.output, self.logs()])

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command in the program's environment."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)} failed.\n{done.stdout}\n{done.stderr}")
        return done


@pytest.fixture(scope="session")
def running_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProgram]:
    """The program, started once for all tests of this process that ask for it."""
    with RunningProgram(tmp_path_factory.mktemp("program") / "data") as program:
        yield program
