"""The socket of a desk, and of a grid: what changed, who is here, and that an image was taken over."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any
from urllib.parse import parse_qs

from datasets.messages import RightsNow
from datasets.permissions import visible_datasets
from datasets.seats import SeatedConsumer
from sessions_app.rooms import Line, Room, join_room
from tagger_project.auth import person_in_scope

# `{"seen": 12}` and nothing else.
LONGEST_ANSWER = 40


class DeskConsumer(SeatedConsumer):
    """`/ws/datasets/<id>/desk/?tab=<uuid>&since=<revision>`: what a page missed since a revision, and who is here.

    Without `tab` it is a grid, which shows no words. Without `since` it hears of what comes from now on. The page
    answers, every few messages, with how many it has seen: `{"seen": 4}`, `{"seen": 8}`, …
    """

    # The room listens for all of its sockets; there is no layer of this name.
    channel_layer_alias = "none"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tab = ""
        self.person_id: int | None = None
        self.since: int | None = None
        self.line = Line()
        self.room: Room | None = None

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Take an answer in at once: it reads nothing, and need not wait for the thread that the database has."""
        if message["type"] == "websocket.receive":
            await self.websocket_receive(message)
        else:
            await super().dispatch(message)

    async def authorise(self) -> list[str] | None:
        """Let in who may see the dataset."""
        user = person_in_scope(self.scope)
        self.person_id = user.pk if user is not None else None
        query = {name: values[0] for name, values in parse_qs(self.scope["query_string"].decode("latin-1")).items()}
        self.tab = _tab(query.get("tab", ""))
        since = query.get("since", "")
        self.since = int(since) if since.isascii() and since.isdigit() and len(since) < 19 else None
        if not await visible_datasets(user).filter(pk=self._id()).aexists():
            return None
        self.dataset_id = self._id()
        self.room = await join_room(self._id())
        return []

    async def opened(self) -> None:
        """Go to the others: the room tells what was missed, after everything that this socket could have heard."""
        self.sit()
        while self.room is None or self.room.is_closed:
            self.room = await join_room(self._id())
        self.room.enter(self)

    async def disconnect(self, code: int) -> None:
        """Leave; the page may only be loading anew, or may have lost its network for a moment."""
        if self.room is not None:
            self.room.leave(self)
        await super().disconnect(code)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """Take in how many messages the page has seen; drop anything else."""
        seen = _seen(text_data or "")
        if seen is None:
            return
        was_free = self.line.is_free
        self.line.note_seen(seen, asyncio.get_running_loop().time())
        if not was_free and self.line.is_free and self.room is not None:
            self.room.touch()
            self.room.touch_people()

    async def send_text(self, text: str) -> None:
        """Send a message."""
        await self.send(text_data=text)

    async def pass_on(self, message: RightsNow) -> bool:
        """Send a message among the room's own, which the page counts."""
        return self.room is not None and await self.room.tell(self, message)

    async def unseat(self, code: int) -> None:
        """Leave the others first: nothing more is told here."""
        if self.room is not None:
            self.room.leave(self)
        await super().unseat(code)

    async def end(self, code: int) -> None:
        """Close the socket."""
        await self.close(code=code)

    def _id(self) -> int:
        return int(self.scope["url_route"]["kwargs"]["dataset_id"])


def _tab(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""


def _seen(text: str) -> int | None:
    if len(text) > LONGEST_ANSWER:
        return None
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    seen = answer.get("seen") if isinstance(answer, dict) else None
    return seen if isinstance(seen, int) and not isinstance(seen, bool) else None
