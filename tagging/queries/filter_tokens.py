"""What `tokens:` and `t5:` compare: the tokens of each text, counted before or, for a few, while the question waits."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.conf import settings
from django.db.models import Exists, F, Q

from datasets.models import Dataset
from tagging.filters import FilterError
from tagging.filters.tree import Number
from tagging.models import TextLength
from tagging.queries.numbers_in import is_one_of
from tagging.queries.text_lengths import Which, count_stale, get_few_stale_ids, get_texts, lengths_that_hold
from tagging.signals import text_lengths_wanted
from tagging.tokens import count_clip_tokens, count_t5_tokens

# So many texts are read and counted within a third of a second.
MOST_COUNTED_AT_ONCE = 2_000
# Lengths that so few images have lead to them; of more frequent ones, each image in turn is asked.
_FEW_IMAGES = 2_000

OF_TOKENS: Mapping[str, Which] = MappingProxyType({"tokens": "clip", "t5": "t5"})
"""Whose tokens a number of the filter language is."""


class TokensAsked:
    """The tokens of a dataset's texts as one filter asks for them: what is not counted yet is counted once for it."""

    def __init__(self, dataset: Dataset | None) -> None:
        self._dataset = dataset
        self._late: dict[Which, dict[int, int]] = {}

    def are(self, node: Number) -> Q:
        """Return that the tokens of an image's text, for CLIP or for T5, are so many.

        What is not counted yet is counted here, so that the answer is true at once; it is not stored, as this may be a
        GET. Somebody else is told to.

        Raises:
            FilterError: there is no dataset, nothing that counts tokens, or too much to count.
        """
        dataset = self._dataset
        if dataset is None:
            raise FilterError("one_dataset", "", 0, 0)
        which = OF_TOKENS[node.of]
        if _count(which, "") is None:
            raise FilterError("tokens", "", 0, 0)
        if which not in self._late:
            self._late[which] = _count_late(dataset, which)
        late = [pk for pk, count in self._late[which].items() if _is_between(count, node)]
        counted = _was_counted(node, dataset, which)
        return counted | is_one_of("pk", late) if late else counted


def _count(which: Which, text: str) -> int | None:
    return count_clip_tokens(text) if which == "clip" else count_t5_tokens(text, t5_tokenizer=settings.T5_TOKENIZER)


def _count_late(dataset: Dataset, which: Which) -> dict[int, int]:
    """Return the tokens of the texts whose count does not hold any more, by image."""
    stale = get_few_stale_ids(dataset, MOST_COUNTED_AT_ONCE, which)
    if stale != []:
        text_lengths_wanted.send(Dataset, dataset_id=dataset.pk)
    if stale is None:
        raise FilterError("counting", f"{count_stale(dataset, [which]):,}", 0, 0)
    return {pk: _count(which, text) or 0 for pk, text in get_texts(dataset, stale).items()}


def _was_counted(node: Number, dataset: Dataset, which: Which) -> Q:
    ends = {f"{which}__gte": node.least, f"{which}__lte": node.most}
    between = {lookup: end for lookup, end in ends.items() if end is not None}
    rows = TextLength.objects.filter(**between)
    # Only the lengths for CLIP lie in an index.
    if which != "clip" or rows.order_by(which).values("pk")[: _FEW_IMAGES + 1].count() > _FEW_IMAGES:
        return Q(Exists(lengths_that_hold(dataset, [which]).filter(**between)))
    holding = rows.filter(counted_at_revision=F("image__changed_at_revision"), trigger_word=dataset.trigger_word)
    return Q(pk__in=holding.values("image"))


def _is_between(count: int, node: Number) -> bool:
    return (node.least or 0) <= count and (node.most is None or count <= node.most)
