"""What a trainer will read for an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from datasets.models import Dataset
from tagging.text import compose_caption_text
from tagging.tokens import TokenCounts, count_tokens


@dataclass(frozen=True)
class Reading:
    """The text of an image's caption file, and how long it is for those who read it; empty: no file is written."""

    text: str
    tokens: TokenCounts


def read_as_trainer(dataset: Dataset, *, tags: Sequence[str], caption: str) -> Reading:
    """Compose a caption text with the very function that the export uses, also from words that are not stored yet."""
    text = compose_caption_text(trigger_word=dataset.trigger_word, tags=tags, caption=caption)
    return Reading(text, count_tokens(text, t5_tokenizer=settings.T5_TOKENIZER))
