"""What every socket of the program does: authorise, join, accept, snapshot, relay."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.core.exceptions import ObjectDoesNotExist
from redis.exceptions import RedisError

from tagger_project.auth import may_connect
from tagger_project.bounds.sockets import MESSAGE_BYTES, Allowance
from tagger_project.live import Message
from tagger_project.outage import outage

logger = logging.getLogger(__name__)

# Notices are merged: however much happens, a page hears of it four times a second.
MERGE_SECONDS = 0.25
# What the page shows was deleted while it was open; 4000 to 4999 are an application's own codes.
GONE = 4404
# Not 1011: daphne sends none of the codes that are not an application's own.
TRY_AGAIN = 4503
# The page says more than any page of ours does; it comes again after a while (static/js/live/socket.js).
TOO_MUCH = 4429


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """A socket that tells; saving goes through HTTP.

    Subclasses give `authorise()` and `snapshot()`, and `render()` where a page wants more than the notices themselves.
    The order in `connect` matters: a snapshot read before joining would miss what happens in between.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups_joined: list[str] = []
        self.notices: list[dict[str, Any]] = []
        self.flusher: asyncio.Task[None] | None = None
        self.allowance = Allowance()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one socket; where the broker goes away it is closed, and its page opens another one."""
        try:
            await super().__call__(scope, receive, send)
        except (RedisError, OSError) as error:
            outage.note(error, "Sockets are closed; their pages come again.")
            # Where the page has left already there is nobody to tell.
            with suppress(Exception):
                await send({"type": "websocket.close", "code": TRY_AGAIN})

    async def authorise(self) -> list[str] | None:
        """Return the groups to join, or `None` where this person may not look."""
        raise NotImplementedError

    async def snapshot(self) -> Message:
        """Return what is stored now."""
        raise NotImplementedError

    async def render(self, notices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return what to send for the notices of the last moment: by default the newest of each type."""
        return list({notice["type"]: notice for notice in notices}.values())

    async def connect(self) -> None:
        """Open the socket for who may look; anyone else gets HTTP 403."""
        groups = await self.authorise() if may_connect(self.scope) else None
        if groups is None:
            await self.close()
            return
        for group in groups:
            await self.channel_layer.group_add(group, self.channel_name)
            self.groups_joined.append(group)
        await self.accept()
        await self.opened()

    async def opened(self) -> None:
        """Begin with what is stored now."""
        await self.send_json((await self.snapshot()).to_wire())

    async def disconnect(self, code: int) -> None:
        """Leave every group."""
        if self.flusher is not None:
            self.flusher.cancel()
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Take in what a page says, unless it is too much of it: then the socket is closed."""
        length = len(message.get("text") or "") + len(message.get("bytes") or b"")
        if length > MESSAGE_BYTES or not self.allowance.take(asyncio.get_running_loop().time()):
            await self.close(code=TOO_MUCH)
            return
        await super().websocket_receive(message)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """Drop what pages send: they have nothing to say here, and nothing of it must end in a traceback."""

    async def relay(self, event: dict[str, Any]) -> None:
        """Take a notice from the group; it goes out with the others of the same moment."""
        self.notices.append(event["message"])
        if self.flusher is None or self.flusher.done():
            self.flusher = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        while self.notices:
            notices, self.notices = self.notices, []
            try:
                messages = await self.render(notices)
            except ObjectDoesNotExist:
                await self.close(code=GONE)
                return
            except Exception:
                # The page opens another socket, and its snapshot has what was missed here.
                logger.exception("What changed could not be read for a page; its socket is closed.")
                await self.close(code=TRY_AGAIN)
                return
            for message in messages:
                await self.send_json(message)
            await asyncio.sleep(MERGE_SECONDS)
