"""The vocabulary in the admin."""

from __future__ import annotations

from typing import TypeVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tagging.models import Review, Tag, TagAlias, TagCategory
from tagging.services.vocabulary import TagRefused, bump_vocabulary, checked_name

ModelT = TypeVar("ModelT", bound=Model)


class TagForm(forms.ModelForm[Tag]):
    """A tag as the pages would spell it: another spelling could never be reached from there."""

    class Meta:
        model = Tag
        fields = ("name", "category", "vocabulary_count")

    vocabulary_count = forms.IntegerField(label=_("count in the vocabulary"), min_value=0, required=False)

    def clean_vocabulary_count(self) -> int:
        """Return the count; nothing is none."""
        return self.cleaned_data["vocabulary_count"] or 0

    def clean_name(self) -> str:
        """Return the one spelling, or say why it is none."""
        try:
            name = checked_name(self.cleaned_data["name"])
        except TagRefused as error:
            raise ValidationError(str(error)) from error
        alias = TagAlias.objects.filter(name=name).select_related("tag").first()
        if alias is not None:
            raise ValidationError(
                _("“%(name)s” is an alias of “%(tag)s”. Remove the alias first."),
                params={"name": name, "tag": alias.tag.name},
            )
        if self.instance.pk and name != self.initial.get("name") and self.instance.image_tags.exists():
            # The history of the images would speak of a tag that they never had.
            raise ValidationError(
                _("This tag is on images, whose history knows its name. Add another tag and put it on them instead.")
            )
        return name


class AliasForm(forms.ModelForm[TagAlias]):
    """An alias, spelled as tags are: it is no tag itself."""

    class Meta:
        model = TagAlias
        fields = ("name", "tag")

    def clean_name(self) -> str:
        """Return the one spelling, or say why it is none."""
        try:
            name = checked_name(self.cleaned_data["name"])
        except TagRefused as error:
            raise ValidationError(str(error)) from error
        if Tag.objects.filter(name=name).exists():
            raise ValidationError(_("“%(name)s” is a tag itself."), params={"name": name})
        return name


class VocabularyAdmin(admin.ModelAdmin[ModelT]):
    """What is changed here is told to every server that holds the vocabulary in memory."""

    def save_model(self, request: HttpRequest, obj: ModelT, form: forms.ModelForm[ModelT], change: bool) -> None:
        """Save, and tell."""
        super().save_model(request, obj, form, change)
        bump_vocabulary()

    def delete_model(self, request: HttpRequest, obj: ModelT) -> None:
        """Delete, and tell."""
        super().delete_model(request, obj)
        bump_vocabulary()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ModelT]) -> None:
        """Delete many, and tell."""
        super().delete_queryset(request, queryset)
        bump_vocabulary()


@admin.register(TagCategory)
class TagCategoryAdmin(VocabularyAdmin[TagCategory]):
    """Categories with the number that lists write for them."""

    list_display = ("name", "colour", "number")
    list_filter = ("colour",)
    search_fields = ("name",)
    ordering = ("number", "name")


@admin.register(TagAlias)
class TagAliasAdmin(VocabularyAdmin[TagAlias]):
    """Aliases and what they stand for."""

    form = AliasForm
    list_display = ("name", "tag")
    list_select_related = ("tag",)
    list_filter = ("tag__category",)
    search_fields = ("name", "tag__name")
    autocomplete_fields = ("tag",)
    ordering = ("name",)
    list_per_page = 100


@admin.register(Tag)
class TagAdmin(VocabularyAdmin[Tag]):
    """Tags with the number of images they are on."""

    form = TagForm
    list_display = ("name", "images", "category", "vocabulary_count", "created_at")
    list_select_related = ("category",)
    search_fields = ("name",)
    list_filter = ("category", "created_at")
    ordering = ("name",)
    list_per_page = 100

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        """Count the images in the same query."""
        return (
            super()
            .get_queryset(request)
            .annotate(image_count=Count("image_tags", filter=Q(image_tags__image__trashed_at=None)))
        )

    @admin.display(description=_("images"), ordering="image_count")
    def images(self, tag: Tag) -> int:
        """On how many images the tag is, the trash left out."""
        return int(getattr(tag, "image_count", 0))

    def has_delete_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        """A tag that is on images is not deleted here: it would vanish from datasets without a trace."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.image_tags.exists())


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
