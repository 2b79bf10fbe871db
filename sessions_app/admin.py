"""Tagging sessions in the admin: who is where, and since when."""

from django.contrib import admin
from django.http import HttpRequest

from sessions_app.models import ImageVisit, TaggingSession


@admin.register(TaggingSession)
class TaggingSessionAdmin(admin.ModelAdmin[TaggingSession]):
    """A person's walks, and the default one of each dataset they were in."""

    list_display = ["dataset", "name", "person", "filter_text", "current_image", "last_active_at", "finished_at"]
    list_display_links = ["dataset"]
    list_select_related = ["dataset", "person", "current_image"]
    list_filter = ["is_default", "order", "last_active_at", "finished_at"]
    search_fields = ["name", "filter_text", "dataset__name", "person__username", "current_image__original_name"]
    date_hierarchy = "last_active_at"
    ordering = ["-last_active_at"]
    # A select box of a hundred thousand pictures helps nobody.
    raw_id_fields = ["dataset", "person", "current_image"]
    readonly_fields = ["number", "total", "started_at", "last_active_at"]


@admin.register(ImageVisit)
class ImageVisitAdmin(admin.ModelAdmin[ImageVisit]):
    """What became of each image in a tagging session: to be read, the desk writes it."""

    list_display = ["image", "tagging_session", "outcome", "seconds", "visited_at"]
    list_select_related = ["image", "tagging_session__dataset", "tagging_session__person"]
    list_filter = ["outcome", "visited_at"]
    search_fields = ["image__original_name", "tagging_session__name", "tagging_session__dataset__name"]
    ordering = ["-pk"]
    raw_id_fields = ["tagging_session", "image"]
    readonly_fields = ["visited_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A visit without anybody who visited would be a lie."""
        return False
