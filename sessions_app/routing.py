"""Addresses of this app's sockets."""

from django.urls import URLPattern, URLResolver, path

from sessions_app.consumers import DeskConsumer

websocket_urlpatterns: list[URLPattern | URLResolver] = [
    path("ws/datasets/<int:dataset_id>/desk/", DeskConsumer.as_asgi()),
]
