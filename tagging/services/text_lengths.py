"""Count the tokens of texts that changed since they were counted, some hundreds at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from datasets.batches import batches
from datasets.models import Dataset, Image
from tagging.models import TextLength
from tagging.queries.text_lengths import Which, get_texts, stale_images
from tagging.tokens import TokenCounts, count_tokens

_AT_ONCE = 500
# Far more than are counted in the seconds of a message.
_MOST_A_CALL = 200_000


@dataclass(frozen=True)
class Counted:
    """How many texts were counted by a call, and how many are left."""

    images: int
    left: int


def count_lengths(dataset_id: int, *, seconds: float | None = None) -> Counted:
    """Count the tokens of every text whose count does not hold any more, and keep them.

    Run twice, or by two workers at once, it stores the same. What is edited meanwhile is left for the next call.

    Args:
        dataset_id: whose; one that is gone has nothing to count.
        seconds: stop at about this time.
    """
    until = None if seconds is None else time.monotonic() + seconds
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    which = _countable()
    if dataset is None or "clip" not in which:
        return Counted(0, 0)
    counted = 0
    stale = stale_images(dataset, which)
    # Looked for once a call, as each image has to be looked at.
    for ids in batches(list(stale.order_by("pk").values_list("pk", flat=True)[:_MOST_A_CALL]), _AT_ONCE):
        counted += _count(dataset, ids)
        if until is not None and time.monotonic() > until:
            break
    return Counted(counted, stale.count())


def _countable() -> list[Which]:
    """Return whose tokens can be counted here."""
    has = _tokens_of("")
    kinds: list[tuple[Which, int | None]] = [("clip", has.clip), ("t5", has.t5)]
    return [which for which, count in kinds if count is not None]


def _tokens_of(text: str) -> TokenCounts:
    return count_tokens(text, t5_tokenizer=settings.T5_TOKENIZER)


def _count(dataset: Dataset, ids: Sequence[int]) -> int:
    """Count some; returns how many were kept."""
    # The revisions before the words: of what is edited in between, the count says that it is of before.
    revisions = dict(Image.everything.filter(pk__in=ids).values_list("pk", "changed_at_revision"))
    rows = []
    for pk, text in get_texts(dataset, sorted(revisions)).items():
        tokens = _tokens_of(text)
        facts = {"counted_at_revision": revisions[pk], "trigger_word": dataset.trigger_word}
        rows.append(TextLength(image_id=pk, clip=tokens.clip, t5=tokens.t5, **facts))
    return _keep(dataset, rows)


@transaction.atomic
def _keep(dataset: Dataset, rows: Sequence[TextLength]) -> int:
    """Store what is still true, so that a slow worker never writes over what a quicker one counted later.

    Images that somebody is writing just now are passed over instead of waited for: their count is not true any more.
    """
    if not Dataset.objects.filter(pk=dataset.pk, trigger_word=dataset.trigger_word).exists():
        return 0
    images = Image.everything.filter(pk__in=[row.image_id for row in rows]).order_by("pk")
    images = images.select_for_update(skip_locked=True, of=("self",), no_key=True)
    now = dict(images.values_list("pk", "changed_at_revision"))
    kept = [row for row in rows if now.get(row.image_id) == row.counted_at_revision]
    TextLength.objects.bulk_create(
        kept,
        update_conflicts=True,
        unique_fields=["image"],
        update_fields=["clip", "t5", "counted_at_revision", "trigger_word"],
    )
    return len(kept)
