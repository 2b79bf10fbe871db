"""The log: JSON for machines, short lines for people, a number for each request, and no secrets."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path

import pytest
import structlog
from django.test import Client

from tagger_project.watching.logs import ConsoleHandler, logging_settings, request_id_of, without_secrets


@pytest.fixture
def written() -> io.StringIO:
    """What a logger of `write` writes."""
    return io.StringIO()


def break_something() -> None:
    raise ValueError("inside")


def write(log_format: str, stream: io.StringIO) -> logging.Logger:
    """A logger of its own that writes in a form."""
    settings = logging_settings(log_format, "INFO")
    formatter = settings["formatters"]["line"]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(**{name: value for name, value in formatter.items() if name != "()"})
    )
    logger = logging.getLogger(f"test-of-{log_format}")
    logger.handlers, logger.propagate = [handler], False
    return logger


def test_json_has_one_object_a_line_with_what_holds_meanwhile(written: io.StringIO) -> None:
    logger = write("json", written)
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        logger.warning("Two\nlines of %s", "“é”")
        try:
            break_something()
        except ValueError:
            logger.exception("It broke.")
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert (first["message"], first["level"], first["request_id"]) == ("Two\nlines of “é”", "warning", "abc")
    assert "ValueError: inside" in second["exception"]


def test_people_read_a_line_and_the_traceback_below_it(written: io.StringIO) -> None:
    logger = write("lines", written)
    try:
        break_something()
    except ValueError:
        logger.exception("It broke at %s.", "noon")
    first, *rest = written.getvalue().splitlines()
    assert re.fullmatch(r"\S+Z ERROR test-of-lines: It broke at noon\.", first)
    assert rest[0] == "Traceback (most recent call last):"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/datasets/12/?next=/secret", "/datasets/12/"),
        ("/invitations/Zm9vYmFyYmF6cXV4Zm9vYmFy/", "/invitations/…/"),
        ("/join/Zm9vYmFyYmF6cXV4Zm9vYmFy", "/join/…"),
        ("/datasets/12/exports/3/archive-1.zip", "/datasets/12/exports/3/archive-1.zip"),
    ],
)
def test_no_secret_of_a_link_stands_in_the_log(path: str, told: str) -> None:
    assert without_secrets(path) == told


@pytest.mark.parametrize("told", [None, "", "short", "a b c d e f g h", "x" * 65, "line\nbreak-in-it"])
def test_what_is_no_number_is_replaced(told: str | None) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", request_id_of(told))


def test_the_answer_names_the_number_of_its_request(client: Client) -> None:
    kept = client.get("/healthz", headers={"X-Request-ID": "0123456789abcdef"})
    assert kept["X-Request-ID"] == "0123456789abcdef"
    made = client.get("/healthz", headers={"X-Request-ID": "bad\u0085id"})
    assert re.fullmatch(r"[0-9a-f]{32}", made["X-Request-ID"])
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="There is no disk here that is always full.")
def test_a_line_that_a_full_disk_refuses_is_not_followed_by_a_longer_one(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("name", logging.WARNING, __file__, 1, "a line", None, None)
    with Path("/dev/full").open("wb", buffering=0) as device:
        full = io.TextIOWrapper(device, write_through=True)
        ConsoleHandler(full).emit(record)
        assert capsys.readouterr().err == ""
        logging.StreamHandler(full).emit(record)
        assert "No space left on device" in capsys.readouterr().err
