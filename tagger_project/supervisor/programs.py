"""How the children are started: program, arguments, environment."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tagger_project.supervisor.options import Options


def child_environment(
    environ: Mapping[str, str], *, data_dir: Path, hosts: Sequence[str], host: str, open_to_network: bool = False
) -> dict[str, str]:
    """Return the children's environment.

    Args:
        environ: this process's.
        data_dir: the data folder.
        hosts: names the pages may be reached by.
        host: the name in the printed address, which is one of them whatever was set.
        open_to_network: whether other machines may be served without a login.
    """
    return {
        # What they write goes into files that a person reads.
        "LOG_FORMAT": "lines",
        **environ,
        "DATA_DIR": str(data_dir),
        "OPEN_TO_NETWORK": str(open_to_network).lower(),
        "ALLOWED_HOSTS": ",".join(dict.fromkeys([*hosts, host])),
        # Celery's orderly end is one that waits for running tasks; this makes it wait a few seconds and give the
        # rest back.
        "REMAP_SIGTERM": "SIGQUIT",
    }


def web_command(listener: int) -> list[str]:
    """Return the web server's command; it serves the socket that this process listens on."""
    return [
        *(sys.executable, "-m", "daphne"),
        *("--fd", str(listener)),
        *("--verbosity", "0"),
        # As long as pages wait for it (static/js/live/socket.js): hundreds come at once when the server is back.
        *("--websocket_connect_timeout", "20"),
        *("--application-close-timeout", "3"),
        "--no-server-name",
        "tagger_project.asgi:application",
    ]


def worker_command(options: Options, *, name: str, log_level: str) -> list[str]:
    """Return the worker's command: a process a core.

    There is one worker here, so it need not look for others when it starts (`mingle`) nor chat with them (`gossip`).
    """
    return [
        *(sys.executable, "-m", "celery", "-A", "tagger_project", "--no-color", "worker"),
        *("--pool", "prefork", "--concurrency", str(options.worker_processes)),
        *("--hostname", name, "--loglevel", log_level),
        *("--without-gossip", "--without-mingle"),
    ]


def beat_command(*, data_dir: Path, log_level: str) -> list[str]:
    """Return the command of the clock for periodic work.

    A child of its own: inside the worker it could die alone, unseen, and nothing would put stale work back in line.
    """
    return [
        # Quiet: on a full disk its greeting could not be written, and would be the end of it.
        *(sys.executable, "-m", "celery", "-A", "tagger_project", "--quiet", "--no-color", "beat"),
        *("--schedule", str(data_dir / "run" / "beat-schedule"), "--pidfile", ""),
        *("--loglevel", log_level),
    ]


def import_command(options: Options, *, project: Path) -> list[str]:
    """Return the command that imports the person's folder through the running workers."""
    folder = options.folder
    if folder is None:
        raise ValueError("There is no folder to import.")
    extra = {"--prefix": options.prefix, "--trigger-word": options.trigger_word}
    return [
        *(sys.executable, str(project / "manage.py"), "import_folder", os.fspath(folder)),
        *("--dataset", options.dataset or folder.resolve().name, "--json"),
        *(part for name, value in extra.items() if value for part in (name, value)),
    ]


def import_outcome(line: str) -> dict[str, Any] | None:
    """Return what the import command printed as its last line; `None` where that is no outcome but a refusal."""
    try:
        outcome = json.loads(line)
    except ValueError:
        return None
    return outcome if isinstance(outcome, dict) else None
