"""Addresses of this app's sockets."""

from django.urls import URLPattern, URLResolver, path

from datasets.consumers import DatasetConsumer, ImportConsumer

websocket_urlpatterns: list[URLPattern | URLResolver] = [
    path("ws/imports/<int:job_id>/", ImportConsumer.as_asgi()),
    path("ws/datasets/<int:dataset_id>/", DatasetConsumer.as_asgi()),
]
