"""Under a server with threads: files in blocks, and the browser's own address."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from tagger_project import wsgi
from tagger_project.api import token_door
from tagger_project.bounds.client_address import client_address, client_address_in_scope
from tagger_project.bounds.sockets import bounded
from tagger_project.http import FileBlocks
from tests import factories

DATASETS = "/api/v1/datasets"


def begin(*_: Any) -> Callable[[bytes], object]:
    """What a server gives for the head of an answer."""
    return len


def test_a_file_is_read_block_by_block_where_threads_serve(tmp_path: Path, db: None) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 4096)
    answer = FileBlocks(path, 100, 700_000)
    blocks = iter(answer)
    first = next(blocks)
    assert len(first) == 256 * 1024, "not the whole"
    assert first + b"".join(blocks) == path.read_bytes()[100 : 100 + 700_000]
    answer.close()


@pytest.mark.parametrize("forwarded", ["198.51.100.1", "6.6.6.6, 198.51.100.1", "10.0.0.1,6.6.6.6 ,198.51.100.1"])
def test_what_a_browser_writes_into_the_header_does_not_change_who_asks(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, forwarded: str
) -> None:
    settings.TRUSTED_PROXIES = 1
    seen: list[str] = []

    def note(request: HttpRequest) -> HttpResponse:
        seen.append(client_address(request))
        return HttpResponse()

    monkeypatch.setattr("tagger_project.wsgi.application._middleware_chain", note)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "REMOTE_ADDR": "172.18.0.2", "wsgi.input": io.BytesIO()}
    wsgi.application({**environ, "HTTP_X_FORWARDED_FOR": forwarded}, begin)
    assert seen == ["198.51.100.1"]
    scope = {"client": ["172.18.0.2", 4000], "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert client_address_in_scope(scope) == "198.51.100.1"
    lines = [(b"x-forwarded-for", part.encode()) for part in forwarded.split(",")]
    assert client_address_in_scope({**scope, "headers": lines}) == "198.51.100.1"


def test_without_proxies_the_header_says_nothing(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 0
    scope = {"client": ["198.51.100.1", 4000], "headers": [(b"x-forwarded-for", b"6.6.6.6")]}
    assert client_address_in_scope(scope) == "198.51.100.1"
    assert client_address_in_scope({"client": None}) == ""


def forged(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.1"}


def test_a_forged_header_is_counted_as_one_address_at_every_door(
    settings: Settings, password_mode: None, db: None
) -> None:
    settings.TRUSTED_PROXIES = 1
    settings.ANONYMOUS_REQUESTS_A_MINUTE = 0
    factories.make_user(username="anna")
    guesses = [
        Client().post("/login/", {"login": "anna", "password": "wrong"}, headers=forged(number)).status_code
        for number in range(6)
    ]
    assert guesses == [200] * 5 + [429]
    tokens = [
        Client().get(DATASETS, headers={**forged(number), "Authorization": "Bearer dtag_wrong"}).status_code
        for number in range(token_door.MOST_WRONG + 1)
    ]
    assert tokens == [401] * token_door.MOST_WRONG + [429]
    settings.ANONYMOUS_REQUESTS_A_MINUTE = 2
    pages = [Client().get("/login/", headers=forged(number)).status_code for number in range(4)]
    assert pages[-1] == 429


def test_a_forged_header_opens_no_more_sockets(settings: Settings) -> None:
    settings.TRUSTED_PROXIES, settings.SOCKETS_AN_ADDRESS = 1, 2
    opened: list[Any] = []

    async def hold(scope: Any, receive: Any, send: Any) -> None:
        opened.append(scope)
        await receive()

    async def ask() -> None:
        end = asyncio.Event()

        async def send(message: Any) -> None:
            assert message["type"] == "websocket.close"

        async def run(number: int) -> None:
            # Two people, who come through the one proxy.
            line = f"203.0.113.{number}, 198.51.100.{number % 2}".encode()
            scope = {"client": ["172.18.0.2", number], "headers": [(b"x-forwarded-for", line)]}
            await bounded(hold)(scope, end.wait, send)

        tasks = [asyncio.create_task(run(number)) for number in range(10)]
        await asyncio.sleep(0)
        end.set()
        await asyncio.gather(*tasks)

    asyncio.run(ask())
    assert len(opened) == 4
