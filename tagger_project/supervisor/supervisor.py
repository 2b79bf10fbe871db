"""Starts everything in order, watches over it, and ends it in order."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from celery import Celery
from django.conf import settings
from django.utils.translation import gettext as _

from tagger_project.accounts.first_account import FirstAccountRefused
from tagger_project.broker import CELERY_DB, private_socket_path, redis_py_url
from tagger_project.celery import app as celery_app
from tagger_project.supervisor import broker_process, data_folder, ports, preparation, programs, readiness
from tagger_project.supervisor.children import Child, keep_previous_log
from tagger_project.supervisor.options import Options
from tagger_project.supervisor.refusal import CannotStart
from tagger_project.supervisor.stop_signals import StopRequested, StopSignals

SECONDS_TO_READY = 90
# Ten seconds in all are promised; the worker's own limit for running tasks is four.
SECONDS_TO_STOP = {"web": 2.0, "worker": 5.5, "beat": 0.5, "broker": 1.0}


class Supervisor:
    """One start of the program, from the data folder to the last child's end.

    Args:
        options: what was asked for.
        say: prints one line for the person.
    """

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self.options = options
        self.say = say
        self.data_dir: Path = settings.DATA_DIR
        self.app: Celery = celery_app
        self.broker_address = redis_py_url(settings.BROKER_URL, CELERY_DB)
        self.worker_name = readiness.worker_name(os.getpid())
        self.children: dict[str, Child] = {}
        self._environment = programs.child_environment(
            os.environ,
            data_dir=self.data_dir,
            hosts=settings.ALLOWED_HOSTS,
            host=ports.reachable_host(options.host),
            # This process asked for the name's address; its children would judge by the name alone.
            open_to_network=options.open_to_network or ports.is_loopback(options.host),
        )
        self.log_level: str = settings.LOGGING["root"]["level"]
        self.importing: Child | None = None
        self.signals = StopSignals(self._kill_all)

    def run(self) -> int:
        """Start, watch until somebody wants the end, and end.

        Returns:
            The exit code for the shell.

        Raises:
            CannotStart: it cannot start, or a child dies again and again.
        """
        data_folder.make_data_folder(self.data_dir)
        if preparation.uses_sqlite():
            data_folder.refuse_network_disk(self.data_dir)
        with ExitStack() as stack:
            lock = stack.enter_context(data_folder.locked(self.data_dir))
            stack.enter_context(self.signals)
            stack.callback(self._stop_all)
            with suppress(StopRequested):
                address = self._start(stack)
                data_folder.write_address(lock, address)
                self.say(_("Ready: %(address)s") % {"address": address})
                self._offer_first_account(address)
                self._begin_work(address)
                self._watch(address)
        return self.signals.exit_code

    # --- Starting -------------------------------------------------------------------------------

    def _start(self, stack: ExitStack) -> str:
        host = ports.reachable_host(self.options.host)
        listener = stack.enter_context(ports.listen(self.options.host, self.options.port))
        port = int(listener.getsockname()[1])
        if self.options.port not in {0, port}:
            self.say(_("Port %(taken)s is taken: using %(port)s.") % {"taken": self.options.port, "port": port})
        self._start_broker()
        preparation.migrate()
        self.signals.check()
        self._requeue_unfinished(nobody_works=True)
        worker = programs.worker_command(self.options, name=self.worker_name, log_level=self.log_level)
        self._start_child("worker", _("The worker"), worker)
        preparation.collect_static(self.data_dir)  # while the worker wakes up, on the other core
        web = programs.web_command(listener.fileno())
        self._start_child("web", _("The web server"), web, pass_fds=[listener.fileno()])
        self._wait_until_ready(host, port)
        return f"http://{host}:{port}"

    def _start_child(self, name: str, title: str, command: list[str], pass_fds: list[int] | None = None) -> None:
        self.signals.check()
        log = self.data_dir / "logs" / f"{name}.log"
        keep_previous_log(log)
        child = Child(title, command, self._environment, settings.BASE_DIR, log, pass_fds or [])
        self.children[name] = child
        child.start()

    def _start_broker(self) -> None:
        if not settings.BROKER_IS_PRIVATE:
            broker_process.check_named_broker(self.broker_address)
            return
        path = private_socket_path(self.data_dir)
        data_folder.make_private_folder(path.parent)
        command = broker_process.server_command(
            broker_process.find_server(), socket_path=path, folder=self.data_dir / "run"
        )
        self._start_child("broker", _("The broker"), [os.fspath(part) for part in command])
        self._wait_for_broker()
        broker_process.empty(self.broker_address)

    def _wait_for_broker(self) -> None:
        def pause(seconds: float) -> None:
            self.signals.wait(seconds)
            self.signals.check()

        child = self.children["broker"]
        if not broker_process.wait_for_answer(self.broker_address, is_running=child.is_running, pause=pause):
            self._give_up(child)

    def _requeue_unfinished(self, *, nobody_works: bool) -> None:
        # Where no worker runs, whatever is unfinished is nobody's. Workers that outlived their broker still hold
        # what they were reading: only what they let go of is put back in line.
        self.app.send_task("datasets.requeue_stale_items", kwargs={"restart": nobody_works})

    def _wait_until_ready(self, host: str, port: int) -> None:
        end = time.monotonic() + SECONDS_TO_READY
        waiting: dict[str, Callable[[], bool]] = {
            "web": lambda: readiness.web_answers(host, port),
            "worker": lambda: readiness.worker_answers(self.app, self.worker_name),
        }
        while waiting:
            for name in list(waiting):
                self.signals.check()
                child = self.children[name]
                if waiting[name]():
                    del waiting[name]
                elif not child.is_running() or time.monotonic() > end:
                    self._give_up(child)
            if waiting:
                self.signals.wait(0.02)

    def _begin_work(self, address: str) -> None:
        # The clock has nothing to do for its first seconds: nobody waits for it.
        beat = programs.beat_command(data_dir=self.data_dir, log_level=self.log_level)
        self._start_child("beat", _("The clock"), beat)
        if self.options.open_browser:
            # Not tied to this process: the browser is the person's own.
            command = [sys.executable, "-m", "webbrowser", "-t", address]
            null = subprocess.DEVNULL
            subprocess.Popen(command, stdin=null, stdout=null, stderr=null, start_new_session=True)
        if self.options.folder is not None:
            command = programs.import_command(self.options, project=settings.BASE_DIR)
            log = self.data_dir / "logs" / "import.log"
            keep_previous_log(log)
            self.importing = Child(_("The import"), command, self._environment, settings.BASE_DIR, log)
            self.importing.start()

    def _offer_first_account(self, address: str) -> None:
        try:
            link = preparation.first_account_link(address)
        except FirstAccountRefused:
            return
        if link:
            self.say(_("Nobody has an account yet. Make the first one here, within a day: %(link)s") % {"link": link})

    # --- Watching -------------------------------------------------------------------------------

    def _watch(self, address: str) -> None:
        while True:
            self.signals.wait(1.0)
            self.signals.check()
            self._watch_import(address)
            for name, child in self.children.items():
                if child.restart_at is None and not child.is_running():
                    self._note_death(child)
                if child.restart_at is not None and child.restart_at <= time.monotonic():
                    self._restart(name, child)

    def _watch_import(self, address: str) -> None:
        if self.importing is None or self.importing.is_running():
            return
        outcome = programs.import_outcome(self.importing.last_lines(1))
        if outcome is None:
            self.say(_("The folder was not imported. %(lines)s") % {"lines": self.importing.last_lines()})
        else:
            self.say(
                _("Importing %(count)s files of %(folder)s: %(address)s/imports/%(id)s/")
                % {
                    "count": outcome["total"],
                    "folder": self.options.folder,
                    "address": address,
                    "id": outcome["import_id"],
                }
            )
        self.importing = None

    def _note_death(self, child: Child) -> None:
        code = child.process.returncode if child.process else None
        if not child.note_death():
            self._give_up(child)
        self.say(
            _("%(title)s ended (exit %(code)s) and is started again. Its log: %(log)s")
            % {"title": child.title, "code": code, "log": child.log}
        )

    def _restart(self, name: str, child: Child) -> None:
        child.start()
        if name == "broker":
            self._wait_for_broker()
            self._requeue_unfinished(nobody_works=False)
        if name == "worker" and settings.BROKER_IS_PRIVATE:
            self._requeue_unfinished(nobody_works=True)

    def _give_up(self, child: Child) -> None:
        raise CannotStart(
            _("%(title)s does not run. The end of its log, %(log)s:\n%(lines)s")
            % {"title": child.title, "log": child.log, "lines": child.last_lines()}
        )

    # --- Ending ---------------------------------------------------------------------------------

    def _stop_all(self) -> None:
        if self.importing is not None:
            self.importing.kill()
        for name, seconds in SECONDS_TO_STOP.items():
            child = self.children.get(name)
            if child is None:
                continue
            child.ask_to_stop()
            end = time.monotonic() + seconds
            while child.is_running() and time.monotonic() < end:
                self.signals.wait(0.1)
            child.kill()
        self._kill_all()
        if settings.BROKER_IS_PRIVATE:
            private_socket_path(self.data_dir).unlink(missing_ok=True)

    def _kill_all(self) -> None:
        for child in self.children.values():
            child.kill()
        if self.importing is not None:
            self.importing.kill()
