"""How a dataset spells its tags."""

from __future__ import annotations

from django.db import transaction

from datasets.models import Dataset
from datasets.services.datasets import touch_dataset
from tagging.models import DatasetVocabulary, Spelling


@transaction.atomic
def set_spelling(dataset: Dataset, spelling: Spelling) -> None:
    """Say what stands between the words of tags that come in from now on; those that are there stay as they are."""
    touch_dataset(dataset.pk)
    DatasetVocabulary.objects.update_or_create(dataset=dataset, defaults={"spelling": spelling})


def get_spelling(dataset: Dataset) -> Spelling:
    """Return how a dataset spells its tags."""
    row = DatasetVocabulary.objects.filter(dataset=dataset).first()
    return Spelling(row.spelling) if row else Spelling.AS_TYPED
