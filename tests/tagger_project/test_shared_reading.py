"""One reading for all sockets that ask the same at the same moment, and never one from before they asked."""

from __future__ import annotations

import asyncio
import time

import pytest
from asgiref.sync import async_to_sync

from tagger_project.shared_reading import SharedReading

EVERY = 0.1


class Source:
    """What is stored, with a count of how often it was read."""

    def __init__(self) -> None:
        self.value = 0
        self.read_at: list[float] = []

    async def read(self, key: str) -> int:
        self.read_at.append(time.monotonic())
        value = self.value
        await asyncio.sleep(0.01)
        return value


@pytest.fixture
def source() -> Source:
    return Source()


def test_fifty_who_ask_at_once_are_answered_by_one_reading(source: Source) -> None:
    async def scenario() -> None:
        reading = SharedReading(source.read, every=EVERY)
        assert await asyncio.gather(*[reading.get("a") for _ in range(50)]) == [0] * 50

    async_to_sync(scenario)()
    assert len(source.read_at) == 1


def test_who_asks_while_it_is_read_gets_a_later_reading(source: Source) -> None:
    async def scenario() -> None:
        reading = SharedReading(source.read, every=EVERY)
        first = asyncio.create_task(reading.get("a"))
        await asyncio.sleep(0.005)
        source.value = 1
        assert await reading.get("a") == 1
        assert await first == 0

    async_to_sync(scenario)()


def test_readings_of_one_thing_keep_their_distance_and_others_do_not_wait(source: Source) -> None:
    async def scenario() -> None:
        reading = SharedReading(source.read, every=EVERY)
        for _ in range(3):
            await reading.get("a")
        begin = time.monotonic()
        await reading.get("b")
        assert time.monotonic() - begin < EVERY / 2

    async_to_sync(scenario)()
    between = [later - earlier for earlier, later in zip(source.read_at[:3], source.read_at[1:3], strict=False)]
    assert min(between) >= EVERY * 0.95


def test_who_goes_away_does_not_take_the_reading_with_them(source: Source) -> None:
    async def scenario() -> None:
        reading = SharedReading(source.read, every=EVERY)
        leaving, staying = asyncio.create_task(reading.get("a")), asyncio.create_task(reading.get("a"))
        await asyncio.sleep(0.005)
        leaving.cancel()
        assert await staying == 0

    async_to_sync(scenario)()


def test_an_error_reaches_all_who_wait_and_the_next_reading_is_a_new_one() -> None:
    answers = iter([ValueError("gone"), None])

    async def read(key: str) -> str:
        if error := next(answers):
            raise error
        return "here again"

    async def scenario() -> None:
        reading = SharedReading(read, every=EVERY)
        failed = await asyncio.gather(*[reading.get("a") for _ in range(2)], return_exceptions=True)
        assert [str(error) for error in failed] == ["gone", "gone"]
        assert await reading.get("a") == "here again"

    async_to_sync(scenario)()
