"""Whose tagging sessions a person sees: their own."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet

from datasets.permissions import visible_datasets
from sessions_app.models import TaggingSession


def own_walks(user: User | None) -> QuerySet[TaggingSession]:
    """The walks that this person started in datasets they may see; what is not in here answers 404."""
    mine = TaggingSession.objects.filter(person=user, dataset__in=visible_datasets(user))
    return mine.filter(is_default=False).select_related("dataset")
