"""Versions and restores in the admin: to be read."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tagger_project.auth import person
from tagging.models import DatasetVersion, VersionRestore
from tagging.services.versions import delete_version


class ReadOnly:
    """Rows that the pages alone make."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Versions are made where their dataset is."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """What a version says stays said."""
        return False


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnly, admin.ModelAdmin[DatasetVersion]):
    """Versions with their numbers."""

    list_display = ("title", "dataset", "number", "images", "tags", "captions", "made_by", "created_at", "is_automatic")
    list_select_related = ("dataset", "made_by")
    list_filter = ("is_automatic", "created_at", "dataset")
    search_fields = ("name", "note", "digest", "dataset__name")
    ordering = ("-pk",)
    exclude = ("chunks",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DatasetVersion]:
        """Leave the lists of parts where they are."""
        return super().get_queryset(request).defer("chunks")

    def delete_model(self, request: HttpRequest, obj: DatasetVersion) -> None:
        """Delete it with what nothing else needs."""
        delete_version(obj, by=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[DatasetVersion]) -> None:
        """Delete many, likewise."""
        for version in queryset:
            delete_version(version, by=person(request))


@admin.register(VersionRestore)
class VersionRestoreAdmin(ReadOnly, admin.ModelAdmin[VersionRestore]):
    """Restores and how far they came."""

    list_display = ("version", "dataset", "words", "returned", "remade", "trashed", "lost", "done_by", "finished_at")
    list_select_related = ("version", "dataset", "done_by")
    list_filter = ("finished_at", "dataset")
    search_fields = ("version__name", "dataset__name")
    ordering = ("-pk",)
