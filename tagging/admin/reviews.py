"""Reviews in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from tagging.models import Review


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin[Review]):
    """The steps of reviews: to be read, a step that is changed here would not move its image."""

    list_display = ("image", "state", "reason", "done_by", "done_at")
    list_select_related = ("image", "done_by")
    list_filter = ("state", "done_at")
    search_fields = ("image__original_name", "reason", "done_by__username")
    ordering = ("-pk",)
    raw_id_fields = ("image", "done_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Steps are taken on the desk."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Review | None = None) -> bool:
        """What was said stays said."""
        return False
