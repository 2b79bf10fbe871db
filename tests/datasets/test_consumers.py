"""Sockets tell where imports and datasets stand: a snapshot first, then at most a few times a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from datasets.messages import DatasetTouched, ImportTouched, dataset_group, import_group
from datasets.models import Dataset
from datasets.services.processing import process_item
from tests import factories, images, uploading
from tests.sockets import hear, is_refused, socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored() -> Dataset:
    return factories.make_dataset()


def most_messages_in(seconds: float) -> int:
    """Four a second, and the first at once."""
    return math.ceil(seconds * 4) + 1


def in_background(work: Callable[[], Any]) -> Any:
    return database_sync_to_async(work)()


async def publish(group: str, message: ImportTouched | DatasetTouched) -> None:
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(group, {"type": "relay", "message": message.to_wire()})


def test_a_page_gets_where_the_import_stands_first(stored: Dataset) -> None:
    job = uploading.start(stored)
    uploading.bring(job, "bad.jpg", b"no picture")

    async def scenario() -> dict[str, Any]:
        async with socket(f"/ws/imports/{job.pk}/") as page:
            message: dict[str, Any] = await page.receive_json_from(timeout=5)
            return message

    message = async_to_sync(scenario)()
    assert message["type"] == "import.progress"
    assert (message["data"]["import_id"], message["data"]["total"], message["data"]["failed"]) == (job.pk, 1, 1)
    assert message["data"]["state"] == "OPEN"


def test_a_page_gets_the_datasets_numbers_first(stored: Dataset) -> None:
    factories.make_image(stored, is_tagged=True)

    async def scenario() -> dict[str, Any]:
        async with socket(f"/ws/datasets/{stored.pk}/") as page:
            message: dict[str, Any] = await page.receive_json_from(timeout=5)
            return message

    assert async_to_sync(scenario)() == {
        "type": "dataset.changed",
        "data": {"dataset_id": stored.pk, "revision": 0, "images": 1, "tagged": 1, "importing": 0},
    }


def test_work_that_is_done_is_told_without_asking(stored: Dataset) -> None:
    job = uploading.start(stored)
    item = uploading.send(job, "cat.png", images.encoded("PNG"))

    async def scenario() -> tuple[list[Any], list[Any]]:
        async with socket(f"/ws/imports/{job.pk}/") as import_page, socket(f"/ws/datasets/{stored.pk}/") as grid:
            await import_page.receive_json_from(timeout=5)
            await grid.receive_json_from(timeout=5)
            await in_background(lambda: process_item(item.pk))
            return await hear(import_page, 1), await hear(grid, 0.1)

    progress, numbers = async_to_sync(scenario)()
    assert progress[-1]["type"] == "import.progress"
    assert (progress[-1]["data"]["ready"], progress[-1]["data"]["in_line"]) == (1, 0)
    assert numbers[-1]["data"]["images"] == 1


def test_many_notices_become_a_few_messages_and_the_last_one_is_true(stored: Dataset) -> None:
    job = uploading.start(stored)

    async def scenario() -> tuple[list[Any], float]:
        async with socket(f"/ws/imports/{job.pk}/") as page:
            await page.receive_json_from(timeout=5)
            begin = time.monotonic()
            for _ in range(90):
                await publish(import_group(job.pk), ImportTouched(import_id=job.pk))
            await in_background(lambda: uploading.announce(job, "late.jpg", 5))
            return await hear(page, 0.8), time.monotonic() - begin

    heard, seconds = async_to_sync(scenario)()
    assert 1 <= len(heard) <= most_messages_in(seconds)
    assert heard[-1]["data"]["total"] == 1


def test_a_steady_stream_is_told_four_times_a_second(stored: Dataset) -> None:
    async def scenario() -> tuple[int, float]:
        async with socket(f"/ws/datasets/{stored.pk}/") as page:
            await page.receive_json_from(timeout=5)
            begin = time.monotonic()
            heard = 0
            for _ in range(20):
                await publish(dataset_group(stored.pk), DatasetTouched(dataset_id=stored.pk))
                heard += len(await hear(page, 0.06))
            return heard, time.monotonic() - begin

    heard, seconds = async_to_sync(scenario)()
    assert 3 <= heard <= most_messages_in(seconds)


def test_a_page_hears_of_its_own_import_only(stored: Dataset) -> None:
    mine, other = uploading.start(stored), uploading.start(stored)

    async def scenario() -> list[Any]:
        async with socket(f"/ws/imports/{mine.pk}/") as page:
            await page.receive_json_from(timeout=5)
            await in_background(lambda: uploading.announce(other, "a.jpg", 5))
            return await hear(page, 0.4)

    assert async_to_sync(scenario)() == []


@pytest.mark.parametrize("said", ["not json", '{"type": "import.progress"}', "[1]", "null", "", b"", b"\x00\xff"])
def test_what_a_page_says_is_dropped_and_the_socket_stays(stored: Dataset, said: str | bytes) -> None:
    async def scenario() -> list[Any]:
        async with socket(f"/ws/datasets/{stored.pk}/") as page:
            await page.receive_json_from(timeout=5)
            frame = {"text": said} if isinstance(said, str) else {"bytes": said}
            await page.send_input({"type": "websocket.receive", **frame})
            await publish(dataset_group(stored.pk), DatasetTouched(dataset_id=stored.pk))
            return await hear(page, 0.4)

    assert len(async_to_sync(scenario)()) == 1


@pytest.mark.parametrize(
    "path", ["/ws/imports/999999/", "/ws/datasets/999999/", "/ws/nothing/", "/ws/imports/x/", f"/ws/datasets/{10**30}/"]
)
def test_what_is_not_there_is_refused(path: str) -> None:
    assert async_to_sync(is_refused)(path)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", None, "http://testserver.evil.example", "http://eviltestserver"]
)
def test_another_sites_page_is_refused(stored: Dataset, origin: str | None) -> None:
    assert async_to_sync(is_refused)(f"/ws/datasets/{stored.pk}/", origin=origin)


def test_our_own_page_is_not(stored: Dataset) -> None:
    assert not async_to_sync(is_refused)(f"/ws/datasets/{stored.pk}/")


def test_a_closed_page_leaves_its_group(stored: Dataset) -> None:
    async def scenario() -> dict[str, Any]:
        async with socket(f"/ws/datasets/{stored.pk}/") as page:
            await page.receive_json_from(timeout=5)
            layer = get_channel_layer()
            assert layer is not None
            assert layer.groups[dataset_group(stored.pk)]
        groups: dict[str, Any] = layer.groups
        return groups

    assert dataset_group(stored.pk) not in async_to_sync(scenario)()
