"""Tell, in the report of an import, what the vocabulary made of the words of its texts."""

from __future__ import annotations

from datasets.models import ImportJob
from tagging.models import TextNote
from tagging.queries.doubts import compare_new
from tagging.services.rules import Settled

# Each new word is compared with the whole vocabulary; of what a list brings at once, so many.
MOST_COMPARED = 100


def note_words(job: ImportJob, settled: Settled) -> None:
    """Note the words that were replaced or left out, each once in an import, and new ones that look like a slip."""
    kinds = TextNote.Kind
    replaced = {name: settled.tags[name].name for name in settled.replaced}
    doubted = compare_new(settled.made[:MOST_COMPARED], job.dataset_id)
    told = {kinds.REPLACED: replaced, kinds.REFUSED: dict.fromkeys(settled.refused, ""), kinds.DOUBTED: doubted}
    notes = [
        TextNote(job=job, kind=kind, word=word, other=other) for kind, of in told.items() for word, other in of.items()
    ]
    if notes:
        TextNote.objects.bulk_create(notes, ignore_conflicts=True)
