"""Categories, aliases and implications in the admin."""

from __future__ import annotations

from django.contrib import admin

from tagging.admin.base import VocabularyAdmin
from tagging.admin.forms import AliasForm, ImplicationForm
from tagging.models import TagAlias, TagCategory, TagImplication


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


@admin.register(TagImplication)
class TagImplicationAdmin(VocabularyAdmin[TagImplication]):
    """What is true wherever a tag is."""

    form = ImplicationForm
    list_display = ("tag", "implies")
    list_select_related = ("tag", "implies")
    search_fields = ("tag__name", "implies__name")
    list_filter = ("tag__category",)
    autocomplete_fields = ("tag", "implies")
    ordering = ("tag__name", "implies__name")
    list_per_page = 100
