"""A received file becomes a ready image exactly once, whatever fails or dies on the way."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from datasets import imaging, paths
from datasets.decoder import Decoder
from datasets.imaging import ImageRefused
from datasets.models import Dataset, Image, ImportItem, ImportJob
from datasets.queries.refusals import explain
from datasets.services.arrivals import Arrival
from datasets.services.decoding import get_decoder
from datasets.services.processing import (
    count_waiting,
    process_item,
    process_items,
    process_waiting,
    release_claims_of_the_dead,
)
from datasets.signals import image_ready
from datasets.tasks import process_items as process_items_task
from datasets.tasks import requeue_stale_items, wake_worker
from tests import decoding, factories, images, uploading
from tests.disks import files_end_at, full_disk

State = ImportItem.State
PICTURE = images.encoded("JPEG")


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return uploading.start(dataset)


class WorkerDied(BaseException):
    """What no code in a worker catches, as no code outlives a kill."""


@contextmanager
def on_image_ready(act: Callable[[Image], object]) -> Iterator[None]:
    """Do something at the last moment before a picture's transaction commits."""

    def receiver(arrivals: list[Arrival], **_: Any) -> None:
        for arrival in arrivals:
            act(arrival.image)

    image_ready.connect(receiver)
    try:
        yield
    finally:
        image_ready.disconnect(receiver)


def die(image: Image) -> None:
    raise WorkerDied


