"""What the server spares a sender, what is tried again, and what a cancelled import leaves."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from datasets.models import Dataset, Image, ImportItem, ImportJob
from datasets.paths import original_path
from datasets.queries.progress import get_import_progress
from datasets.services import checksums, import_control, processing, uploads
from datasets.services.uploads import AnnouncedFile
from tests import factories, images, uploading
from tests.disks import full_disk

State = ImportItem.State


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return uploading.start(dataset)


def sum_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def declare(job: ImportJob, item: ImportItem, content: bytes) -> ImportItem:
    """Say what a file's bytes sum up to, as somebody who sees all datasets."""
    (now,) = checksums.declare_checksums(job, {item.pk: sum_of(content)}, visible=Image.objects.filter())
    return now


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/imports/{path}", json.dumps(body), content_type="application/json")


# --- Checksums -------------------------------------------------------------------------------------


def test_a_picture_that_the_dataset_has_ends_as_duplicate_without_a_byte_sent(job: ImportJob) -> None:
    content = images.encoded(seed=1)
    first = uploading.bring(job, "a.jpg", content)
    again = declare(job, uploading.announce(job, "b.jpg", len(content)), content)
    assert again.state == State.RECEIVED
    assert processing.process_item(again.pk) == State.DUPLICATE
    again.refresh_from_db()
    assert again.image == first.image


@pytest.mark.django_db(transaction=True)
def test_a_picture_of_another_dataset_comes_in_without_a_byte_sent(job: ImportJob, data_dir: Path) -> None:
    content = images.encoded(seed=2)
    uploading.bring(uploading.start(factories.make_dataset()), "there.jpg", content)
    here = declare(job, uploading.announce(job, "here.jpg", len(content)), content)
    assert processing.process_item(here.pk) == State.READY
    assert job.dataset.images.get().sha256 == sum_of(content)
    assert original_path(data_dir, sum_of(content), "JPEG").read_bytes() == content
    assert [path for path in data_dir.glob("incoming/**/*") if path.is_file()] == []


def test_a_picture_of_a_dataset_that_the_person_does_not_see_has_to_be_sent(job: ImportJob) -> None:
    content = images.encoded(seed=3)
    uploading.bring(uploading.start(factories.make_dataset()), "secret.jpg", content)
    item = uploading.announce(job, "guess.jpg", len(content))
    seen = Image.objects.filter(dataset=job.dataset)
    (now,) = checksums.declare_checksums(job, {item.pk: sum_of(content)}, visible=seen)
    assert (now.state, uploads.received_bytes(now)) == (State.WAITING, 0)


def test_a_picture_in_the_trash_has_to_be_sent_and_is_no_silent_duplicate(job: ImportJob) -> None:
    content = images.encoded(seed=4)
    first = uploading.bring(job, "a.jpg", content)
    assert first.image is not None
    Image.everything.filter(pk=first.image.pk).update(trashed_at=first.finished_at)
    assert declare(job, uploading.announce(job, "b.jpg", len(content)), content).state == State.WAITING


def test_a_checksum_under_another_size_takes_nothing_from_the_store(job: ImportJob) -> None:
    content = images.encoded(seed=5)
    uploading.bring(job, "a.jpg", content)
    assert declare(job, uploading.announce(job, "b.jpg", len(content) + 1), content).state == State.WAITING


def test_the_text_beside_a_picture_that_is_not_sent_reaches_it(job: ImportJob) -> None:
    content = images.encoded(seed=6)
    uploading.bring(uploading.start(factories.make_dataset()), "there.jpg", content)
    uploading.bring(job, "here.txt", b"misty, dawn")
    here = declare(job, uploading.announce(job, "here.jpg", len(content)), content)
    processing.process_item(here.pk)
    assert job.dataset.images.get().sidecar_text == "misty, dawn"


