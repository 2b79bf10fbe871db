"""Who works on a file: claims keep their time by the database's clock, and those who work hold on to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from datasets.models import Dataset, Image, ImportItem
from datasets.services import claims, processing
from datasets.services.claims import LEASE
from datasets.services.decoding import get_decoder
from tests import images, uploading

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@contextmanager
def clock_moved(by: timedelta) -> Iterator[None]:
    """A worker whose own clock is wrong."""
    now = timezone.now
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: now() + by)
        yield


@pytest.fixture
def item(dataset: Dataset) -> ImportItem:
    return uploading.send(uploading.start(dataset), "a.jpg", images.encoded())


def let_pass(item: ImportItem, seconds: float) -> None:
    """As if a claim was taken so long ago."""
    ImportItem.objects.filter(pk=item.pk).update(lease_until=Now() + LEASE - timedelta(seconds=seconds))


@pytest.mark.parametrize("others", [HOUR, -HOUR])
@pytest.mark.parametrize("own", [HOUR, timedelta(0), -HOUR])
def test_a_wrong_clock_takes_nobodys_file(item: ImportItem, own: timedelta, others: timedelta) -> None:
    with clock_moved(own):
        assert claims.claim(item.pk) is not None
    with clock_moved(others):
        assert claims.claim(item.pk) is None
        assert processing.count_waiting(most=1) == 0


@pytest.mark.parametrize("clock", [HOUR, timedelta(0), -HOUR])
def test_a_dead_workers_file_is_free_after_its_lease_and_not_before(item: ImportItem, clock: timedelta) -> None:
    with clock_moved(clock):
        assert claims.claim(item.pk) is not None
        let_pass(item, LEASE.total_seconds() - 5)
        assert claims.claim(item.pk) is None
        let_pass(item, LEASE.total_seconds() + 0.01)
        assert processing.count_waiting(most=1) == 1
        assert claims.claim(item.pk) is not None


def test_a_renewed_claim_lasts_as_long_as_a_new_one(item: ImportItem) -> None:
    claimed = claims.claim(item.pk)
    assert claimed is not None
    let_pass(item, LEASE.total_seconds() - 1)
    claims.renew(claimed)
    left = ImportItem.objects.filter(lease_until__gt=Now() + LEASE - timedelta(seconds=5))
    assert left.exists()


def test_a_picture_behind_a_slow_one_keeps_its_claim(item: ImportItem, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits while the one before is decoded, and its lease would run out while it is decoded itself."""
    second = uploading.send(item.job, "b.jpg", images.encoded(seed=2))
    decoder = get_decoder()
    start = decoder.start
    left: list[bool] = []

    def begin(path: Path) -> None:
        fresh = ImportItem.objects.filter(pk=second.pk, lease_until__gt=Now() + LEASE - timedelta(seconds=5))
        left.append(fresh.exists())
        start(path)

    result = decoder.result

    def slow_result() -> object:
        let_pass(second, 20)
        return result()

    monkeypatch.setattr(processing, "_SECONDS_BEFORE_RENEWAL", 0.0)
    monkeypatch.setattr(decoder, "start", begin)
    monkeypatch.setattr(decoder, "result", slow_result)
    processing.process_items([item.pk, second.pk])
    assert left[-1]
    assert Image.objects.count() == 2


def test_a_picture_that_was_taken_over_while_it_waited_is_let_go(
    item: ImportItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = uploading.send(item.job, "b.jpg", images.encoded(seed=2))
    third = uploading.send(item.job, "c.jpg", images.encoded(seed=3))
    decoder = get_decoder()
    result = decoder.result

    def slow_result() -> object:
        ImportItem.objects.filter(pk=second.pk, attempts=1).update(attempts=2)
        return result()

    monkeypatch.setattr(processing, "_SECONDS_BEFORE_RENEWAL", 0.0)
    monkeypatch.setattr(decoder, "result", slow_result)
    processing.process_items([item.pk, second.pk, third.pk])
    assert sorted(Image.objects.values_list("original_name", flat=True)) == ["a.jpg", "c.jpg"]
    second.refresh_from_db()
    assert (second.state, second.attempts) == (ImportItem.State.PROCESSING, 2)
