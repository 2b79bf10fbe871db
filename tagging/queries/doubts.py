"""New words that look like a slip of the finger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Count

from tagging.models import ImageTag, Tag
from tagging.queries.rules import Reader, is_scoped
from tagging.queries.vocabulary import get_vocabulary
from tagging.suggesting import Index, find_slips, fold

# What was used as often as this is meant more likely than what was never used.
OFTEN = 400


def find_doubts(names: Sequence[str], dataset_id: int) -> dict[str, str]:
    """Return of normalised names that are new and one letter away from a tag that is used much, in order, that tag.

    "Much" is `OFTEN` times, in the dataset or in the list that the vocabulary was loaded from. Names are looked up in
    memory; a vocabulary that is not read yet doubts nothing.
    """
    reader = Reader.of(dataset_id)
    return compare_new([name for name, meaning in reader.meanings(names).items() if meaning.is_new], dataset_id, reader)


def compare_new(new: Sequence[str], dataset_id: int, reader: Reader | None = None) -> dict[str, str]:
    """Return the same of names that are known to be new, or were until just now."""
    if not new:
        return {}
    reader = reader or Reader.of(dataset_id)
    vocabulary = get_vocabulary()
    found = {name: _pks(fold(name), (vocabulary.index, vocabulary.newer)) for name in new}
    much = _used_much({pk for pks in found.values() for pk in pks}, dataset_id)
    meant = {name: [much[pk] for pk in pks if pk in much] for name, pks in found.items()}
    return {name: reader.spelled(max(tags)[1]) for name, tags in meant.items() if tags}


def _pks(text: str, indexes: Iterable[Index]) -> list[int]:
    return [int(index.pks[number]) for index in indexes for number in find_slips(index, text)]


def _used_much(pks: Iterable[int], dataset_id: int) -> dict[int, tuple[int, str]]:
    """Return use and name of those of these tags that are used much, and may be used here."""
    tags = Tag.objects.filter(pk__in=pks, deprecated_at=None)
    shared = tags.filter(~is_scoped("pk")) | tags.filter(is_scoped("pk", dataset_id))
    facts = {pk: (count, name) for pk, count, name in shared.values_list("pk", "vocabulary_count", "name")}
    here = ImageTag.objects.filter(tag__in=facts, image__dataset=dataset_id, image__trashed_at=None)
    use = dict(here.values_list("tag").annotate(n=Count("pk")).order_by())
    counted = {pk: (max(count, use.get(pk, 0)), name) for pk, (count, name) in facts.items()}
    return {pk: (count, name) for pk, (count, name) in counted.items() if count >= OFTEN}
