"""The vocabulary in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tagging.models import Tag


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin[Tag]):
    """Tags with the number of images they are on."""

    list_display = ("name", "images", "created_at")
    search_fields = ("name",)
    list_filter = ("created_at",)
    ordering = ("name",)
    list_per_page = 100

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        """Count the images in the same query."""
        return super().get_queryset(request).annotate(image_count=Count("image_tags"))

    @admin.display(description=_("images"), ordering="image_count")
    def images(self, tag: Tag) -> int:
        """On how many images the tag is."""
        return int(getattr(tag, "image_count", 0))

    def has_delete_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        """A tag that is on images is not deleted here: it would vanish from datasets without a trace."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.image_tags.exists())