def test_after_a_break_the_answer_says_where_to_go_on(job: ImportJob, client: Client) -> None:
    item = uploading.announce(job, "a.jpg", 6)
    uploads.write_chunk(item, offset=0, content=b"abc")
    answer = post(client, f"{job.pk}/checksums", {"items": [{"id": item.pk, "sha256": sum_of(b"abcdef").upper()}]})
    assert answer.json() == {"items": [{"id": item.pk, "state": "WAITING", "received": 3}]}
    item.refresh_from_db()
    assert item.sha256 == sum_of(b"abcdef")


def test_a_file_that_changed_between_two_tries_starts_anew(job: ImportJob, data_dir: Path) -> None:
    item = declare(job, uploading.announce(job, "a.jpg", 6), b"abcdef")
    uploads.write_chunk(item, offset=0, content=b"abc")
    now = declare(job, item, b"ABCDEF")
    assert (now.sha256, uploads.received_bytes(now)) == (sum_of(b"ABCDEF"), 0)
    assert not uploading.part_file(data_dir, item).exists()


def test_a_sender_who_is_late_changes_nothing_in_the_store(job: ImportJob, data_dir: Path) -> None:
    content = images.encoded(seed=7)
    uploading.bring(job, "a.jpg", content)
    item = uploading.announce(job, "b.jpg", len(content))
    declare(job, item, content)
    # Its row was read before the checksum came in.
    assert uploads.write_chunk(item, offset=len(content), content=b"") == len(content)
    with pytest.raises(uploads.ChunkTooLarge):
        uploads.write_chunk(item, offset=len(content), content=b"x")
    assert original_path(data_dir, sum_of(content), "JPEG").read_bytes() == content


@pytest.mark.parametrize("sha256", ["", "abc", "g" * 64, "a" * 65, "../" * 21 + "a"])
def test_what_is_no_checksum_is_refused(job: ImportJob, client: Client, sha256: str) -> None:
    item = uploading.announce(job, "a.jpg", 6)
    answer = post(client, f"{job.pk}/checksums", {"items": [{"id": item.pk, "sha256": sha256}]})
    assert (answer.status_code, "64 digits" in answer.json()["detail"]) == (422, True)


def test_too_many_checksums_at_once_are_refused(job: ImportJob, client: Client) -> None:
    sums = [{"id": number, "sha256": "a" * 64} for number in range(501)]
    assert post(client, f"{job.pk}/checksums", {"items": sums}).status_code == 422


def test_a_file_of_another_import_is_passed_over(job: ImportJob, client: Client) -> None:
    item = uploading.announce(uploading.start(job.dataset), "a.jpg", 6)
    answer = post(client, f"{job.pk}/checksums", {"items": [{"id": item.pk, "sha256": "a" * 64}]})
    assert answer.json() == {"items": []}
    item.refresh_from_db()
    assert item.sha256 == ""


def test_a_checksum_may_come_with_the_announcement(job: ImportJob, client: Client) -> None:
    content = images.encoded(seed=8)
    uploading.bring(job, "a.jpg", content)
    files = [
        {"name": "b.jpg", "size": len(content), "sha256": sum_of(content)},
        {"name": "c.jpg", "size": 9, "sha256": "c" * 64},
        {"name": "d.jpg", "size": 9},
    ]
    items = post(client, f"{job.pk}/items", {"files": files}).json()["items"]
    told = [(item["state"], item["sha256"]) for item in items]
    assert told == [("RECEIVED", sum_of(content)), ("WAITING", "c" * 64), ("WAITING", "")]


# --- Try again -------------------------------------------------------------------------------------


def refused(job: ImportJob, name: str, reason: str) -> ImportItem:
    item = uploading.announce(job, name, 6)
    ImportItem.objects.filter(pk=item.pk).update(state=State.FAILED, reason=reason, attempts=3, deaths=2)
    return item


def test_a_refusal_of_the_file_itself_is_final(job: ImportJob) -> None:
    refused(job, "a.png", "NOT_AN_IMAGE")
    refused(job, "b.png", "DAMAGED")
    assert import_control.retry_items(job) == []


