"""Requests share connections to PostgreSQL; on SQLite nothing is different."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL

from tagger_project.database_pool import pool_connections


@pytest.fixture(autouse=True)
def _pooled(transactional_db: None) -> Iterator[None]:
    facts = connections.settings["default"]
    before = (dict(facts["OPTIONS"]), facts["CONN_HEALTH_CHECKS"])
    # Who asked before this test, by sockets for example, may have filled a pool already.
    _close_pool()
    pool_connections()
    yield
    _close_pool()
    facts["OPTIONS"], facts["CONN_HEALTH_CHECKS"] = before


def _close_pool() -> None:
    connection.close()
    if isinstance(connections["default"], PostgreSQL):
        connections["default"].close_pool()


def _ask(statement: str) -> int:
    """What the database answers to a thread of its own, as a request has one."""
    answers: list[int] = []

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            answers.append(cursor.fetchone()[0])
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return answers[0]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to keep")
def test_one_request_after_another_uses_the_same_connections() -> None:
    _ask("SELECT 1")
    # While the first ones are still being opened, who comes has more of them opened.
    kept = connections["default"]
    assert isinstance(kept, PostgreSQL)
    kept.pool.wait(30)
    seen = {_ask("SELECT pg_backend_pid()") for _ in range(12)}
    assert len(seen) <= 3  # two are kept, and the first to come had one more opened


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to keep")
def test_a_connection_that_broke_meanwhile_is_replaced_unseen() -> None:
    with connection.cursor() as cursor:
        first = {_ask("SELECT pg_backend_pid()") for _ in range(4)}
        for pid in first:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    assert {_ask("SELECT pg_backend_pid()") for _ in range(4)}.isdisjoint(first)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's are pooled")
def test_sqlite_is_asked_as_before() -> None:
    assert "pool" not in connections.settings["default"]["OPTIONS"]
    assert _ask("SELECT 1") == 1
