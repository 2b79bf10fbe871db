"""Tagging sessions in the admin: who is where, and since when."""

from django.contrib import admin

from sessions_app.models import TaggingSession


@admin.register(TaggingSession)
class TaggingSessionAdmin(admin.ModelAdmin[TaggingSession]):
    """One row a person and dataset."""

    list_display = ["dataset", "person", "current_image", "started_at", "last_active_at"]
    list_display_links = ["dataset"]
    list_select_related = ["dataset", "person", "current_image"]
    list_filter = ["last_active_at", "started_at"]
    search_fields = ["dataset__name", "person__username", "current_image__original_name"]
    date_hierarchy = "last_active_at"
    ordering = ["-last_active_at"]
    # A select box of a hundred thousand pictures helps nobody.
    raw_id_fields = ["dataset", "person", "current_image"]
    readonly_fields = ["started_at", "last_active_at"]
