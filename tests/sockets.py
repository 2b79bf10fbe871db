"""Sockets of the whole ASGI application, without a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.testing import WebsocketCommunicator
from django.test import Client

from tagger_project.asgi import application

ORIGIN = "http://testserver"


def communicator(path: str, *, origin: str | None = ORIGIN, client: Client | None = None) -> WebsocketCommunicator:
    """A socket that is not open yet; with the cookies of a client that signed in."""
    headers = [(b"host", b"testserver")]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    if client is not None:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        headers.append((b"cookie", cookies.encode()))
    return WebsocketCommunicator(application, path, headers=headers)


@asynccontextmanager
async def socket(path: str, client: Client | None = None) -> AsyncIterator[WebsocketCommunicator]:
    """An open socket."""
    open_socket = communicator(path, client=client)
    accepted, _ = await open_socket.connect(timeout=5)
    assert accepted, f"{path} was refused"
    try:
        yield open_socket
    finally:
        await open_socket.disconnect()


async def is_refused(path: str, *, origin: str | None = ORIGIN, client: Client | None = None) -> bool:
    """Whether a socket is not opened."""
    closed = communicator(path, origin=origin, client=client)
    accepted, _ = await closed.connect(timeout=5)
    await closed.disconnect()
    return not accepted


Refusal = tuple[int | None, str]


async def refusal(path: str, *, client: Client | None = None, address: str = "") -> Refusal | None:
    """With what a socket is not opened, by code and words, from an address; `None` where it is opened."""
    closed = communicator(path, client=client)
    closed.scope["client"] = [address, 4000] if address else None
    await closed.send_input({"type": "websocket.connect"})
    answer = await closed.receive_output(timeout=5)
    await closed.disconnect()
    return None if answer["type"] == "websocket.accept" else (answer.get("code"), answer.get("reason") or "")


async def hear(open_socket: WebsocketCommunicator, seconds: float) -> list[dict[str, Any]]:
    """Every message of the next seconds."""
    heard = []
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            # Not `receive_json_from(timeout=…)`: when that runs out of time it ends the application too.
            heard.append(await asyncio.wait_for(_next(open_socket), left))
        except TimeoutError:
            break
    return heard


async def _next(open_socket: WebsocketCommunicator) -> dict[str, Any]:
    while open_socket.output_queue.empty():
        await asyncio.sleep(0.005)
    message: dict[str, Any] = await open_socket.receive_json_from()
    return message
