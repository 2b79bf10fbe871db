"""What `tokens:` compares: the tokens of each text, counted before or, for a few, while the question waits."""

from __future__ import annotations

from django.db.models import Exists, F, Q

from datasets.models import Dataset
from tagging.filters import FilterError
from tagging.filters.tree import Number
from tagging.models import TextLength
from tagging.queries.numbers_in import is_one_of
from tagging.queries.text_lengths import count_stale, get_few_stale_ids, get_texts, lengths_that_hold
from tagging.signals import text_lengths_wanted
from tagging.tokens import can_count_clip, count_clip_tokens

# So many texts are read and counted within a third of a second.
MOST_COUNTED_AT_ONCE = 2_000
# Lengths that so few images have lead to them; of more frequent ones, each image in turn is asked.
_FEW_IMAGES = 2_000


class TokensAsked:
    """The tokens of a dataset's texts as one filter asks for them: what is not counted yet is counted once for it."""

    def __init__(self, dataset: Dataset | None) -> None:
        self._dataset = dataset
        self._late: dict[int, int] | None = None

    def are(self, node: Number) -> Q:
        """Return that the tokens of an image's text for CLIP are so many.

        What is not counted yet is counted here, so that the answer is true at once; it is not stored, as this may be a
        GET. Somebody else is told to.

        Raises:
            FilterError: there is no dataset, nothing that counts tokens, or too much to count.
        """
        dataset = self._dataset
        if dataset is None:
            raise FilterError("one_dataset", "", 0, 0)
        if not can_count_clip():
            raise FilterError("tokens", "", 0, 0)
        if self._late is None:
            self._late = _count_late(dataset)
        late = [pk for pk, count in self._late.items() if _is_between(count, node)]
        counted = _was_counted(node, dataset)
        return counted | is_one_of("pk", late) if late else counted


def _count_late(dataset: Dataset) -> dict[int, int]:
    """Return the tokens of the texts whose count does not hold any more, by image."""
    stale = get_few_stale_ids(dataset, MOST_COUNTED_AT_ONCE)
    if stale != []:
        text_lengths_wanted.send(Dataset, dataset_id=dataset.pk)
    if stale is None:
        raise FilterError("counting", f"{count_stale(dataset):,}", 0, 0)
    return {pk: count_clip_tokens(text) or 0 for pk, text in get_texts(dataset, stale).items()}


def _was_counted(node: Number, dataset: Dataset) -> Q:
    ends = {"clip__gte": node.least, "clip__lte": node.most}
    between = {lookup: end for lookup, end in ends.items() if end is not None}
    rows = TextLength.objects.filter(**between)
    if rows.order_by("clip").values("pk")[: _FEW_IMAGES + 1].count() > _FEW_IMAGES:
        return Q(Exists(lengths_that_hold(dataset).filter(**between)))
    holding = rows.filter(counted_at_revision=F("image__changed_at_revision"), trigger_word=dataset.trigger_word)
    return Q(pk__in=holding.values("image"))


def _is_between(count: int, node: Number) -> bool:
    return (node.least or 0) <= count and (node.most is None or count <= node.most)
