"""What the words of the vocabulary share in the admin."""

from __future__ import annotations

from typing import TypeVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from tagging.services.vocabulary import bump_vocabulary
from tagging.services.vocabulary_history import note_first

ModelT = TypeVar("ModelT", bound=Model)


class VocabularyAdmin(SimpleHistoryAdmin, admin.ModelAdmin[ModelT]):
    """What is changed here is told to every server that holds the vocabulary in memory, and stands in its history."""

    def save_model(self, request: HttpRequest, obj: ModelT, form: forms.ModelForm[ModelT], change: bool) -> None:
        """Save, and tell."""
        if change:
            note_first(type(obj), [obj.pk])
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
