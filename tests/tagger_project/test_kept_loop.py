"""What is waited for in a loop that stays."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagger_project import kept_loop


@pytest.fixture
def kept() -> Iterator[None]:
    kept_loop.keep_loop()
    yield
    kept_loop._is_kept = False


def loops_of_calls(calls: int) -> set[int]:
    seen: set[int] = set()

    async def look() -> None:
        seen.add(id(asyncio.get_running_loop()))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _number: kept_loop.finish(look()), range(calls)))
    return seen


def test_all_threads_wait_in_one_loop(kept: None) -> None:
    assert len(loops_of_calls(40)) == 1


def test_what_goes_wrong_is_raised_where_one_waits(kept: None) -> None:
    async def fail() -> None:
        raise ConnectionError("nobody is there")

    with pytest.raises(ConnectionError, match="nobody"):
        kept_loop.finish(fail())


def test_a_child_that_is_forked_off_gets_a_loop_of_its_own(kept: None) -> None:
    loops_of_calls(1)
    child = os.fork()
    if child == 0:
        os._exit(0 if loops_of_calls(1) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
