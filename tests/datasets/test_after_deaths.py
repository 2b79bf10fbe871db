"""What a death or a lost answer leaves half done comes to its end by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from datasets.imaging import Measured
from datasets.models import Dataset, Image, ImportItem, ImportJob
from datasets.services import processing, uploads
from datasets.services.datasets import change_dataset
from datasets.services.sweeping import give_up_abandoned_imports
from datasets.services.uploads import AnnouncedFile
from datasets.tasks import process_items, requeue_stale_items
from tests import images, uploading

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_line")]

State = ImportItem.State


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return uploading.start(dataset)


def again(item: ImportItem) -> ImportItem:
    return ImportItem.objects.get(pk=item.pk)


def test_an_import_whose_last_worker_died_after_the_commit_is_finished(job: ImportJob) -> None:
    uploading.bring(job, "a.jpg", images.encoded())
    ImportJob.objects.filter(pk=job.pk).update(sealed_at=timezone.now())
    requeue_stale_items()
    job.refresh_from_db()
    assert job.finished_at is not None


def test_a_message_that_comes_again_finishes_what_the_first_did_not(job: ImportJob) -> None:
    item = uploading.bring(job, "a.jpg", images.encoded())
    ImportJob.objects.filter(pk=job.pk).update(sealed_at=timezone.now())
    process_items(item_ids=[item.pk, 987654])
    job.refresh_from_db()
    assert job.finished_at is not None


def test_a_last_chunk_whose_answer_was_lost_counts(job: ImportJob) -> None:
    """All bytes are here, but the note of it died with the server."""
    content = images.encoded()
    item = uploading.send(job, "a.jpg", content)
    ImportItem.objects.filter(pk=item.pk).update(state=State.WAITING, received_at=None)
    assert uploads.write_chunk(again(item), offset=0, content=content) == len(content)
    assert again(item).state == State.RECEIVED


def test_files_announced_again_are_here_once(job: ImportJob) -> None:
    files = [AnnouncedFile(f"{number}.jpg", "", 10, key=f"k{number}") for number in range(3)]
    first = uploads.announce_files(job, files[:2])
    second = uploads.announce_files(job, [files[2], *files[:2]])
    assert [item.pk for item in second[1:]] == [item.pk for item in first]
    assert job.items.count() == 3


def test_one_key_for_two_files_is_refused(job: ImportJob) -> None:
    with pytest.raises(uploads.RepeatedKey):
        uploads.announce_files(job, [AnnouncedFile("a.jpg", "", 10, key="k"), AnnouncedFile("b.jpg", "", 10, key="k")])
    assert job.items.count() == 0


def test_an_import_can_be_finished_without_what_never_came(job: ImportJob) -> None:
    uploading.bring(job, "here.jpg", images.encoded())
    missing = uploading.announce(job, "missing.jpg", 100)
    assert uploads.give_up_missing_files(job) == 1
    job.refresh_from_db()
    assert job.finished_at is not None
    assert (again(missing).state, again(missing).reason) == (State.FAILED, "INCOMPLETE")
    assert job.dataset.images.count() == 1


@pytest.mark.parametrize(("hours", "ended"), [(23, 0), (25, 1)])
def test_an_import_that_nobody_sends_to_is_given_up_after_a_day(job: ImportJob, hours: int, ended: int) -> None:
    uploading.announce(job, "missing.jpg", 100)
    ImportJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=hours))
    assert give_up_abandoned_imports() == ended


def test_an_old_import_that_something_came_to_today_goes_on(job: ImportJob) -> None:
    uploading.send(job, "here.jpg", images.encoded())
    uploading.announce(job, "missing.jpg", 100)
    ImportJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=3))
    assert give_up_abandoned_imports() == 0


def test_a_change_of_the_name_turns_no_count_back(job: ImportJob) -> None:
    stale = Dataset.objects.get(pk=job.dataset_id)
    uploading.bring(job, "a.jpg", images.encoded(seed=1))
    change_dataset(stale, name="Renamed", file_prefix="renamed", trigger_word="", by=None)
    uploading.bring(job, "b.jpg", images.encoded(seed=2))
    assert [image.original_name for image in job.dataset.images.in_order()] == ["a.jpg", "b.jpg"]
    assert Dataset.objects.get(pk=job.dataset_id).next_position == 3


def test_a_worker_whose_lease_ran_out_does_not_end_what_another_reads(
    job: ImportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = uploading.send(job, "slow.jpg", images.encoded())
    finish = processing._finish_image

    def taken_over(prepared: processing._Prepared, measured: Measured) -> str:
        ImportItem.objects.filter(pk=item.pk).update(attempts=2)
        return finish(prepared, measured)

    monkeypatch.setattr(processing, "_finish_image", taken_over)
    assert processing.process_item(item.pk) == ""
    assert again(item).state == State.PROCESSING
    assert not Image.objects.exists()


@pytest.mark.parametrize("text_first", [True, False])
@pytest.mark.parametrize("older_is_tagged", [True, False])
def test_a_text_goes_to_the_picture_that_came_with_it(job: ImportJob, text_first: bool, older_is_tagged: bool) -> None:
    """Another picture of the same name was here before."""
    uploading.bring(job, "1.jpg", images.encoded(seed=1))
    if older_is_tagged:
        uploading.bring(job, "1.txt", b"older words")
    second = uploading.start(job.dataset)
    text = uploads.announce_files(second, [AnnouncedFile("1.txt", "", 9), AnnouncedFile("1.jpg", "", 0)])[0]
    picture = uploading.send(second, "1.jpg", images.encoded(seed=2))
    uploads.write_chunk(text, offset=0, content=b"new words")
    for item in [text, picture] if text_first else [picture, text]:
        processing.process_item(item.pk)
    older, newer = job.dataset.images.in_order()
    assert older.sidecar_text == ("older words" if older_is_tagged else "")
    assert newer.sidecar_text == "new words"


def test_a_text_that_comes_alone_goes_to_the_picture_that_was_here(job: ImportJob) -> None:
    uploading.bring(job, "1.jpg", images.encoded(seed=1))
    second = uploading.start(job.dataset)
    text = uploading.bring(second, "1.txt", b"late words")
    uploading.finish(second)
    assert again(text).state == State.READY
    assert job.dataset.images.get().sidecar_text == "late words"


def test_a_text_whose_picture_was_refused_is_told_so(job: ImportJob) -> None:
    uploading.bring(job, "1.jpg", images.encoded(seed=1))
    second = uploading.start(job.dataset)
    picture = uploading.send(second, "1.jpg", b"no picture")
    text = uploading.send(second, "1.txt", b"its words")
    for item in (text, picture):
        processing.process_item(item.pk)
    uploading.finish(second)
    assert (again(text).state, again(text).reason) == (State.FAILED, "NO_IMAGE")
    assert job.dataset.images.get().sidecar_text == ""