def test_what_a_full_disk_refused_is_read_once_there_is_room(job: ImportJob) -> None:
    content = images.encoded(seed=9)
    item = uploading.send(job, "a.jpg", content)
    with full_disk():
        processing.process_item(item.pk)
    uploading.finish(job)
    assert get_import_progress(job.pk).retryable == 1
    (again,) = import_control.retry_items(job)
    if again.state == State.WAITING:
        uploads.write_chunk(again, offset=uploads.received_bytes(again), content=content)
    assert processing.process_item(item.pk) == State.READY
    job.refresh_from_db()
    assert job.finished_at is None
    assert uploading.finish(job).finished_at is not None


def test_trying_again_counts_attempts_from_nothing_and_asks_for_missing_bytes(job: ImportJob) -> None:
    lacking, whole = refused(job, "a.jpg", "CRASHED"), refused(job, "b.jpg", "TOO_SLOW")
    uploads.write_chunk(ImportItem(pk=lacking.pk, byte_size=6, state=State.WAITING), offset=0, content=b"abc")
    uploads.write_chunk(ImportItem(pk=whole.pk, byte_size=6, state=State.WAITING), offset=0, content=b"abcdef")
    again = {item.name: item for item in import_control.retry_items(job)}
    assert (again["a.jpg"].state, uploads.received_bytes(again["a.jpg"])) == (State.WAITING, 3)
    assert again["b.jpg"].state == State.RECEIVED
    assert {(item.attempts, item.deaths, item.reason, item.finished_at) for item in again.values()} == {
        (0, 0, "", None)
    }


def test_bytes_that_changed_on_the_way_are_asked_for_from_the_start(job: ImportJob) -> None:
    item = refused(job, "a.jpg", "CHECKSUM")
    uploads.write_chunk(ImportItem(pk=item.pk, byte_size=6, state=State.WAITING), offset=0, content=b"abcdef")
    (again,) = import_control.retry_items(job)
    assert (again.state, uploads.received_bytes(again)) == (State.WAITING, 0)


def test_only_the_chosen_files_are_tried_again(job: ImportJob, client: Client) -> None:
    first, second = refused(job, "a.jpg", "INCOMPLETE"), refused(job, "b.jpg", "INCOMPLETE")
    answer = post(client, f"{job.pk}/retry", {"items": [second.pk]})
    assert answer.json() == {"items": [{"id": second.pk, "state": "WAITING", "received": 0}]}
    first.refresh_from_db()
    assert first.state == State.FAILED


def test_a_text_that_was_refused_with_its_picture_waits_for_it_again(job: ImportJob) -> None:
    content = images.encoded(seed=10)
    picture = uploading.announce(job, "a.jpg", len(content))
    text = uploading.bring(job, "a.txt", b"misty")
    uploads.give_up_missing_files(job)
    text.refresh_from_db()
    assert (text.state, text.reason) == (State.FAILED, "NO_IMAGE")
    import_control.retry_items(job)
    picture.refresh_from_db()
    uploads.write_chunk(picture, offset=0, content=content)
    processing.process_item(picture.pk)
    assert job.dataset.images.get().sidecar_text == "misty"


def test_a_text_that_is_here_waits_for_the_answer_again(job: ImportJob) -> None:
    ImportJob.objects.filter(pk=job.pk).update(asks_about_sidecars=True)
    text = refused(job, "a.txt", "NOT_STORED")
    uploads.write_chunk(ImportItem(pk=text.pk, byte_size=6, state=State.WAITING), offset=0, content=b"abcdef")
    ImportItem.objects.filter(pk=text.pk).update(state=State.FAILED, reason="NOT_STORED")
    (again,) = import_control.retry_items(job)
    assert again.state == State.HELD


