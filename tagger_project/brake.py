"""A brake for slow readers: an answer goes on when the browser has taken what it was sent. No Django.

The server in front of the program (daphne) writes whatever it is given into memory and says at once that it was sent.
So a download of 20 GB by a browser that stopped reading would lie in memory whole. Its transport does know when it is
full; this asks it, and lets the application wait meanwhile. Under another server the application runs as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def braked(application: Application) -> Application:
    """Return the application with the brake on what it streams."""

    async def run(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        request = _request_behind(send)
        if request is None:
            await application(scope, receive, send)
            return
        brake = _Brake(request, send)
        try:
            await application(scope, receive, brake.send)
        finally:
            brake.release()

    return run


def _request_behind(send: Send) -> Any:
    """Return daphne's request, which has the transport; `None` where somebody else serves."""
    request = send.args[0] if isinstance(send, partial) and send.args else None
    return request if hasattr(request, "registerProducer") and hasattr(request, "channel") else None


class _Brake:
    """What the transport tells to pause and to go on; by Twisted's names of a producer that pushes."""

    def __init__(self, request: Any, send: Send) -> None:
        self._request = request
        self._send = send
        self._may_go_on = asyncio.Event()
        self._may_go_on.set()
        self._is_on = False

    async def send(self, message: Message) -> None:
        """Pass a message on when there is room for it."""
        if message["type"] == "http.response.body":
            if message.get("more_body", False):
                self._put_on()
                await self._may_go_on.wait()
            else:
                # The last message ends the request, which must have no producer then.
                await self._may_go_on.wait()
                self.release()
        await self._send(message)

    def release(self) -> None:
        """Let go of the transport."""
        if self._is_on:
            self._is_on = False
            if getattr(self._request, "channel", None) is not None:
                self._request.unregisterProducer()

    def _put_on(self) -> None:
        if not self._is_on and getattr(self._request, "channel", None) is not None:
            self._request.registerProducer(self, True)
            self._is_on = True

    def pauseProducing(self) -> None:
        """Wait: the transport has as much as it wants to hold."""
        self._may_go_on.clear()

    def resumeProducing(self) -> None:
        """Go on."""
        self._may_go_on.set()

    def stopProducing(self) -> None:
        """Go on: the connection is gone, and what is sent now is thrown away."""
        self._may_go_on.set()
