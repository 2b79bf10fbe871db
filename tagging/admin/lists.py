"""The field's lists in the admin: uploaded with a look at what would change, and written out again.

django-import-export leads from page to page; what a list says, and what becomes of it, is `load_vocabulary`'s alone.
Row by row through the library, 140,000 tags would take many minutes.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import Format
from import_export.forms import ImportForm
from import_export.resources import ModelResource
from import_export.results import Error, Result, RowResult
from import_export.tmp_storages import BaseStorage

from tagging.models import Tag
from tagging.services.loading import Loaded, load_vocabulary
from tagging.services.vocabulary_export import write_list
from tagging.services.vocabulary_list import ListUnreadable

MOST_BYTES = 20 * 2**20
_MOST_TOLD = 200
_KEPT_SECONDS = 24 * 3600
_NEEDED = ("tagging.add_tag", "tagging.change_tag", "tagging.add_tagalias")


class FieldList(Format):
    """`name,category,count,"alias,alias"`: bytes as they are, for whoever reads or wrote them."""

    def __init__(self, encoding: str | None = None) -> None:
        # The library names one; whoever reads a list finds out by itself.
        super().__init__()

    def get_title(self) -> str:
        """Return the name of the format."""
        return "csv"

    def create_dataset(self, in_stream: bytes) -> bytes:
        """Return what was uploaded."""
        return in_stream

    def export_data(self, dataset: bytes, **_kwargs: Any) -> bytes:
        """Return what was written."""
        return dataset

    def get_read_mode(self) -> str:
        """Return how a file of it is opened."""
        return "rb"

    def get_extension(self) -> str:
        """Return how the names of its files end."""
        return "csv"

    def get_content_type(self) -> str:
        """Return what a browser is told."""
        return "text/csv; charset=utf-8"

    def can_import(self) -> bool:
        """It is read."""
        return True

    def can_export(self) -> bool:
        """It is written."""
        return True


class ListsFolder(BaseStorage):
    """Uploaded lists between the look and the yes, in a folder of their own; those of yesterday go."""

    def save(self, data: bytes) -> None:
        """Keep a list under a new name."""
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if old.stat().st_mtime < time.time() - _KEPT_SECONDS:
                old.unlink(missing_ok=True)
        self.name = uuid.uuid4().hex
        (folder / self.name).write_bytes(data)

    def read(self) -> bytes:
        """Return the list; nothing where it is gone."""
        path = self._path()
        return path.read_bytes() if path and path.is_file() else b""

    def remove(self) -> None:
        """Forget the list."""
        if path := self._path():
            path.unlink(missing_ok=True)

    def _path(self) -> Path | None:
        # A form sent the name: it names a list, or nothing.
        try:
            return _folder() / uuid.UUID(str(self.name)).hex
        except ValueError:
            return None


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "lists"


class LoadedResult(Result):
    """What became of a list, as the library's pages count it, and as `load_vocabulary` tells it."""

    def __init__(self, loaded: Loaded | None) -> None:
        super().__init__()
        self.loaded = loaded
        if loaded is not None:
            self.totals[RowResult.IMPORT_TYPE_NEW] = loaded.new
            self.totals[RowResult.IMPORT_TYPE_UPDATE] = loaded.changed
            self.totals[RowResult.IMPORT_TYPE_SKIP] = loaded.same

    @property
    def problems(self) -> list[tuple[str, list[Any], int]]:
        """Titles with the first problems of their kind, and how many more there are."""
        if self.loaded is None:
            return []
        kinds = [
            (_("Clashes: what was there first stays"), self.loaded.clashes),
            (_("Not taken, or not all of it"), self.loaded.bad),
        ]
        return [(title, told[:_MOST_TOLD], max(0, len(told) - _MOST_TOLD)) for title, told in kinds if told]


def _refused(sentence: str) -> LoadedResult:
    result = LoadedResult(None)
    result.append_base_error(Error(ListUnreadable(sentence)))
    return result