# --- Cancel ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_import_keeps_what_is_in_and_leaves_no_part_file(job: ImportJob, data_dir: Path) -> None:
    kept = uploading.bring(job, "in.jpg", images.encoded(seed=11))
    waiting = uploading.announce(job, "waiting.jpg", 6)
    uploads.write_chunk(waiting, offset=0, content=b"abc")
    uploading.send(job, "in line.jpg", images.encoded(seed=12))
    assert import_control.cancel_import(job) == 2
    progress = get_import_progress(job.pk)
    assert (progress.state, progress.ready, progress.skipped, progress.cancelled) == ("DONE", 1, 2, True)
    assert kept.image in job.dataset.images.all()
    assert [path for path in data_dir.glob("incoming/**/*") if path.is_file()] == []


def test_cancelling_twice_changes_nothing(job: ImportJob, client: Client) -> None:
    uploading.announce(job, "a.jpg", 6)
    first = post(client, f"{job.pk}/cancel", {}).json()
    job.refresh_from_db()
    when = job.cancelled_at
    second = post(client, f"{job.pk}/cancel", {}).json()
    job.refresh_from_db()
    assert job.cancelled_at == when
    assert {**first, "rate": 0} == {**second, "rate": 0}


def test_a_finished_import_cannot_be_cancelled_any_more(job: ImportJob) -> None:
    uploading.bring(job, "a.jpg", images.encoded(seed=13))
    uploading.finish(job)
    assert import_control.cancel_import(job) == 0
    job.refresh_from_db()
    assert job.cancelled_at is None


def test_what_a_worker_reads_at_that_moment_may_end_and_ends_the_import(job: ImportJob) -> None:
    item = uploading.send(job, "a.jpg", images.encoded(seed=14))
    ImportItem.objects.filter(pk=item.pk).update(state=State.PROCESSING, attempts=1)
    import_control.cancel_import(job)
    assert get_import_progress(job.pk).state == "OPEN"


def test_a_cancelled_import_takes_no_more_files_until_it_is_tried_again(job: ImportJob, client: Client) -> None:
    item = uploading.announce(job, "a.jpg", 6)
    import_control.cancel_import(job)
    answer = post(client, f"{job.pk}/items", {"files": [{"name": "b.jpg", "size": 3}]})
    assert (answer.status_code, "was cancelled" in answer.json()["detail"]) == (409, True)
    (again,) = import_control.retry_items(job)
    assert (again.pk, again.state) == (item.pk, State.WAITING)
    uploads.announce_files(job, [AnnouncedFile("b.jpg", "", 3)])
    progress = get_import_progress(job.pk)
    assert (progress.state, progress.waiting, progress.cancelled) == ("OPEN", 2, False)


# --- The list --------------------------------------------------------------------------------------


def names(client: Client, job: ImportJob, query: str) -> list[str]:
    return [item["name"] for item in client.get(f"/api/v1/imports/{job.pk}/items?{query}").json()["items"]]


def test_a_window_of_the_list_is_entered_by_its_rank(job: ImportJob, client: Client) -> None:
    uploads.announce_files(job, [AnnouncedFile(f"{number}.jpg", "", number % 5) for number in range(20)])
    window = client.get(f"/api/v1/imports/{job.pk}/items?offset=7&limit=3").json()
    assert [item["name"] for item in window["items"]] == ["7.jpg", "8.jpg", "9.jpg"]
    assert window["total"] == 20
    assert names(client, job, "offset=18") == ["18.jpg", "19.jpg"]
    assert names(client, job, "offset=99") == []
    assert names(client, job, "state=FAILED&offset=1&limit=2") == ["5.jpg", "10.jpg"]
    assert len(names(client, job, "state=FAILED&state=WAITING")) == 20


def test_single_files_are_asked_for_by_number_with_what_is_here_of_them(job: ImportJob, client: Client) -> None:
    items = uploads.announce_files(job, [AnnouncedFile(f"{number}.jpg", "", 6) for number in range(4)])
    uploads.write_chunk(items[2], offset=0, content=b"abc")
    found = client.get(f"/api/v1/imports/{job.pk}/items?ids={items[0].pk}&ids={items[2].pk}").json()["items"]
    assert [(item["name"], item["received"]) for item in found] == [("0.jpg", 0), ("2.jpg", 3)]
