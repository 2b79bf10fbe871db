"""Every socket's address."""

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import URLPattern, URLResolver, re_path

from datasets.routing import websocket_urlpatterns as datasets_patterns
from sessions_app.routing import websocket_urlpatterns as sessions_patterns


class NoSuchSocket(AsyncWebsocketConsumer):
    """Refuses an unknown address; without it the router raises and the log fills with tracebacks."""

    async def connect(self) -> None:
        """Refuse."""
        await self.close()


websocket_urlpatterns: list[URLPattern | URLResolver] = [
    *datasets_patterns,
    *sessions_patterns,
    re_path(r"", NoSuchSocket.as_asgi()),
]
