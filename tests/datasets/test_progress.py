"""Where imports and datasets stand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from datasets.models import Dataset, ImportItem, ImportJob
from datasets.queries.images import Asked, get_image_page
from datasets.queries.progress import get_dataset_numbers, get_import_progress
from tests import factories, uploading

State, Kind = ImportItem.State, ImportItem.Kind


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return uploading.start(dataset)


def add(
    job: ImportJob, state: ImportItem.State, *, kind: ImportItem.Kind = Kind.IMAGE, seconds_ago: float = 3600
) -> None:
    """An item in a state; those that have their end had it so long ago."""
    item = uploading.announce(job, "a.txt" if kind == Kind.SIDECAR else "a.jpg", 1)
    ended = state not in ImportItem.UNFINISHED
    moment = timezone.now() - timedelta(seconds=seconds_ago) if ended else None
    ImportItem.objects.filter(pk=item.pk).update(state=state, finished_at=moment)


def test_an_import_without_files_is_open_and_empty(job: ImportJob) -> None:
    progress = get_import_progress(job.pk)
    assert (progress.state, progress.total, progress.done, progress.seconds_left) == ("OPEN", 0, 0, None)
    assert (progress.import_id, progress.dataset_id) == (job.pk, job.dataset_id)


def test_every_file_is_counted_once_where_it_stands(job: ImportJob) -> None:
    for number, state in enumerate(State.values, start=1):
        for _ in range(number):
            add(job, State(state))
    add(uploading.start(job.dataset), State.READY)
    progress = get_import_progress(job.pk)
    counted = (
        progress.waiting,
        progress.held,
        progress.in_line,
        progress.processing,
        progress.ready,
        progress.duplicates,
        progress.skipped,
        progress.failed,
    )
    assert counted == (1, 2, 3, 4, 5, 6, 7, 8)
    assert (progress.total, progress.done) == (36, 26)


def test_texts_are_counted_apart_from_pictures(job: ImportJob) -> None:
    add(job, State.READY)
    add(job, State.READY, kind=Kind.SIDECAR)
    add(job, State.DUPLICATE, kind=Kind.SIDECAR)
    add(job, State.FAILED, kind=Kind.SIDECAR)
    progress = get_import_progress(job.pk)
    assert (progress.ready, progress.sidecars, progress.duplicates, progress.failed) == (1, 1, 0, 1)
    assert progress.done == progress.total == 4


def test_the_rate_is_of_the_last_ten_seconds(job: ImportJob) -> None:
    ImportJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=1))
    for _ in range(20):
        add(job, State.READY, seconds_ago=5)
    add(job, State.READY, seconds_ago=11)
    add(job, State.WAITING)
    progress = get_import_progress(job.pk)
    assert progress.rate == pytest.approx(2.0, abs=0.05)
    assert progress.seconds_left == round(1 / 2)


def test_a_young_import_is_measured_since_its_start(job: ImportJob) -> None:
    ImportJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(seconds=4))
    for _ in range(8):
        add(job, State.READY, seconds_ago=1)
    for _ in range(10):
        add(job, State.RECEIVED)
    progress = get_import_progress(job.pk)
    assert progress.rate == pytest.approx(2.0, rel=0.2)
    assert progress.seconds_left == pytest.approx(5, abs=1)


def test_a_standing_import_does_not_promise_an_end(job: ImportJob) -> None:
    ImportJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=1))
    add(job, State.READY)
    add(job, State.RECEIVED)
    progress = get_import_progress(job.pk)
    assert (progress.rate, progress.seconds_left) == (0.0, None)


def test_a_finished_import_is_done(job: ImportJob) -> None:
    add(job, State.READY, seconds_ago=0)
    uploading.finish(job)
    progress = get_import_progress(job.pk)
    assert (progress.state, progress.rate, progress.seconds_left) == ("DONE", 0.0, None)


def test_an_import_that_is_gone_has_no_progress(job: ImportJob) -> None:
    with pytest.raises(ImportJob.DoesNotExist):
        get_import_progress(job.pk + 1)


def test_a_datasets_numbers_are_its_own(dataset: Dataset) -> None:
    for tagged in (True, False, False):
        factories.make_image(dataset, is_tagged=tagged)
    factories.make_image(factories.make_dataset(), is_tagged=True)
    uploading.start(dataset)
    uploading.finish(uploading.start(dataset))
    numbers = get_dataset_numbers(dataset.pk)
    assert (numbers.images, numbers.tagged, numbers.importing) == (3, 1, 1)
    assert numbers.revision == Dataset.objects.get(pk=dataset.pk).revision


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_images_cover_all_in_order_and_none_twice(dataset: Dataset, limit: int) -> None:
    expected = [factories.make_image(dataset).pk for _ in range(6)]
    seen, after = [], ""
    while True:
        page = get_image_page(Asked(dataset), after=after, limit=limit)
        seen += [image.pk for image in page.images]
        assert page.total == 6
        if page.next is None:
            break
        after = page.next
    assert seen == expected


def test_progress_costs_the_same_for_one_file_and_for_twenty(job: ImportJob) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            get_import_progress(job.pk)
        counts.append(len(queries))
        for _ in range(20):
            add(job, State.READY)
    assert counts[0] == counts[1]
