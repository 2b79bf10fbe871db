"""Tokens are counted while people write: by several workers at once, and what is kept is true."""

from __future__ import annotations

import pytest

from datasets.models import Image
from tagging.models import TextLength
from tagging.queries.text_lengths import count_stale, get_texts
from tagging.services import text_lengths
from tagging.services.text_lengths import count_lengths
from tagging.tokens import count_clip_tokens
from tests import factories
from tests.tagging.doing import adding, apply, removing, together

pytest.importorskip("instant_clip_tokenizer")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]


def test_workers_and_writers_at_once_leave_no_count_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lengths, "_AT_ONCE", 3)
    dataset = factories.make_dataset(trigger_word="ohwx")
    pictures = [factories.make_image(dataset) for _ in range(12)]

    def act(number: int) -> None:
        for turn in range(3):
            if number < 3:
                count_lengths(dataset.pk)
            else:
                for image in pictures[number - 3 :: 4]:
                    apply(image, adding(f"word {number} {turn}"))
                    if turn == 2:
                        apply(image, removing(f"word {number} 1"))

    assert together(act, people=6) == [None] * 6
    _check_what_is_kept(dataset.pk)
    count_lengths(dataset.pk)
    assert count_stale(dataset) == 0
    assert _check_what_is_kept(dataset.pk) == 12


def _check_what_is_kept(dataset_id: int) -> int:
    """Check each count that says it holds; returns how many there are."""
    holding = 0
    for image in Image.objects.filter(dataset=dataset_id).select_related("dataset"):
        row = TextLength.objects.filter(image=image, counted_at_revision=image.changed_at_revision).first()
        if row is not None:
            assert row.clip == count_clip_tokens(get_texts(image.dataset, [image.pk])[image.pk])
            holding += 1
    return holding
