"""How gunicorn serves pages and API behind the proxy. Its command line in docker-compose.yml says the rest."""

from __future__ import annotations

from typing import Any

worker_class = "gthread"
# The heartbeat is a file that is touched all the time: in memory, not on a disk.
worker_tmp_dir = "/dev/shm"  # noqa: S108 — gunicorn makes a file of its own name there
# It is steered by signals; there is no place for its own socket.
control_socket_disable = True
# A request under way gets this long to end when the process is told to stop; docker-compose.yml waits longer.
graceful_timeout = 25
# The proxy takes a connection a request.
keepalive = 2
# As long an address as the proxy takes; gunicorn's own 4,094 are too few for a long filter.
limit_request_line = 8190
# Django asks X-Forwarded-Proto itself, and only where BEHIND_TLS is set.
secure_scheme_headers: dict[str, str] = {}


def post_worker_init(worker: Any) -> None:
    """Let what this process says of itself go where the program's log goes, in the same form."""
    worker.log.error_log.handlers.clear()
    worker.log.error_log.propagate = True
