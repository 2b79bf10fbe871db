"""Fixtures of this room."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from datasets.models import Dataset, Image
from tests import factories


@pytest.fixture
def image(dataset: Dataset) -> Image:
    """An image without words."""
    return factories.make_image(dataset)


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that threads and processes really share, with the program's own settings.

    On SQLite the test run's database lies in memory, where waiting for a lock is not what it is in a file: this one
    is its copy in a file. On PostgreSQL it is the test run's own.
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    in_memory, name = connection.connection, connection.settings_dict["NAME"]
    path = tmp_path / "shared.sqlite3"
    copy = sqlite3.connect(path)
    in_memory.backup(copy)
    copy.close()
    connection.connection, connection.settings_dict["NAME"] = None, str(path)
    try:
        yield
    finally:
        connection.settings_dict["NAME"] = str(path)
        connection.close()
        connection.connection, connection.settings_dict["NAME"] = in_memory, name
