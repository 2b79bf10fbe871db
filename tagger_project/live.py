"""The one door from the server to open pages: typed messages, published to a group.

A message is a small notice or a snapshot, never the only carrier of a change: a page that misses one asks for what is
stored. So a broker that is away costs liveness and nothing else.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from tagger_project.broker import private_socket_path

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """A message to pages; on the wire `{"type": …, "data": {…}}`.

    Subclasses are frozen dataclasses that set `type`, such as `"import.progress"`, and hold JSON-ready values only.
    """

    type: ClassVar[str]

    def to_wire(self) -> dict[str, Any]:
        """Return the message as it is sent."""
        return {"type": self.type, "data": asdict(self)}


@dataclass(frozen=True)
class Notice(Message):
    """A message that stays inside the server: it tells sockets to read what is stored and send that."""


def broker_may_run() -> bool:
    """Whether there can be a broker at all: the bundled one is not there when a command runs without the server."""
    return not settings.BROKER_IS_PRIVATE or private_socket_path(settings.DATA_DIR).exists()


def publish(group: str, message: Message) -> None:
    """Send a message to every page that joined the group. Never raises: see the module's first sentence."""
    layer = get_channel_layer()
    if layer is None or not broker_may_run():
        return
    try:
        async_to_sync(layer.group_send)(group, {"type": "relay", "message": message.to_wire()})
    except Exception:
        logger.warning("No page heard %s for %s: the broker did not answer.", message.type, group, exc_info=True)
