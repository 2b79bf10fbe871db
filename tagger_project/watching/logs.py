"""How the program's log looks: lines for people at a terminal, JSON for machines. No Django.

What stands in the context (the request's number, the task's) is in every line that is written while it holds, whoever
writes it: the program, Django, Celery or Channels.
"""

from __future__ import annotations

import logging
import re
import sys
import uuid
from typing import Any, TextIO

import structlog

from tagger_project.full_disk import is_disk_full

FORMATS = ("auto", "lines", "json")
REQUEST_ID_HEADER = "X-Request-ID"

# Secrets of links are long runs of letters and digits; the program's own numbers are short, its files' names dotted.
_SECRET = re.compile(r"(?<=/)[A-Za-z0-9_-]{20,}(?=/|$)")
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)


class ConsoleHandler(logging.StreamHandler[TextIO]):
    """Writes lines to the console, and nothing more about a line that a full disk has no room for."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Tell of a line that cannot be written, as Python does, unless its disk is full."""
        if not is_disk_full(sys.exc_info()[1]):
            super().handleError(record)


def without_secrets(path: str) -> str:
    """Return a path for the log: no query, and nothing that could be the secret of a link."""
    return _SECRET.sub("…", path.partition("?")[0])


def request_id_of(told: str | None) -> str:
    """Return the request's number that the proxy told, or a new one where it told none that is fit for a log."""
    return told if told and _REQUEST_ID.fullmatch(told) else uuid.uuid4().hex


def logging_settings(log_format: str, level: str) -> dict[str, Any]:
    """Return the value of Django's `LOGGING`; `auto` is for lines at a terminal and JSON elsewhere."""
    is_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
    structlog.configure(
        processors=[*_FOR_ALL, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _FOR_ALL,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(is_json)],
            }
        },
        "handlers": {"console": {"class": f"{__name__}.ConsoleHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # What Django says of an answer stands in the request's own line already, with its number.
            "django.request": {"level": "ERROR"},
            # One line a request is for machines, which can leave it out; people read after something went wrong.
            "django_structlog": {"level": level if is_json else "WARNING"},
            "django.channels.server": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            # Every scanner sends foreign host names; the answer is 400 and there is nothing to look into.
            "django.security.DisallowedHost": {"handlers": [], "propagate": False},
        },
    }


_FOR_ALL: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def _ending(is_json: bool) -> list[Any]:
    if is_json:
        return [
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    return [_line]


def _line(_: Any, __: str, facts: dict[str, Any]) -> str:
    """Write one line for a person, as short as it can be, and a traceback below it."""
    told = dict(facts)
    when, level, who, what = (told.pop(name, "") for name in ("timestamp", "level", "logger", "event"))
    begin = f"{when} {level.upper()} {who}: {what}"
    told = dict(structlog.processors.format_exc_info(None, "", told))
    trace = told.pop("exception", "")
    rest = " ".join(f"{name}={value}" for name, value in told.items())
    return "\n".join(part for part in (f"{begin} {rest}".rstrip(), str(trace)) if part)