def let_lease_run_out(item: ImportItem) -> None:
    ImportItem.objects.filter(pk=item.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def again(item: ImportItem) -> ImportItem:
    item.refresh_from_db()
    return item


# --- Ready -----------------------------------------------------------------------------------------


def test_a_picture_becomes_an_image_with_its_measures(job: ImportJob) -> None:
    item = uploading.bring(job, "Cat 1.jpg", PICTURE, folder="set/a")
    image = Image.objects.get()
    assert (item.state, item.image, item.reason, item.lease_until) == (State.READY, image, "", None)
    assert (image.original_name, image.relative_path) == ("Cat 1.jpg", "set/a")
    assert (image.format, image.width, image.height, image.byte_size) == ("JPEG", 320, 240, len(PICTURE))
    assert (image.sha256, image.position) == (hashlib.sha256(PICTURE).hexdigest(), item.position)
    assert image.is_plain


def test_the_original_is_stored_byte_true_and_nothing_else_is_left(job: ImportJob, data_dir: Path) -> None:
    uploading.bring(job, "picture.png", PICTURE)
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    original = paths.original_path(data_dir, sha256, "JPEG")
    assert original.read_bytes() == PICTURE
    stored = {original, paths.thumbnail_path(data_dir, sha256), paths.preview_path(data_dir, sha256)}
    assert {data_dir / path for path in uploading.stored_files(data_dir)} - stored == {
        uploading.part_file(data_dir, ImportItem.objects.get())
    }


def test_the_part_file_goes_with_the_commit(
    job: ImportJob, data_dir: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        item = uploading.bring(job, "picture.jpg", PICTURE)
    assert not uploading.part_file(data_dir, item).exists()
    assert len(uploading.stored_files(data_dir)) == 3


def test_images_lie_in_the_order_of_their_files_whichever_worker_is_quicker(job: ImportJob) -> None:
    items = [uploading.send(job, f"{seed}.jpg", images.encoded(seed=seed, width=64, height=48)) for seed in (1, 2, 3)]
    for item in reversed(items):
        process_item(item.pk)
    assert [image.original_name for image in Image.objects.in_order()] == ["1.jpg", "2.jpg", "3.jpg"]


def test_every_end_grows_the_datasets_revision(job: ImportJob) -> None:
    before = Dataset.objects.get().revision
    uploading.bring(job, "picture.jpg", PICTURE)
    assert Dataset.objects.get().revision > before


def test_pages_hear_of_it_after_the_commit_and_not_before(
    job: ImportJob, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[tuple[str, str]] = []
    item = uploading.send(job, "picture.jpg", PICTURE)
    for module in ("datasets.services.telling", "datasets.services.datasets"):
        monkeypatch.setattr(f"{module}.publish", lambda group, message: heard.append((group, message.type)))
    with django_capture_on_commit_callbacks(execute=True):
        process_item(item.pk)
        assert heard == []
    assert set(heard) == {
        (f"import.{job.pk}", "import.touched"),
        (f"dataset.{job.dataset_id}", "dataset.touched"),
    }


# --- Refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "reason", "says"),
    [
        ("notes.png", b"a text named like a picture", "NOT_AN_IMAGE", "whatever its name says"),
        ("cut.jpg", PICTURE[: len(PICTURE) // 2], "DAMAGED", "cut off"),
        ("nul.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00", "DAMAGED", "damaged"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(
    job: ImportJob, name: str, content: bytes, reason: str, says: str
) -> None:
    item = uploading.bring(job, name, content)
    assert (item.state, item.reason, item.image) == (State.FAILED, reason, None)
    assert says in explain(item)


def test_a_header_that_claims_too_much_is_refused_with_the_numbers(job: ImportJob, tmp_path: Path) -> None:
    content = images.write_claim(tmp_path, "bomb.png", 60_000, 60_000).read_bytes()
    item = uploading.bring(job, "bomb.png", content)
    assert item.reason == "TOO_MANY_PIXELS"
    assert "60000×60000" in explain(item)
    assert "80,000,000" in explain(item)


def test_a_refused_file_leaves_nothing(
    job: ImportJob, data_dir: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        uploading.bring(job, "cut.jpg", PICTURE[:3000])
    assert uploading.stored_files(data_dir) == []
    assert not Image.objects.exists()


def test_a_bad_file_stops_no_other(job: ImportJob) -> None:
    ends = [
        uploading.bring(job, name, content).state
        for name, content in [("a.jpg", PICTURE), ("bad.jpg", b"x"), ("b.jpg", images.encoded(seed=2))]
    ]
    assert ends == [State.READY, State.FAILED, State.READY]
    assert uploading.finish(job).finished_at is not None


def test_a_file_whose_bytes_are_gone_or_short_is_incomplete(job: ImportJob, data_dir: Path) -> None:
    gone, short = uploading.send(job, "gone.jpg", PICTURE), uploading.send(job, "short.jpg", PICTURE)
    uploading.part_file(data_dir, gone).unlink()
    uploading.part_file(data_dir, short).write_bytes(PICTURE[:-1])
    assert (process_item(gone.pk), process_item(short.pk)) == (State.FAILED, State.FAILED)
    assert (again(gone).reason, again(short).reason) == ("INCOMPLETE", "INCOMPLETE")


def test_a_full_disk_refuses_the_file_and_leaves_no_image(job: ImportJob, data_dir: Path) -> None:
    item = uploading.send(job, "picture.jpg", PICTURE)
    with full_disk():
        process_item(item.pk)
    assert again(item).reason == "DISK_FULL"
    assert not Image.objects.exists()
    assert not list(data_dir.rglob(".new-*"))
    assert not list(data_dir.rglob("*.webp"))


def test_a_disk_that_refuses_otherwise_sends_people_to_the_log(
    job: ImportJob, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    item = uploading.send(job, "picture.jpg", PICTURE)
    with files_end_at(500):
        process_item(item.pk)
    assert again(item).reason == "NOT_STORED"
    assert "File too large" in caplog.text
    assert not list(data_dir.rglob("*.webp"))


def test_a_picture_that_takes_too_long_is_given_up(
    job: ImportJob, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"memory_bytes": settings.DECODER_MEMORY_BYTES, "max_pixels": settings.MAX_IMAGE_PIXELS}
    decoder = Decoder(most_seconds=0.01, **limits)
    monkeypatch.setattr("datasets.services.processing.get_decoder", lambda: decoder)
    item = uploading.bring(job, "slow.png", images.encoded("PNG", width=3000, height=2000))
    assert (item.state, item.reason) == (State.FAILED, "TOO_SLOW")


def test_every_code_that_imaging_refuses_with_has_a_sentence(job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("NOT_AN_IMAGE", "TOO_MANY_PIXELS", "DAMAGED", "OUT_OF_MEMORY"):

        def refuse(path: Path, code: str = code) -> imaging.Measured:
            raise ImageRefused(code, "detail with \x00")

        decoding.decode_with(monkeypatch, refuse)
        item = uploading.bring(job, "picture.jpg", PICTURE)
        assert item.reason == code
        assert "%(" not in explain(item)


# --- Duplicates ------------------------------------------------------------------------------------


def test_the_same_bytes_again_are_a_duplicate(job: ImportJob, data_dir: Path) -> None:
    first = uploading.bring(job, "first.jpg", PICTURE)
    second = uploading.bring(uploading.start(job.dataset), "second.png", PICTURE)
    assert (second.state, second.image) == (State.DUPLICATE, first.image)
    assert Image.objects.get().original_name == "first.jpg"


def test_another_dataset_has_its_own_image_of_the_same_file(job: ImportJob, data_dir: Path) -> None:
    uploading.bring(job, "picture.jpg", PICTURE)
    other = uploading.bring(uploading.start(factories.make_dataset()), "picture.jpg", PICTURE)
    assert other.state == State.READY
    assert Image.objects.count() == 2
    assert len(list((data_dir / "blobs" / "originals").rglob("*.jpg"))) == 1


def test_of_two_workers_with_the_same_picture_one_makes_the_image(
    job: ImportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = uploading.send(job, "slow.jpg", PICTURE), uploading.send(job, "quick.jpg", PICTURE)
    measured: list[Path] = []

    def measure_slowly(path: Path) -> imaging.Measured:
        measured.append(path)
        if len(measured) == 1:
            decoding.decode_with(monkeypatch, decoding.measure_here)
            process_item(quick.pk)
        return decoding.measure_here(path)

    decoding.decode_with(monkeypatch, measure_slowly)
    assert process_item(slow.pk) == State.DUPLICATE
    assert again(quick).state == State.READY
    assert again(slow).image == quick.image
    assert Image.objects.count() == 1


# --- Claims, leases, deaths ------------------------------------------------------------------------


def test_a_claimed_file_is_nobody_elses(job: ImportJob) -> None:
    item = uploading.send(job, "picture.jpg", PICTURE)
    others: list[str] = []
    with on_image_ready(lambda image: others.append(process_item(item.pk))):
        assert process_item(item.pk) == State.READY
    assert others == [""]
    assert again(item).attempts == 1


@pytest.mark.parametrize("content", [PICTURE, b"no picture"])
def test_a_file_with_an_end_is_not_read_again(job: ImportJob, content: bytes) -> None:
    item = uploading.bring(job, "picture.jpg", content)
    assert process_item(item.pk) == ""
    assert again(item).attempts == 1


def test_a_file_without_its_bytes_is_not_claimed(job: ImportJob) -> None:
    assert process_item(uploading.announce(job, "picture.jpg", 10).pk) == ""
    assert process_item(10**6) == ""


def test_dying_between_storing_and_committing_leaves_nothing_half_and_the_next_worker_succeeds(
    job: ImportJob, data_dir: Path
) -> None:
    item = uploading.send(job, "picture.jpg", PICTURE)
    with on_image_ready(die), pytest.raises(WorkerDied):
        process_item(item.pk)
    assert not Image.objects.exists()
    assert (again(item).state, item.image) == (State.PROCESSING, None)
    assert uploading.part_file(data_dir, item).read_bytes() == PICTURE
    assert process_item(item.pk) == ""

    let_lease_run_out(item)
    assert process_item(item.pk) == State.READY
    assert paths.original_path(data_dir, Image.objects.get().sha256, "JPEG").read_bytes() == PICTURE
    assert not list(data_dir.rglob(".new-*"))


def test_a_picture_that_ends_the_decoder_three_times_is_refused_and_the_others_are_read(
    job: ImportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = uploading.send(job, "poison.jpg", images.encoded(seed=666))
    good = [uploading.send(job, f"{seed}.jpg", images.encoded(seed=seed)) for seed in (1, 2, 3)]
    tried: list[str] = []

    def measure(path: Path) -> imaging.Measured:
        tried.append(path.stem)
        return decoding.die(path) if path.stem == str(poison.pk) else decoding.measure_here(path)

    decoding.decode_with(monkeypatch, measure)
    process_items([poison.pk, *(item.pk for item in good)])
    assert (again(poison).state, again(poison).reason) == (State.FAILED, "CRASHED")
    assert "three times" in explain(again(poison))
    assert [again(item).state for item in good] == [State.READY] * 3
    assert tried.count(str(poison.pk)) == 3


def test_a_picture_whose_decoder_was_killed_once_is_read_the_next_time(
    job: ImportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = uploading.send(job, "picture.jpg", PICTURE)
    deaths = iter([True])

    def measure(path: Path) -> imaging.Measured:
        return decoding.die(path) if next(deaths, False) else decoding.measure_here(path)

    decoding.decode_with(monkeypatch, measure)
    assert process_item(item.pk) == State.READY
    assert again(item).deaths == 1


def test_the_decoder_that_is_killed_while_it_reads_gives_way_to_another(job: ImportJob) -> None:
    """The real one."""
    big, small = (
        uploading.send(job, "big.png", images.encoded("PNG", width=4000, height=3000, compress_level=1)),
        uploading.send(job, "small.jpg", PICTURE),
    )
    process_item(uploading.send(job, "first.jpg", images.encoded(seed=9)).pk)  # the child runs from here on
    decoder = get_decoder()
    assert isinstance(decoder, Decoder)
    child = decoder.pid
    assert child is not None
    killer = threading.Timer(0.05, os.kill, (child, signal.SIGKILL))
    killer.start()
    process_items([big.pk, small.pk])
    killer.join()
    assert [again(item).state for item in (big, small)] == [State.READY, State.READY]
    assert again(big).deaths + again(small).deaths == 1
    assert decoder.pid not in {child, None}


def test_a_file_that_ten_workers_died_with_is_refused(job: ImportJob) -> None:
    item = uploading.send(job, "picture.jpg", PICTURE)
    with on_image_ready(die):
        for _ in range(10):
            with pytest.raises(WorkerDied):
                process_item(item.pk)
            let_lease_run_out(item)
        assert process_item(item.pk) == State.FAILED
    assert (again(item).reason, Image.objects.count()) == ("WORKERS_DIED", 0)


def test_what_arrived_is_compared_with_what_was_sent(job: ImportJob, data_dir: Path) -> None:
    good, changed = uploading.send(job, "good.jpg", PICTURE), uploading.send(job, "changed.jpg", images.encoded(seed=2))
    ImportItem.objects.filter(pk=good.pk).update(sha256=hashlib.sha256(PICTURE).hexdigest())
    ImportItem.objects.filter(pk=changed.pk).update(sha256="ab" * 32)
    process_items([good.pk, changed.pk])
    assert again(good).state == State.READY
    assert (again(changed).state, again(changed).reason) == (State.FAILED, "CHECKSUM")
    assert Image.objects.count() == 1


def test_a_picture_from_the_trash_comes_back_when_it_is_imported_again(job: ImportJob) -> None:
    first = uploading.bring(job, "picture.jpg", PICTURE)
    Image.objects.update(trashed_at=timezone.now())
    again_ = uploading.bring(uploading.start(job.dataset), "picture.jpg", PICTURE)
    assert (again_.state, again_.reason, again_.image_id) == (State.DUPLICATE, "RESTORED", first.image_id)
    assert Image.objects.get().pk == first.image_id


def test_files_that_there_is_no_time_for_wait_on(job: ImportJob) -> None:
    items = [uploading.send(job, f"{seed}.jpg", images.encoded(seed=seed)) for seed in (1, 2)]
    process_items([item.pk for item in items], most_seconds=0)
    assert {again(item).state for item in items} == {State.RECEIVED}


def test_a_handful_of_pictures_does_not_wait_for_somebody_elses_many(job: ImportJob) -> None:
    for number in range(30):
        uploading.send(job, f"{number}.jpg", f"no picture {number}".encode())
    few = uploading.send(uploading.start(factories.make_dataset()), "few.jpg", PICTURE)
    ended: list[int] = []
    with on_image_ready(lambda image: ended.append(ImportItem.objects.filter(state=State.FAILED).count())):
        process_waiting(most_seconds=60)
    assert again(few).state == State.READY
    assert ended[0] <= 16
    assert not ImportItem.objects.exclude(state__in=[State.READY, State.FAILED]).exists()


def test_what_a_dead_worker_held_is_taken_with_what_waits(job: ImportJob) -> None:
    held, waiting = uploading.send(job, "held.jpg", PICTURE), uploading.send(job, "w.jpg", images.encoded(seed=2))
    with on_image_ready(die), pytest.raises(WorkerDied):
        process_item(held.pk)
    process_waiting(most_seconds=60)
    assert (again(held).state, again(waiting).state) == (State.PROCESSING, State.READY)
    let_lease_run_out(held)
    process_waiting(most_seconds=60)
    assert again(held).state == State.READY


def test_an_error_of_the_program_leaves_no_answer_for_the_next_picture(
    job: ImportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (uploading.send(job, f"{n}.jpg", images.encoded(seed=n)) for n in (1, 2, 3))
    with on_image_ready(die), pytest.raises(WorkerDied):
        process_items([first.pk, second.pk])
    assert process_item(third.pk) == State.READY
    assert Image.objects.get().sha256 == hashlib.sha256(images.encoded(seed=3)).hexdigest()


def test_what_a_dead_worker_held_waits_again_when_its_lease_ran_out(job: ImportJob) -> None:
    item = uploading.send(job, "picture.jpg", PICTURE)
    with on_image_ready(die), pytest.raises(WorkerDied):
        process_item(item.pk)
    assert count_waiting(most=10) == 0
    let_lease_run_out(item)
    assert count_waiting(most=10) == 1


def test_at_a_restart_every_claim_is_a_dead_ones(job: ImportJob) -> None:
    held, waiting = uploading.send(job, "held.jpg", PICTURE), uploading.send(job, "waiting.jpg", PICTURE)
    with on_image_ready(die), pytest.raises(WorkerDied):
        process_item(held.pk)
    release_claims_of_the_dead()
    process_waiting(most_seconds=60)
    assert {again(held).state, again(waiting).state} == {State.READY, State.DUPLICATE}


@pytest.mark.usefixtures("empty_line")
def test_one_message_is_on_its_way_however_many_files_wait(job: ImportJob) -> None:
    assert not requeue_stale_items()
    for seed in (1, 2, 3):
        uploading.send(job, f"{seed}.jpg", images.encoded(seed=seed))
    assert [wake_worker(), wake_worker(), requeue_stale_items()] == [True, False, True]
    assert current_app.control.purge() == 1


@pytest.mark.usefixtures("empty_line")
def test_a_worker_with_more_than_it_can_do_at_once_wakes_another(job: ImportJob) -> None:
    for seed in (1, 2):
        uploading.send(job, f"{seed}.jpg", images.encoded(seed=seed))
    with on_image_ready(lambda image: messages.append(current_app.control.purge())):
        messages: list[int] = []
        process_items_task()
    assert messages == [1, 0]
    assert Image.objects.count() == 2


def test_no_picture_is_decoded_inside_a_transaction(job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    depths: list[int] = []

    def watch(path: Path) -> imaging.Measured:
        depths.append(len(connection.savepoint_ids))
        return decoding.measure_here(path)

    before = len(connection.savepoint_ids)
    decoding.decode_with(monkeypatch, watch)
    uploading.bring(job, "picture.jpg", PICTURE)
    assert depths == [before]


# --- Texts beside images ---------------------------------------------------------------------------


def sidecar_of(name: str) -> str:
    return Image.objects.get(original_name=name).sidecar_text


@pytest.mark.parametrize("text_first", [True, False])
def test_a_text_finds_its_picture_in_either_order(job: ImportJob, text_first: bool) -> None:
    files = [("cat.txt", b"1girl, solo"), ("cat.jpg", PICTURE)]
    ends = [uploading.bring(job, name, content).state for name, content in (files if text_first else files[::-1])]
    assert ends == [State.READY, State.READY]
    assert sidecar_of("cat.jpg") == "1girl, solo"
    tags = [row.tag.name for row in Image.objects.get().image_tags.order_by("position")]
    assert tags == ["1girl", "solo"]


def test_a_text_of_another_folder_is_left_alone(job: ImportJob) -> None:
    uploading.bring(job, "cat.txt", b"dog", folder="other")
    uploading.bring(job, "cat.jpg", PICTURE, folder="set")
    assert sidecar_of("cat.jpg") == ""


def test_a_text_without_a_picture_is_refused_when_the_import_ends(job: ImportJob) -> None:
    item = uploading.bring(job, "lonely.txt", b"tags")
    assert item.state == State.READY
    uploading.finish(job)
    assert (again(item).state, item.reason) == (State.FAILED, "NO_IMAGE")
    assert "same name" in explain(item)


def test_the_text_of_a_picture_that_is_here_already_still_counts(job: ImportJob) -> None:
    uploading.bring(job, "cat.jpg", PICTURE)
    late = uploading.start(job.dataset)
    uploading.bring(late, "cat.txt", b"late words")
    assert uploading.bring(late, "cat.jpg", PICTURE).state == State.DUPLICATE
    assert sidecar_of("cat.jpg") == "late words"


def test_a_text_for_a_picture_that_was_tagged_changes_nothing(job: ImportJob) -> None:
    uploading.bring(job, "cat.jpg", PICTURE)
    factories.make_image_tag(Image.objects.get(), "mine")
    item = uploading.bring(job, "cat.txt", b"theirs")
    assert (item.state, item.reason) == (State.FAILED, "ALREADY_TAGGED")
    assert [row.tag.name for row in Image.objects.get().image_tags.all()] == ["mine"]


def test_the_same_text_again_is_a_duplicate(job: ImportJob) -> None:
    for name, content in [("cat.jpg", PICTURE), ("cat.txt", b"words")]:
        uploading.bring(job, name, content)
    assert uploading.bring(uploading.start(job.dataset), "cat.txt", b"words").state == State.DUPLICATE


def test_a_text_that_is_no_text_is_refused_and_its_picture_stays(job: ImportJob) -> None:
    uploading.bring(job, "cat.jpg", PICTURE)
    item = uploading.bring(job, "cat.txt", b"a\x00b")
    assert item.reason == "NOT_TEXT"
    assert "UTF-8" in explain(item)
    assert Image.objects.get().sidecar_text == ""


def test_limits_come_from_the_settings(job: ImportJob, settings: Settings) -> None:
    settings.MAX_IMAGE_PIXELS = 320 * 240 - 1
    assert uploading.bring(job, "picture.jpg", PICTURE).reason == "TOO_MANY_PIXELS"


@pytest.mark.parametrize("names", [["copy.jpg", "cat.txt"], ["cat.txt", "copy.jpg"]])
def test_the_text_beside_a_duplicate_goes_to_the_picture_that_is_here(job: ImportJob, names: list[str]) -> None:
    uploading.bring(job, "first.jpg", PICTURE)
    second = uploading.start(job.dataset)
    content = {"copy.jpg": PICTURE, "cat.txt": b"whiskers"}
    items = [uploading.bring(second, "cat.jpg" if name == "copy.jpg" else name, content[name]) for name in names]
    uploading.finish(second)
    assert [row.tag.name for row in Image.objects.get().image_tags.all()] == ["whiskers"]
    assert {again(item).state for item in items} == {State.DUPLICATE, State.READY}


def test_a_folder_that_comes_twice_is_all_here_already(job: ImportJob) -> None:
    for round_ in (job, uploading.start(job.dataset)):
        items = [uploading.bring(round_, "cat.txt", b"whiskers"), uploading.bring(round_, "cat.jpg", PICTURE)]
        uploading.finish(round_)
    assert [again(item).state for item in items] == [State.DUPLICATE, State.DUPLICATE]
