"""One broker address in, four spellings out: each is read by the library that it is for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import redis
from kombu import Connection

from tagger_project.broker import broker_url, celery_url, private_socket_path, redis_py_url

SOCKET = "unix:///srv/tagger/run/broker.sock"


def test_a_named_broker_wins_over_the_bundled_one() -> None:
    assert broker_url("redis://cache:6379", Path("/srv/tagger")) == "redis://cache:6379"
    assert broker_url("", Path("/srv/tagger")) == SOCKET


@pytest.mark.parametrize("database", [0, 1, 2])
def test_redis_py_reads_a_socket_with_its_database(database: int) -> None:
    options = redis.ConnectionPool.from_url(redis_py_url(SOCKET, database)).connection_kwargs
    assert (options["path"], options["db"]) == ("/srv/tagger/run/broker.sock", database)


@pytest.mark.parametrize(
    ("url", "database", "expected"),
    [
        ("redis://cache:6379", 1, 1),
        ("redis://cache:6379/", 2, 2),
        ("redis://:secret@cache:6379/3", 2, 5),
    ],
)
def test_a_number_in_the_address_is_the_first_of_three(url: str, database: int, expected: int) -> None:
    options = redis.ConnectionPool.from_url(redis_py_url(url, database)).connection_kwargs
    assert (options["host"], options["port"], options["db"]) == ("cache", 6379, expected)


def test_celery_names_a_socket_by_a_scheme_of_its_own() -> None:
    # Kombu opens a connection to parse it further; that it is understood is what every flow test shows.
    assert celery_url(SOCKET) == "redis+socket:///srv/tagger/run/broker.sock?virtual_host=0"


def test_celery_reads_a_host() -> None:
    options = Connection(celery_url("redis://:secret@cache:6379/3")).info()
    assert (options["hostname"], options["port"], options["virtual_host"]) == ("cache", 6379, "3")


def test_the_socket_lies_in_the_data_folder() -> None:
    assert private_socket_path(Path("/srv/tagger")) == Path("/srv/tagger/run/broker.sock")


@pytest.mark.parametrize("folder", ["/srv/" + "x" * 120, "/srv/my pictures", "/srv/bücher", "/srv/50%"])
def test_a_folder_that_no_socket_address_can_hold_gets_a_short_one(folder: str) -> None:
    path = private_socket_path(Path(folder))
    assert len(os.fsencode(path)) <= 100
    assert path == private_socket_path(Path(folder))
    assert path != private_socket_path(Path(folder + "-other"))
    assert redis.ConnectionPool.from_url(redis_py_url(f"unix://{path}", 1)).connection_kwargs["path"] == str(path)
