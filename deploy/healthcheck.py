"""`python -m deploy.healthcheck web|worker|beat|flower`: ends with 0 where that part of the program is alive.

Docker asks this inside each container. It checks the one process it runs beside, never the database or the broker:
restarting the website does not bring those back, and `/readyz` tells about them.
"""

from __future__ import annotations

import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from deploy import flower
from tagger_project import env

BEAT_SCHEDULE = Path("/tmp/celerybeat-schedule")  # noqa: S108 — the container's own; the command line names the same
# Beat writes its schedule down every three minutes while it does its work.
BEAT_SILENCE_SECONDS = 600
ANSWER_SECONDS = 4.0


class NotAlive(Exception):
    """The process did not answer."""


def host_header(allowed: list[str]) -> str:
    """A host name that the pages accept: the first allowed one, without a wildcard."""
    first = allowed[0].lstrip(".") if allowed else ""
    return "localhost" if first in {"", "*"} else first


def check_web() -> None:
    """Ask for `/healthz` on this machine.

    Raises:
        OSError: nobody answered, or the answer was not 200.
    """
    request = urllib.request.Request(
        f"http://127.0.0.1:{env.PORT}/healthz", headers={"Host": host_header(env.ALLOWED_HOSTS)}
    )
    urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310 — always http, always this machine


def check_worker() -> None:
    """Ask the worker of this container for a sign of life.

    Raises:
        NotAlive: it did not answer in time.
    """
    from tagger_project.celery import app

    name = f"celery@{socket.gethostname()}"
    if not app.control.ping(destination=[name], timeout=ANSWER_SECONDS, limit=1):
        raise NotAlive(f"{name} did not answer within {ANSWER_SECONDS:.0f} s.")


def check_beat() -> None:
    """See whether beat wrote its schedule down lately.

    Celery can let beat answer pings, but then `/readyz` would take beat for a worker.

    Raises:
        NotAlive: the newest of its files is too old, or there is none.
    """
    # Which files there are depends on the system's dbm: one without an extension, or several with one.
    files = BEAT_SCHEDULE.parent.glob(f"{BEAT_SCHEDULE.name}*")
    newest = max((file.stat().st_mtime for file in files), default=0.0)
    if time.time() - newest > BEAT_SILENCE_SECONDS:
        raise NotAlive(f"Beat has not written {BEAT_SCHEDULE} for {BEAT_SILENCE_SECONDS} s.")


def check_flower() -> None:
    """See whether flower listens on this machine; what it tells is behind a password.

    Raises:
        OSError: nobody listens.
    """
    socket.create_connection(("127.0.0.1", int(flower.PORT)), timeout=ANSWER_SECONDS).close()


CHECKS: dict[str, Callable[[], None]] = {
    "web": check_web,
    "worker": check_worker,
    "beat": check_beat,
    "flower": check_flower,
}


def main(arguments: list[str]) -> int:
    """Run the named check; say on standard error why it failed."""
    if len(arguments) != 1 or arguments[0] not in CHECKS:
        print(f"Say which part to check: {', '.join(CHECKS)}.", file=sys.stderr)  # noqa: T201
        return 2
    try:
        CHECKS[arguments[0]]()
    except Exception as reason:
        print(f"{arguments[0]}: {reason}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
