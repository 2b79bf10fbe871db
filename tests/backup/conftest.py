"""Two installations with the same content, one on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.backup.installations import FILL, Installation
from tests.servers import find_postgres, postgres_server, skip_without


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with words and pictures; to be read only."""
    installation = Installation(tmp_path_factory.mktemp("filled") / "data")
    installation.must("migrate", "--verbosity=0")
    installation.run(FILL)
    return installation


@pytest.fixture(scope="session")
def its_backup(on_sqlite: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it; to be read only."""
    folder = tmp_path_factory.mktemp("backup") / "b"
    on_sqlite.must("backup", folder)
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server of nobody's."""
    skip_without(found=find_postgres(), name="PostgreSQL", package="postgresql")
    with postgres_server() as url:
        yield url


@pytest.fixture
def empty_postgres(postgres: str) -> str:
    """The same server with nothing in it."""
    with psycopg.connect(postgres, autocommit=True) as link:
        link.execute("DROP SCHEMA IF EXISTS tagger_restoring CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return postgres
