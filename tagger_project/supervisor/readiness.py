"""Whether the children answer."""

from __future__ import annotations

import http.client
import socket

from celery import Celery


def web_answers(host: str, port: int, *, seconds: float = 1.0) -> bool:
    """Whether the web server answers on the address that people type."""
    connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=seconds)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def worker_answers(app: Celery, name: str, *, seconds: float = 0.2) -> bool:
    """Whether the worker of this name answers."""
    try:
        return bool(app.control.ping(destination=[name], timeout=seconds, limit=1))
    except Exception:  # whatever the broker's client raises: the broker is being started again
        return False


def worker_name(process_id: int) -> str:
    """Return a worker's name that no other start has, on this machine or on a shared broker."""
    return f"up-{process_id}@{socket.gethostname()}"
