"""Datasets, images and imports in the admin: to look things up; the work is done on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from datasets.forms import DatasetAdminForm
from datasets.models import Dataset, Image, ImportItem, ImportJob, Membership
from datasets.queries.refusals import explain
from datasets.services.datasets import PERSONS_FIELDS, touch_dataset


class LookOnly:
    """Rows that only the pages and workers make."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nothing is changed by hand."""
        return False


class MembershipInline(admin.TabularInline[Membership, Dataset]):
    """Who may do what in a dataset: for superusers alone, as nobody else may raise themselves."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """For superusers."""
        return bool(request.user.is_superuser)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin[Dataset]):
    """Datasets with their numbers."""

    form = DatasetAdminForm
    list_display = ("name", "file_prefix", "trigger_word", "images_", "tagged", "created_at")
    list_filter = ("created_at",)
    search_fields = ("name", "file_prefix", "trigger_word")
    readonly_fields = ("created_at", "revision")
    ordering = ("-created_at",)
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dataset]:
        """Count images in the same query."""
        return (
            super()
            .get_queryset(request)
            .annotate(
                image_count=Count("images", filter=Q(images__trashed_at=None)),
                tagged_count=Count("images", filter=Q(images__trashed_at=None, images__is_tagged=True)),
            )
        )

    def save_model(self, request: HttpRequest, obj: Dataset, form: Any, change: bool) -> None:
        """Save what people change, and leave alone what is counted meanwhile."""
        obj.save(update_fields=PERSONS_FIELDS if change else None)
        touch_dataset(obj.pk)

    @admin.display(description=_("images"), ordering="image_count")
    def images_(self, dataset: Dataset) -> int:
        """How many images it has."""
        return int(getattr(dataset, "image_count", 0))

    @admin.display(description=_("tagged"), ordering="tagged_count")
    def tagged(self, dataset: Dataset) -> int:
        """How many of them have a tag or a caption."""
        return int(getattr(dataset, "tagged_count", 0))


class InTrash(admin.EmptyFieldListFilter):
    """Images that are there, or those in the trash."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Say it in words rather than as an empty field."""
        words = (_("All"), _("present"), _("in the trash"))
        for word, choice in zip(words, super().choices(changelist), strict=True):
            yield {**choice, "display": word}


@admin.register(Image)
class ImageAdmin(LookOnly, admin.ModelAdmin[Image]):
    """Images by name, checksum and dataset, those in the trash too."""

    list_display = (
        "original_name",
        "dataset",
        "position",
        "format",
        "width",
        "height",
        "byte_size",
        "is_tagged",
        "trashed_at",
    )
    list_select_related = ("dataset",)
    list_filter = (("trashed_at", InTrash), "format", "is_tagged", "dataset")
    search_fields = ("original_name", "sha256")
    ordering = ("dataset", "position")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        """All of them: the default of the model leaves the trash out."""
        return Image.everything.order_by(*self.ordering)


@admin.register(ImportJob)
class ImportJobAdmin(LookOnly, admin.ModelAdmin[ImportJob]):
    """Imports with what became of their files."""

    list_display = (
        "__str__",
        "dataset",
        "source",
        "files",
        "ready",
        "refused",
        "started_by",
        "created_at",
        "finished_at",
    )
    list_select_related = ("dataset", "started_by")
    list_filter = ("source", "created_at", "dataset")
    search_fields = ("dataset__name",)
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportJob]:
        """Count files in the same query."""
        state = ImportItem.State
        return (
            super()
            .get_queryset(request)
            .annotate(
                file_count=Count("items"),
                ready_count=Count("items", filter=Q(items__state=state.READY)),
                failed_count=Count("items", filter=Q(items__state=state.FAILED)),
            )
        )

    @admin.display(description=_("files"), ordering="file_count")
    def files(self, job: ImportJob) -> int:
        """How many files were announced."""
        return int(getattr(job, "file_count", 0))

    @admin.display(description=_("ready"), ordering="ready_count")
    def ready(self, job: ImportJob) -> int:
        """How many were taken in."""
        return int(getattr(job, "ready_count", 0))

    @admin.display(description=_("refused"), ordering="failed_count")
    def refused(self, job: ImportJob) -> int:
        """How many were refused."""
        return int(getattr(job, "failed_count", 0))


@admin.register(ImportItem)
class ImportItemAdmin(LookOnly, admin.ModelAdmin[ImportItem]):
    """Files of imports, with the reason where one was refused."""

    list_display = ("name", "job", "kind", "state", "why", "attempts", "finished_at")
    list_select_related = ("job__dataset",)
    list_filter = ("state", "kind", "reason")
    search_fields = ("name",)
    ordering = ("-pk",)
    show_full_result_count = False

    @admin.display(description=_("reason"))
    def why(self, item: ImportItem) -> str:
        """The sentence that the person saw."""
        return explain(item)