class TagResource(ModelResource):
    """The vocabulary as a list."""

    class Meta:
        model = Tag
        fields = ("name", "category", "vocabulary_count")

    def import_data(
        self, dataset: bytes, dry_run: bool = False, user: User | None = None, file_name: str = "", **_kwargs: Any
    ) -> LoadedResult:
        """Load a list, or only say what would be."""
        if not dataset:
            return _refused(_("The list is no longer here. Choose the file again."))
        file, name = tempfile.mkstemp(suffix=".csv")
        kept = Path(name)
        try:
            with os.fdopen(file, "wb") as opened:
                opened.write(dataset)
            return LoadedResult(load_vocabulary(kept, dry_run=dry_run, by=user, name=file_name))
        except ListUnreadable as error:
            return _refused(str(error).replace(str(kept), file_name))
        finally:
            kept.unlink(missing_ok=True)


class ListForm(ImportForm):
    """A list of a size that a page can wait for."""

    def clean_import_file(self) -> Any:
        """Return the file, or say how a larger one is loaded."""
        file = self.cleaned_data["import_file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("This list has more than %(limit)d MB. Load it on the server: manage.py load_vocabulary FILE"),
                params={"limit": MOST_BYTES // 2**20},
            )
        return file


class ListsMixin(ImportExportMixin):
    """“Import” and “Export” above the list of tags."""

    import_form_class = ListForm
    import_template_name = "admin/tagging/tag/import.html"
    import_export_change_list_template = "admin/tagging/tag/lists.html"
    resource_classes = [TagResource]
    formats = [FieldList]
    tmp_storage_class = ListsFolder
    skip_export_form = True
    most_megabytes = MOST_BYTES // 2**20

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Who may add and change tags and add aliases."""
        return bool(request.user.has_perms(_NEEDED))

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Who may see tags."""
        return bool(request.user.has_perm("tagging.view_tag") or request.user.has_perm("tagging.change_tag"))

    def get_urls(self) -> list[URLPattern]:
        """Add the list for other programs."""
        view = self.admin_site.admin_view(self.export_as_it_is)
        return [path("export/as-it-is/", view, name="tagging_tag_export_as_it_is"), *super().get_urls()]

    def export_as_it_is(self, request: HttpRequest) -> HttpResponse:
        """Answer with the list for other programs: without the apostrophes that keep spreadsheets from reckoning."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        tags = self.get_export_queryset(request)
        name = self.get_export_filename(request, tags, FieldList())
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        content = "".join(write_list(tags, as_it_is=True))
        return HttpResponse(content, content_type=FieldList().get_content_type(), headers=headers)

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Name the limit on the page."""
        return {**super().get_import_context_data(**kwargs), "most_megabytes": self.most_megabytes}

    def get_export_data(self, file_format: Format, request: HttpRequest, queryset: QuerySet[Tag], **_kw: Any) -> bytes:
        """Return the tags of the list as it is filtered."""
        return "".join(write_list(queryset)).encode()

    def get_export_filename(self, request: HttpRequest, queryset: QuerySet[Tag], file_format: Format) -> str:
        """Return a name with the day."""
        return f"vocabulary-{timezone.localdate():%Y-%m-%d}.csv"

    def process_result(self, result: LoadedResult, request: HttpRequest) -> Any:
        """Say what went wrong, where something did."""
        for error in result.base_errors:
            messages.error(request, str(error.error))
        return super().process_result(result, request)

    def generate_log_entries(self, result: LoadedResult, request: HttpRequest) -> None:
        """Write one line about the whole list into the log of the admin."""
        if result.loaded is None:
            return
        LogEntry.objects.create(
            user_id=int(request.user.pk or 0),
            content_type=ContentType.objects.get_for_model(Tag),
            object_repr=request.POST.get("original_file_name", "")[:200] or "list",
            action_flag=CHANGE,
            change_message=_told(result.loaded),
        )

    def add_success_message(self, result: LoadedResult, request: HttpRequest) -> None:
        """Say what became of the list."""
        if result.loaded is not None:
            messages.success(request, _told(result.loaded))


def _told(loaded: Loaded) -> str:
    return _(
        "List loaded. New tags: %(new)d, changed: %(changed)d, as they were: %(same)d, new aliases: %(new_aliases)d, "
        "clashes: %(clashes)d, not taken as they are: %(bad)d."
    ) % {
        "new": loaded.new,
        "changed": loaded.changed,
        "same": loaded.same,
        "new_aliases": loaded.new_aliases,
        "clashes": len(loaded.clashes),
        "bad": len(loaded.bad),
    }
