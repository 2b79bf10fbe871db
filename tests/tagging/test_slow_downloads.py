"""Browsers that take their time over a download hold no connection to the database meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL
from django.urls import reverse

from datasets.models import Dataset
from tagger_project.database_pool import pool_connections
from tests import factories, images
from tests.tagging.doing import bring_in
from tests.tagging.exporting import export

READERS = 4


@pytest.fixture(autouse=True)
def _few_connections(shared_database: None) -> Iterator[None]:
    """Of a pool, fewer than there are readers."""
    facts = connections.settings["default"]
    before = (dict(facts["OPTIONS"]), facts["CONN_HEALTH_CHECKS"])
    if connection.vendor == "postgresql":
        connection.close()
        pool_connections()
        facts["OPTIONS"]["pool"] |= {"min_size": 0, "max_size": READERS - 1, "timeout": 2.0}
    yield
    if isinstance(connections["default"], PostgreSQL):
        connection.close()
        connections["default"].close_pool()
    facts["OPTIONS"], facts["CONN_HEALTH_CHECKS"] = before


class SlowReader:
    """A browser on the program's own application; it takes the head of an answer, and the body when it likes."""

    def __init__(self, address: str) -> None:
        self.scope: dict[str, Any] = {"type": "http", "method": "GET", "path": address, "query_string": b""}
        self.scope |= {"http_version": "1.1", "headers": [(b"host", b"testserver")], "asgi": {"version": "3.0"}}
        self.status = 0
        self.content = b""
        self.is_connected: list[bool] = []
        self.stands_still = asyncio.Event()
        self.may_read = asyncio.Event()
        self._asked = False

    async def read(self) -> None:
        """Ask, and read all of it."""
        await get_asgi_application()(self.scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if self._asked:
            await asyncio.Event().wait()
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if message.get("more_body") and not self.content:
            # In the request's own thread, which has a connection of its own.
            self.is_connected.append(await sync_to_async(lambda: connection.connection is not None)())
            self.stands_still.set()
            await self.may_read.wait()
        self.content += message.get("body", b"")


async def download_slowly(address: str, other: str) -> tuple[list[SlowReader], SlowReader]:
    """Let browsers stand still in the middle of a file, and ask for something else meanwhile."""
    readers = [SlowReader(address) for _ in range(READERS)]
    tasks = [asyncio.create_task(reader.read()) for reader in readers]
    for reader, task in zip(readers, tasks, strict=True):
        still = asyncio.create_task(reader.stands_still.wait())
        await asyncio.wait([still, task], return_when=asyncio.FIRST_COMPLETED)
        still.cancel()
    hasty = SlowReader(other)
    await hasty.read()
    for reader in readers:
        reader.may_read.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    return readers, hasty


@pytest.mark.parametrize("what", ["archive", "picture"])
def test_readers_that_stand_still_leave_the_database_to_others(what: str) -> None:
    dataset: Dataset = factories.make_dataset()
    [item] = bring_in(dataset, [("a.bmp", images.encoded("BMP", width=700, height=600))])
    job = export(dataset, "plain")
    address = reverse("tagging:export_file", args=[dataset.pk, job.pk, job.archives.get().file_name])
    if what == "picture":
        address = f"/files/images/{item.image_id}/original/"
    readers, hasty = asyncio.run(download_slowly(address, "/api/v1/datasets"))
    assert hasty.status == 200
    assert [reader.status for reader in readers] == [200] * READERS
    assert [reader.is_connected for reader in readers] == [[False]] * READERS
    assert len({reader.content for reader in readers}) == 1
    assert len(readers[0].content) > 0
