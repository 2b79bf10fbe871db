"""The steps of reviews."""

from __future__ import annotations

from django.db.models import QuerySet

from datasets.models import Image
from tagging.models import Review

MOST_STEPS = 50


def get_reviews(image: Image) -> QuerySet[Review]:
    """Return the newest steps of an image, the newest first, each with who took it."""
    return Review.objects.filter(image=image).select_related("done_by").order_by("-pk")[:MOST_STEPS]
