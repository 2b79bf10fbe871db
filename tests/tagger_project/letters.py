"""Letters that a page puts in line for a worker."""

from __future__ import annotations

from typing import Any

from celery import current_app

from tagger_project.tasks import send_reset_letter


def in_line() -> list[dict[str, Any]]:
    """What is asked of a worker; it is taken out of the line."""
    found: list[dict[str, Any]] = []
    with current_app.connection_for_read() as line:
        channel: Any = line.channel()
        while (message := channel.basic_get("celery", no_ack=True)) is not None:
            found += [message.decode()[1]] if message.headers["task"] == send_reset_letter.name else []
    return found


def send_all() -> list[str]:
    """Do as the worker does; returns whom it was asked for, each once in order."""
    asked = in_line()
    for each in asked:
        send_reset_letter(**each)
    return list(dict.fromkeys(each["email"] for each in asked))
