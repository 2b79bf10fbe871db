"""What the vocabulary made of the texts of an import."""

from __future__ import annotations

from datasets.models import ImportJob
from tagging.models import TextNote

MOST_NOTES = 200


def get_text_notes(job: ImportJob) -> list[TextNote]:
    """Return the first notes on words of an import, by word."""
    return list(TextNote.objects.filter(job=job).order_by("word")[:MOST_NOTES])
