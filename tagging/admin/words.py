"""Tags in the admin: with the number of images they are on, their lists, and renamed and merged from here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tagger_project.auth import person
from tagging.admin.base import VocabularyAdmin
from tagging.admin.forms import TagForm
from tagging.admin.lists import ListsMixin
from tagging.admin.shown import ExamplesInline, ScopeInline
from tagging.models import ImageTag, Tag, TagScope
from tagging.services.describing import note_examples, note_scope
from tagging.services.rewording import Kind
from tagging.services.vocabulary import bump_vocabulary
from tagging.views.rewording import read_kind, read_tags, take_step


@admin.register(Tag)
class TagAdmin(ListsMixin, VocabularyAdmin[Tag]):
    """Tags with the number of images they are on."""

    form = TagForm
    fields = (
        "name",
        "category",
        "vocabulary_count",
        "description",
        "aliases",
        "implies",
        "implied_by",
        "deprecated_at",
        "successor",
    )
    readonly_fields = ("aliases", "implies", "implied_by")
    list_display = ("name", "images", "category", "vocabulary_count", "created_at")
    list_select_related = ("category",)
    search_fields = ("name",)
    list_filter = ("category", "created_at")
    autocomplete_fields = ("successor",)
    ordering = ("name",)
    list_per_page = 100
    actions = ("rename_selected", "merge_selected", "split_selected")

    def get_inlines(self, request: HttpRequest, obj: Tag | None) -> list[type[InlineModelAdmin[Any, Any]]]:
        """Where it is meant for and what shows it is said of a tag that is there."""
        return [] if obj is None else [ScopeInline, ExamplesInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        """Count the images in the same query, and only of the tags that are shown."""
        here = ImageTag.objects.filter(tag=OuterRef("pk"), image__trashed_at=None).order_by()
        count = Subquery(here.values("tag").annotate(count=Count("pk")).values("count"), output_field=IntegerField())
        tags: QuerySet[Tag] = super().get_queryset(request).annotate(image_count=Coalesce(count, 0))
        return tags

    @admin.display(description=gettext_lazy("images"), ordering="image_count")
    def images(self, tag: Tag) -> int:
        """On how many images the tag is, the trash left out."""
        return int(getattr(tag, "image_count", 0))

    @admin.display(description=gettext_lazy("aliases"))
    def aliases(self, tag: Tag) -> str:
        """The other spellings; they have a list of their own."""
        return ", ".join(tag.aliases.order_by("name").values_list("name", flat=True)) or "–"

    @admin.display(description=gettext_lazy("implies"))
    def implies(self, tag: Tag) -> str:
        """What it says as well; implications have a list of their own."""
        return ", ".join(tag.implications.order_by("implies__name").values_list("implies__name", flat=True)) or "–"

    @admin.display(description=gettext_lazy("is implied by"))
    def implied_by(self, tag: Tag) -> str:
        """What says it as well."""
        return ", ".join(tag.implied_by.order_by("tag__name").values_list("tag__name", flat=True)) or "–"

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save where a tag is meant for and what shows it; the tag's history tells it."""
        super().save_formset(request, form, formset, change)
        if not (formset.new_objects or formset.changed_objects or formset.deleted_objects):
            return
        if formset.model is TagScope:
            note_scope(form.instance, by=person(request))
            bump_vocabulary()
        else:
            note_examples(form.instance, by=person(request))

    def has_delete_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        """A tag that is on images is not deleted here: it would vanish from datasets without a trace."""
        return bool(super().has_delete_permission(request, obj)) and (obj is None or not obj.image_tags.exists())

    @admin.action(description=gettext_lazy("Rename…"), permissions=["change"])
    def rename_selected(self, request: HttpRequest, tags: QuerySet[Tag]) -> HttpResponse | None:
        """Lead to the numbers of a rename."""
        return self._lead_to(request, Kind.RENAME, tags)

    @admin.action(description=gettext_lazy("Merge into another tag…"), permissions=["change"])
    def merge_selected(self, request: HttpRequest, tags: QuerySet[Tag]) -> HttpResponse | None:
        """Lead to the numbers of a merge."""
        return self._lead_to(request, Kind.MERGE, tags)

    @admin.action(description=gettext_lazy("Split into several tags…"), permissions=["change"])
    def split_selected(self, request: HttpRequest, tags: QuerySet[Tag]) -> HttpResponse | None:
        """Lead to the numbers of a split."""
        return self._lead_to(request, Kind.SPLIT, tags)

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a rename, merge or split."""
        view = self.admin_site.admin_view(self.reword_view)
        urls: list[URLPattern] = super().get_urls()
        return [path("reword/<slug:kind>/", view, name="tagging_tag_reword"), *urls]

    def reword_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Ask, show the number of images of each dataset, do it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        step = take_step(request, read_kind(kind), read_tags(request), by=person(request))
        home = reverse("admin:tagging_tag_changelist")
        if step.is_done:
            messages.success(request, step.sentence)
            return redirect(home)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": step.title,
            "opts": self.opts,
            "step": step,
            "home": home,
        }
        return TemplateResponse(request, "admin/tagging/tag/reword.html", context)

    def _lead_to(self, request: HttpRequest, kind: Kind, tags: QuerySet[Tag]) -> HttpResponse | None:
        names = list(tags.order_by("name").values_list("name", flat=True)[:101])
        if kind != Kind.MERGE and len(names) > 1:
            messages.warning(request, _("Choose one tag for this."))
            return None
        if len(names) > 100:
            messages.warning(request, _("Choose a hundred tags or fewer."))
            return None
        address = reverse("admin:tagging_tag_reword", args=[kind.value])
        return redirect(f"{address}?{urlencode({'tag': names}, doseq=True)}")
