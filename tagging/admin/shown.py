"""Where a tag is meant for, and the pictures that show it, on the page of the tag in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from datasets.queries.images import file_address
from tagging.models import Tag, TagExample, TagScope
from tagging.services.describing import MOST_EXAMPLES, TooManyExamples, check_few_examples


class OfATag:
    """Rows that are added and taken away by whoever may change tags; none is another one tomorrow.

    They are shown as words, not as fields: fields would ask the database once a row.
    """

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may see tags sees them."""
        return request.user.has_perm("tagging.view_tag") or request.user.has_perm("tagging.change_tag")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may change tags."""
        return request.user.has_perm("tagging.change_tag")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may change tags."""
        return request.user.has_perm("tagging.change_tag")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Another one is another row."""
        return False


class ScopeInline(OfATag, admin.TabularInline[TagScope, Tag]):
    """The datasets that a tag is meant for alone; without any it is shared by all."""

    model = TagScope
    autocomplete_fields = ("dataset",)
    extra = 1
    verbose_name_plural = gettext_lazy("meant for these datasets alone (none: shared by all)")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TagScope]:
        """Read the datasets along: each row names its own."""
        return super().get_queryset(request).select_related("dataset", "tag").order_by("dataset__name", "pk")


class FewExamples(BaseInlineFormSet[TagExample, Tag, Any]):
    """A few pictures, as everywhere."""

    def clean(self) -> None:
        """Refuse a seventh."""
        super().clean()
        rows = [form for form in self.forms if form not in self.deleted_forms]
        images = {form.instance.image_id for form in rows if form.instance.image_id is not None}
        try:
            check_few_examples(len(images))
        except TooManyExamples as error:
            raise ValidationError(str(error)) from error


class ExamplesInline(OfATag, admin.TabularInline[TagExample, Tag]):
    """The pictures that show what a tag means, small."""

    model = TagExample
    formset = FewExamples
    fields = ("image", "picture")
    readonly_fields = ("picture",)
    raw_id_fields = ("image",)
    extra = 1
    max_num = MOST_EXAMPLES
    verbose_name_plural = gettext_lazy("pictures that show it")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TagExample]:
        """Read the images along; what is in the trash shows nothing."""
        rows = super().get_queryset(request).filter(image__trashed_at=None)
        return rows.select_related("image__dataset", "tag").order_by("pk")

    @admin.display(description=gettext_lazy("picture"))
    def picture(self, example: TagExample) -> SafeString | str:
        """The thumbnail, from where the pages have it: who may not see the picture sees none here either."""
        if example.image_id is None:
            return "–"
        address = file_address(example.image, "thumbnail")
        facts = (address, example.image.original_name, example.image.dataset.name)
        return format_html('<img src="{}" alt="{}" title="{}" height="96" loading="lazy">', *facts)
