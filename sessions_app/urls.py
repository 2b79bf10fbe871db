"""Addresses of the tagging desk."""

from django.urls import path

from sessions_app.views import keys, sessions, tagging

app_name = "sessions_app"

urlpatterns = [
    path("keys/", keys.keys, name="keys"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/<int:walk_id>/", sessions.change, name="change_session"),
    path("datasets/<int:dataset_id>/sessions/new/", sessions.start, name="start_session"),
    path("datasets/<int:dataset_id>/tag/", tagging.tag, name="tag"),
    path("datasets/<int:dataset_id>/tag/<int:image_id>/", tagging.tag_image, name="tag_image"),
]
