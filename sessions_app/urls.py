"""Addresses of the tagging desk."""

from django.urls import path

from sessions_app.views import keys, tagging

app_name = "sessions_app"

urlpatterns = [
    path("keys/", keys.keys, name="keys"),
    path("datasets/<int:dataset_id>/tag/", tagging.tag, name="tag"),
    path("datasets/<int:dataset_id>/tag/<int:image_id>/", tagging.tag_image, name="tag_image"),
]
