"""Actions on many images as jobs: once however often asked, by one worker at a time, to the end whatever dies."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone

from datasets.models import Dataset, Image
from tagger_project.live import Message
from tagging import tasks
from tagging.messages import BulkProgress
from tagging.models import BulkJob, Change, ImageTag, TagOperation
from tagging.services.bulk import running, telling
from tagging.services.bulk.actions import Action
from tagging.services.bulk.jobs import KeyTaken, cancel, start_action, start_undo
from tagging.services.bulk.running import find_waiting, run_job
from tagging.services.bulk.targets import Target
from tests import factories
from tests.tagging.doing import adding, apply, names_on, removing, together, writing

pytestmark = pytest.mark.django_db


def make_images(count: int, dataset: Dataset | None = None) -> Dataset:
    """A dataset of images with a tag each."""
    dataset = dataset or factories.make_dataset()
    for _ in range(count):
        apply(factories.make_image(dataset), adding("a"))
    return dataset


def start(dataset: Dataset, action: Action | None = None, **facts: Any) -> BulkJob:
    key = facts.pop("key", uuid.uuid4())
    return start_action(dataset, Target(filter=""), action or Action("add", tags=("x",)), key=key, by=None, **facts)


def now(job: BulkJob) -> BulkJob:
    job.refresh_from_db()
    return job


def small_batches(monkeypatch: pytest.MonkeyPatch, size: int = 2) -> None:
    for name in ("_FIRST_BATCH", "_SMALLEST_BATCH", "_LARGEST_BATCH"):
        monkeypatch.setattr(running, name, size)


def check_done_once(dataset: Dataset) -> None:
    """Every image has the tag once, by one operation, in one entry."""
    images = Image.objects.filter(dataset=dataset).count()
    assert ImageTag.objects.filter(image__dataset=dataset, tag__name="x").count() == images
    added = TagOperation.objects.filter(image__dataset=dataset, tag_name="x")
    assert added.count() == images
    assert added.values("change").distinct().count() == 1


def test_asked_twice_it_counts_once(dataset: Dataset) -> None:
    make_images(3, dataset)
    key = uuid.uuid4()
    first, second = start(dataset, key=key), start(dataset, key=key)
    assert first == second
    run_job(first.pk)
    assert start(dataset, key=key).state == BulkJob.State.DONE
    run_job(first.pk)
    check_done_once(dataset)


def test_a_key_of_something_else_is_refused(dataset: Dataset) -> None:
    make_images(1, dataset)
    edit = Change.objects.get(dataset=dataset)
    with pytest.raises(KeyTaken):
        start(dataset, key=edit.key)
    job = start(dataset)
    with pytest.raises(KeyTaken):
        start(factories.make_dataset(), key=job.key)


def test_batches_are_one_entry(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(7, dataset)
    small_batches(monkeypatch)
    job = start(dataset)
    run_job(job.pk)
    assert (now(job).state, job.done, job.changed, job.image_ids) == ("DONE", 7, 7, None)
    check_done_once(dataset)


def test_a_cancelled_job_stops_after_its_batch_and_can_be_taken_back(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_images(7, dataset)
    small_batches(monkeypatch)
    job = start(dataset)
    do_batch = running._do_batch

    def do_and_cancel(*values: Any) -> None:
        do_batch(*values)
        cancel(BulkJob.objects.get(pk=job.pk))

    monkeypatch.setattr(running, "_do_batch", do_and_cancel)
    run_job(job.pk)
    assert (now(job).state, job.done, job.changed) == ("CANCELLED", 2, 2)
    assert ImageTag.objects.filter(tag__name="x").count() == 2
    assert job.change is not None
    back = start_undo(job.change, key=uuid.uuid4(), by=None)
    run_job(back.pk)
    assert (now(back).state, back.changed) == ("DONE", 2)
    assert not ImageTag.objects.filter(tag__name="x").exists()


def test_a_waiting_job_is_cancelled_at_once(dataset: Dataset) -> None:
    make_images(1, dataset)
    job = start(dataset)
    cancel(job)
    run_job(job.pk)
    assert (now(job).state, job.done) == ("CANCELLED", 0)
    assert not ImageTag.objects.filter(tag__name="x").exists()


def test_a_long_job_is_handed_on(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(5, dataset)
    small_batches(monkeypatch)
    job = start(dataset)
    assert run_job(job.pk, seconds=-1)
    assert (now(job).state, job.done, job.lease_until) == ("WAITING", 0, None)
    assert not run_job(job.pk, seconds=60)
    check_done_once(dataset)


def test_an_abandoned_job_is_taken_up_behind_its_last_batch(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(6, dataset)
    small_batches(monkeypatch)
    job = start(dataset)
    count, counted = running._count, []

    def die_in_the_second(*values: Any) -> None:
        counted.append(values)
        count(*values)
        if len(counted) == 2:
            raise MemoryError

    monkeypatch.setattr(running, "_count", die_in_the_second)
    with pytest.raises(MemoryError):
        run_job(job.pk)
    assert (now(job).state, job.done) == ("RUNNING", 2)
    assert ImageTag.objects.filter(tag__name="x").count() == 2
    assert find_waiting() == []
    run_job(job.pk)
    assert now(job).done == 2, "its lease has not run out"
    BulkJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert find_waiting() == [job.pk]
    run_job(job.pk)
    assert (now(job).state, job.changed, job.deaths) == ("DONE", 6, 0)
    check_done_once(dataset)


def test_a_job_that_ends_its_workers_is_stopped(dataset: Dataset) -> None:
    make_images(1, dataset)
    job = start(dataset)
    BulkJob.objects.update(state=BulkJob.State.RUNNING, deaths=2, lease_until=timezone.now() - timedelta(seconds=1))
    run_job(job.pk)
    assert now(job).state == BulkJob.State.FAILED
    assert "again and again" in job.error


def test_a_worker_that_lost_its_lease_writes_nothing_more(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(6, dataset)
    small_batches(monkeypatch)
    job = start(dataset)
    do_batch = running._do_batch

    def be_late(*values: Any) -> None:
        BulkJob.objects.update(attempts=99)
        do_batch(*values)

    monkeypatch.setattr(running, "_do_batch", be_late)
    assert not run_job(job.pk)
    assert not ImageTag.objects.filter(tag__name="x").exists()


def test_a_pattern_that_is_too_slow_stops_the_job(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    image = factories.make_image(dataset)
    apply(image, writing("a" * 40 + "!"))
    job = start(dataset, Action("caption", pattern=r"^(a|a)*$", replacement="b"))
    run_job(job.pk)
    assert now(job).state == BulkJob.State.FAILED
    assert "takes too long" in job.error


def test_an_undo_tells_what_stays(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(5, dataset)
    small_batches(monkeypatch)
    job = start(dataset)
    run_job(job.pk)
    touched = Image.objects.filter(dataset=dataset)[3]
    # It comes back to the very same place, and still it is somebody else's.
    apply(touched, removing("x"), adding("x"))
    assert now(job).change is not None
    back = start_undo(Change.objects.get(key=job.key), key=uuid.uuid4(), by=None)
    run_job(back.pk)
    assert (now(back).state, back.done, back.changed) == ("DONE", 5, 4)
    assert back.undone is not None
    assert (back.undone["images"], back.undone["reverted"], back.undone["left"]) == (4, 4, 1)
    assert [(kept["image_id"], kept["tag"]) for kept in back.undone["kept"]] == [(touched.pk, "x")]
    assert "x" in names_on(touched)


def test_nothing_to_take_back_is_said(dataset: Dataset) -> None:
    make_images(2, dataset)
    job = start(dataset)
    run_job(job.pk)
    change = Change.objects.get(key=job.key)
    for _ in range(2):
        back = start_undo(change, key=uuid.uuid4(), by=None)
        run_job(back.pk)
    assert now(back).state == BulkJob.State.FAILED
    assert "taken back already" in back.error


def test_pages_hear_where_it_stands(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    make_images(3, dataset)
    small_batches(monkeypatch)
    heard: list[Message] = []
    monkeypatch.setattr(telling, "publish", lambda group, message: heard.append(message))
    job = start(dataset)
    with django_capture_on_commit_callbacks(execute=True):
        run_job(job.pk)
    assert {type(message) for message in heard} == {BulkProgress}
    last = max(heard, key=lambda message: getattr(message, "done", 0))
    assert isinstance(last, BulkProgress)
    assert (last.job_id, last.kind, last.total, last.done, last.changed) == (job.pk, "add", 3, 3, 3)


def test_the_sweep_wakes_a_worker(dataset: Dataset, empty_line: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(2, dataset)
    job = start(dataset)
    sent: list[int] = []
    monkeypatch.setattr(tasks.run_bulk_job, "delay", lambda job_id: sent.append(job_id))
    assert tasks.requeue_bulk_jobs() == 1
    assert sent == [job.pk]
    tasks.run_bulk_job(job_id=job.pk)
    assert now(job).state == BulkJob.State.DONE
    assert tasks.requeue_bulk_jobs() == 0
    assert current_app.tasks["tagging.run_bulk_job"]


@pytest.mark.usefixtures("shared_database")
def test_of_two_workers_on_one_job_one_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_images(12)
    small_batches(monkeypatch)
    job = start(dataset)
    results = together(lambda _person: run_job(job.pk), people=4)
    assert results == [False] * 4
    assert (now(job).state, job.done, job.changed) == ("DONE", 12, 12)
    check_done_once(dataset)


@pytest.mark.usefixtures("shared_database")
def test_a_job_goes_on_while_people_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_images(20)
    small_batches(monkeypatch)
    job, images = start(dataset), list(Image.objects.filter(dataset=dataset))

    def work(person: int) -> None:
        if person == 0:
            run_job(job.pk)
        for image in images[:: person + 1] if person else []:
            apply(image, adding(f"by {person}"))

    assert together(work, people=3) == [None] * 3
    check_done_once(dataset)
    for image in images:
        assert {"a", "x", "by 1"} & set(names_on(image)) >= {"a", "x"}


@pytest.mark.usefixtures("shared_database")
def test_a_killed_worker_leaves_whole_batches_and_the_next_one_does_the_rest(tmp_path: Path) -> None:
    dataset = make_images(60)
    job = start(dataset)
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor != "sqlite":
        url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    env = {**os.environ, "ENV_FILE": "none", "DATA_DIR": str(tmp_path / "other"), "DATABASE_URL": url}
    env |= {"DJANGO_SETTINGS_MODULE": "tagger_project.settings", "REDIS_URL": ""}
    command = [sys.executable, "-m", "tests.tagging.bulk_process", str(job.pk)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, cwd=settings.BASE_DIR, text=True) as process:
        assert process.stdout is not None
        for _ in range(4):
            assert process.stdout.readline().strip()
        process.kill()
    done = now(job).done
    assert 15 <= done < 60, "it was killed in the middle"
    assert ImageTag.objects.filter(tag__name="x").count() == done
    BulkJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run_job(job.pk)
    assert (now(job).state, job.done, job.changed) == ("DONE", 60, 60)
    check_done_once(dataset)
