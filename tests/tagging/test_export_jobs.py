"""Exports as jobs: once however often asked, by one worker at a time, whole or not at all whatever dies."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import uuid
import zipfile
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from datasets.models import Dataset
from datasets.paths import original_path
from tagger_project.live import Message
from tagging import tasks
from tagging.messages import ExportProgress
from tagging.models import DatasetVersion, ExportArchive, ExportJob
from tagging.queries import versions
from tagging.services.exports import building, jobs, running, summing, telling
from tagging.services.exports.errors import KeyTaken
from tagging.services.exports.jobs import cancel_export
from tagging.services.exports.journal import Journal
from tagging.services.exports.keeping import delete_export, folder_of, sweep_exports
from tagging.services.exports.running import find_waiting_exports, run_export
from tagging.services.versions import VersionInUse, delete_version
from tagging.trainers.templates import Template
from tests import factories, images
from tests.disks import files_end_at
from tests.tagging.doing import adding, apply, bring_in, picture_of, together
from tests.tagging.exporting import export, files_of, paths_of, start

pytestmark = pytest.mark.django_db

State = ExportJob.State


def make_pictures(count: int = 6) -> Dataset:
    """A dataset of real pictures, the first with a tag."""
    dataset = factories.make_dataset(name="Ohwx", file_prefix="ohwx", trigger_word="ohwx")
    items = bring_in(dataset, [(f"{n}.jpg", images.encoded(seed=n, width=64, height=64)) for n in range(count)])
    apply(picture_of(items[0]), adding("a"))
    return dataset


def now(job: ExportJob) -> ExportJob:
    job.refresh_from_db()
    return job


def abandon(job: ExportJob) -> None:
    """Let its worker's lease run out."""
    ExportJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


class Died(BaseException):
    """A worker's end, in the middle of whatever it does."""


@pytest.fixture
def die_at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the worker die behind a picture; everything before is on the disk."""
    add = Journal.add
    monkeypatch.setattr(building, "_SECONDS_A_MARK", 0.0)

    def at(number: int) -> None:
        def add_and_die(journal: Journal, written: Any) -> None:
            add(journal, written)
            if written.number == number:
                raise Died

        monkeypatch.setattr(Journal, "add", add_and_die)

    return at


def test_asked_twice_it_counts_once() -> None:
    dataset, key = make_pictures(2), uuid.uuid4()
    first, second = start(dataset, key=key), start(dataset, key=key)
    assert first == second
    run_export(first.pk)
    assert start(dataset, key=key).state == State.DONE
    assert ExportJob.objects.count() == 1
    with pytest.raises(KeyTaken):
        start(make_other(), key=key)


def make_other() -> Dataset:
    other = factories.make_dataset()
    factories.make_image(other)
    return other


def test_what_is_exported_is_fixed_when_it_starts() -> None:
    dataset = make_pictures(2)
    job = start(dataset)
    apply(dataset.images.in_order()[1], adding("later"))
    run_export(job.pk)
    assert files_of(now(job))["ohwx/ohwx-0002.txt"] == b"ohwx"


def test_it_is_kept_for_its_days_and_known_for_ever(settings: Any) -> None:
    settings.EXPORT_DAYS = 3
    job = export(make_pictures(2))
    assert job.expires_at is not None
    assert timedelta(days=2.9) < job.expires_at - timezone.now() < timedelta(days=3.1)
    assert sorted(path.name for path in folder_of(job).iterdir()) == ["lock", "ohwx-plain-v1.zip"]
    assert sweep_exports() == 0
    ExportJob.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert sweep_exports() == 1
    assert not folder_of(job).exists()
    assert (now(job).state, job.is_offered, job.archives.count()) == (State.DONE, False, 1)
    assert sweep_exports() == 0


# --- slices -----------------------------------------------------------------------------------------------------------


def test_a_long_export_is_handed_on_and_becomes_the_same() -> None:
    dataset = make_pictures()
    whole = export(dataset)
    job = start(dataset)
    turns = 1
    while run_export(job.pk, seconds=-1 if turns < 3 else 60):
        assert (now(job).state, job.lease_until) == (State.WAITING, None)
        turns += 1
    assert turns == 3
    assert paths_of(now(job))[0].read_bytes() == paths_of(whole)[0].read_bytes()


def test_each_slice_goes_on_behind_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_pictures()
    whole, job = export(dataset), start(dataset)
    written: list[int] = []
    add = Journal.add
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    for module in (building, running):
        monkeypatch.setattr(module, "time", clock)

    def take_five_seconds(journal: Journal, each: Any) -> None:
        written.append(each.number)
        add(journal, each)
        clock.now += 5

    monkeypatch.setattr(Journal, "add", take_five_seconds)
    turns = 1
    while run_export(job.pk, seconds=12):
        turns += 1
    assert turns == 2
    assert written == [1, 2, 3, 4, 5, 6]
    assert paths_of(now(job))[0].read_bytes() == paths_of(whole)[0].read_bytes()
    assert job.archives.get().sha256 == whole.archives.get().sha256


def test_the_version_is_read_once_and_each_text_composed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(make_pictures(), "huggingface")
    read, composed = [], []
    read_part, compose = versions.read_part, Template.compose

    def note_read(*values: Any) -> Any:
        read.append(values)
        return read_part(*values)

    def note_composed(*values: Any) -> str:
        composed.append(values)
        return compose(*values)

    monkeypatch.setattr(versions, "read_part", note_read)
    monkeypatch.setattr(Template, "compose", note_composed)
    run_export(job.pk)
    assert now(job).state == State.DONE
    assert len(read) == 2, "once more before it begins, for the room that it takes"
    assert len(composed) == 6


# --- what dies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3, 6])
def test_an_abandoned_export_is_taken_up_and_becomes_the_same(
    die_at: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(summing, "_LEAST_BYTES", 1)
    monkeypatch.setattr(summing, "_count_cores", lambda: 2)
    dataset = make_pictures()
    whole, job = export(dataset), start(dataset)
    die_at(number)
    with pytest.raises(Died):
        run_export(job.pk)
    assert now(job).state == State.RUNNING
    assert find_waiting_exports() == []
    assert not run_export(job.pk), "its lease has not run out"
    abandon(job)
    assert find_waiting_exports() == [job.pk]
    die_at(99)
    run_export(job.pk)
    assert (now(job).state, job.done) == (State.DONE, 6)
    assert paths_of(job)[0].read_bytes() == paths_of(whole)[0].read_bytes()
    assert job.archives.get().sha256 == whole.archives.get().sha256


@pytest.mark.parametrize("end", ["dies", "is cancelled", "is handed on", "is done", "finds a picture damaged"])
def test_whatever_ends_a_worker_ends_its_summing_up(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setattr(summing, "_LEAST_BYTES", 1)
    monkeypatch.setattr(summing, "_count_cores", lambda: 2)
    monkeypatch.setattr(building, "_SECONDS_A_PULSE", 0.0)
    job = start(make_pictures())
    begun: list[str] = []
    add = Journal.add

    def note(journal: Journal, written: Any) -> None:
        begun.extend(thread.name for thread in threading.enumerate() if thread.name.startswith("sums"))
        add(journal, written)
        if written.number == 3 and end == "is cancelled":
            cancel_export(job)
        if written.number == 3 and end == "finds a picture damaged":
            image = job.dataset.images.in_order()[4]
            path = original_path(settings.DATA_DIR, image.sha256, image.format)
            path.write_bytes(bytes(path.stat().st_size))
        if written.number == 3 and end == "dies":
            raise Died

    monkeypatch.setattr(Journal, "add", note)
    with suppress(Died):
        run_export(job.pk, seconds=-1 if end == "is handed on" else 60)
    states = {"dies": State.RUNNING, "is handed on": State.WAITING, "is cancelled": State.CANCELLED}
    assert now(job).state == states.get(end, State.DONE if end == "is done" else State.FAILED)
    assert begun or end == "is handed on"
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("sums")] == []


@pytest.mark.parametrize(
    "harm",
    ["shorter", "garbage", "no archive", "no journal", "of an earlier edition", "empty note", "half a note", "nothing"],
)
def test_whatever_a_death_left_behind_the_archive_is_whole(die_at: Any, harm: str) -> None:
    dataset = make_pictures()
    whole, job = export(dataset), start(dataset)
    die_at(4)
    with pytest.raises(Died):
        run_export(job.pk)
    part, journal = folder_of(job) / "1.part", folder_of(job) / "1.journal"
    if harm == "shorter":
        part.write_bytes(part.read_bytes()[:1000])
    elif harm == "garbage":
        part.write_bytes(part.read_bytes() + b"PK garbage" * 50_000)
        journal.write_bytes(journal.read_bytes() + b'[5,99,["x"')
    elif harm == "no archive":
        part.unlink()
    elif harm == "no journal":
        journal.unlink()
    elif harm in {"empty note", "half a note"}:
        part.with_suffix(".whole").write_bytes(b"" if harm == "empty note" else b"6 ")
    elif harm == "of an earlier edition":
        entry = ["ohwx/ohwx-0001.png", 1000, 99, "a" * 64, 0]
        journal.write_bytes(json.dumps([1, 1060, entry, None]).encode() + b"\non disk\n")
    abandon(job)
    die_at(99)
    run_export(job.pk)
    assert paths_of(now(job))[0].read_bytes() == paths_of(whole)[0].read_bytes()


def test_an_export_that_ends_its_workers_is_stopped(die_at: Any) -> None:
    job = start(make_pictures())
    die_at(1)
    for _ in range(3):
        with pytest.raises(Died):
            run_export(job.pk)
        abandon(job)
    run_export(job.pk)
    assert now(job).state == State.FAILED
    assert "again and again" in job.error
    assert not folder_of(job).exists()


def test_a_slow_worker_is_not_overtaken_while_it_lives() -> None:
    job = start(make_pictures(2))
    folder_of(job).mkdir(parents=True)
    with (folder_of(job) / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not run_export(job.pk)
        assert now(job).state == State.WAITING
    run_export(job.pk)
    assert now(job).state == State.DONE


def test_a_worker_that_lost_its_claim_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(make_pictures(2))
    write_rest = building.Build._write_rest

    def be_late(self: Any, *values: Any) -> None:
        write_rest(self, *values)
        ExportJob.objects.update(attempts=99)

    monkeypatch.setattr(building.Build, "_write_rest", be_late)
    assert not run_export(job.pk)
    assert ExportArchive.objects.count() == 0
    monkeypatch.undo()
    abandon(job)
    run_export(job.pk)
    assert now(job).state == State.DONE


@pytest.mark.usefixtures("shared_database")
def test_of_many_workers_on_one_export_one_does_it() -> None:
    dataset = make_pictures()
    whole, job = export(dataset), start(dataset)
    assert together(lambda _person: run_export(job.pk), people=4) == [False] * 4
    assert now(job).state == State.DONE
    assert paths_of(job)[0].read_bytes() == paths_of(whole)[0].read_bytes()


@pytest.mark.usefixtures("shared_database")
def test_two_workers_write_equal_archives() -> None:
    dataset = make_pictures()
    both = [start(dataset, "kohya"), start(dataset, "kohya")]
    assert together(lambda person: run_export(both[person].pk), people=2) == [False, False]
    sums = {hashlib.sha256(paths_of(now(job))[0].read_bytes()).hexdigest() for job in both}
    assert sums == {archive.sha256 for archive in ExportArchive.objects.all()}
    assert len(sums) == 1


@pytest.mark.usefixtures("shared_database")
def test_a_killed_worker_leaves_nothing_that_is_offered_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = make_pictures(40)
    whole, job = export(dataset), start(dataset)
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor != "sqlite":
        url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    env = {**os.environ, "ENV_FILE": "none", "DATA_DIR": str(settings.DATA_DIR), "DATABASE_URL": url}
    env |= {"DJANGO_SETTINGS_MODULE": "tagger_project.settings", "REDIS_URL": ""}
    command = [sys.executable, "-m", "tests.tagging.export_process", str(job.pk)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, cwd=settings.BASE_DIR, text=True) as process:
        assert process.stdout is not None
        for _ in range(15):
            assert process.stdout.readline().strip()
        process.kill()
    assert now(job).state == State.RUNNING
    assert job.archives.count() == 0
    written: list[int] = []
    add = Journal.add

    def note(journal: Journal, each: Any) -> None:
        written.append(each.number)
        add(journal, each)

    monkeypatch.setattr(Journal, "add", note)
    abandon(job)
    run_export(job.pk)
    assert now(job).state == State.DONE
    assert 14 <= written[0] <= 20, "it goes on where the other one was"
    assert paths_of(job)[0].read_bytes() == paths_of(whole)[0].read_bytes()
    with zipfile.ZipFile(paths_of(job)[0]) as archive:
        assert archive.testzip() is None


# --- who stops it -----------------------------------------------------------------------------------------------------


def test_a_waiting_export_is_cancelled_at_once() -> None:
    job = start(make_pictures(1))
    cancel_export(job)
    run_export(job.pk)
    assert (now(job).state, job.archives.count()) == (State.CANCELLED, 0)


def test_a_cancelled_export_stops_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(make_pictures())
    monkeypatch.setattr(building, "_SECONDS_A_PULSE", 0.0)
    add = Journal.add

    def add_and_cancel(journal: Journal, written: Any) -> None:
        add(journal, written)
        if written.number == 2:
            cancel_export(job)

    monkeypatch.setattr(Journal, "add", add_and_cancel)
    assert not run_export(job.pk)
    assert (now(job).state, job.done, job.error) == (State.CANCELLED, 2, "")
    assert not folder_of(job).exists()
    cancel_export(job)
    assert now(job).state == State.CANCELLED


def test_a_done_export_is_not_cancelled() -> None:
    job = export(make_pictures(1))
    cancel_export(job)
    assert now(job).state == State.DONE
    assert paths_of(job)[0].exists()


@pytest.mark.parametrize("what", ["export", "dataset"])
def test_what_is_deleted_while_it_is_written_leaves_nothing(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    job = start(make_pictures())
    monkeypatch.setattr(building, "_SECONDS_A_PULSE", 0.0)
    add = Journal.add

    def add_and_delete(journal: Journal, written: Any) -> None:
        add(journal, written)
        if written.number == 2:
            delete_export(job) if what == "export" else job.dataset.delete()

    monkeypatch.setattr(Journal, "add", add_and_delete)
    assert not run_export(job.pk)
    assert not ExportJob.objects.exists()
    assert not folder_of(job).exists()


def test_a_dataset_goes_with_its_versions_and_exports() -> None:
    job = export(make_pictures(2))
    folder = folder_of(job)
    job.dataset.delete()
    assert not DatasetVersion.objects.exists()
    assert sweep_exports() == 0, "somebody may be at it"
    before = (timezone.now() - timedelta(hours=2)).timestamp()
    for path in (*folder.iterdir(), folder):
        os.utime(path, (before, before))
    (folder.parent / "not an export").mkdir()
    assert sweep_exports() == 1
    assert [path.name for path in folder.parent.iterdir()] == ["not an export"]


def test_a_version_that_something_was_exported_from_is_not_deleted() -> None:
    job = export(make_pictures(2))
    with pytest.raises(VersionInUse):
        delete_version(job.version, by=None)
    delete_export(job)
    assert not folder_of(job).exists()
    delete_version(job.version, by=None)
    assert not DatasetVersion.objects.exists()


# --- no room ----------------------------------------------------------------------------------------------------------


def test_what_could_not_be_written_is_written_later() -> None:
    dataset = make_pictures()
    job = start(dataset)
    # What the kernel refuses here is another error than a full disk's, and no worker explains it away.
    with files_end_at(8_000), pytest.raises(OSError, match="File too large"):
        run_export(job.pk)
    abandon(job)
    run_export(job.pk)
    assert now(job).state == State.DONE


@pytest.mark.parametrize("free", [0, 16 * 1024 * 1024 + 1000])
def test_an_export_that_cannot_fit_is_refused_before_it_is_begun(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    job = start(make_pictures())
    usage = shutil.disk_usage
    monkeypatch.setattr("datasets.files.shutil.disk_usage", lambda path: usage(path)._replace(free=free))
    assert not run_export(job.pk)
    assert now(job).state == State.FAILED
    assert job.error.startswith("The server’s disk is full: this export takes about ")
    assert not folder_of(job).exists()


def test_a_disk_that_fills_up_meanwhile_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(make_pictures())
    monkeypatch.setattr(building, "_SECONDS_A_PULSE", 0.0)
    add = Journal.add
    usage = shutil.disk_usage

    def add_and_fill(journal: Journal, written: Any) -> None:
        add(journal, written)
        if written.number == 3:
            monkeypatch.setattr("datasets.files.shutil.disk_usage", lambda path: usage(path)._replace(free=100))

    monkeypatch.setattr(Journal, "add", add_and_fill)
    assert not run_export(job.pk)
    assert (now(job).state, job.done) == (State.FAILED, 3)
    assert "Make room" in job.error
    assert not folder_of(job).exists()


# --- messages ---------------------------------------------------------------------------------------------------------


def test_pages_hear_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Message] = []
    monkeypatch.setattr(telling, "publish", lambda group, message: heard.append(message))
    monkeypatch.setattr(building, "_SECONDS_A_PULSE", 0.0)
    job = export(make_pictures(3), "kohya")
    assert {type(message) for message in heard} == {ExportProgress}
    told = [(message.state, message.done) for message in heard if isinstance(message, ExportProgress)]
    assert told[0] == ("WAITING", 0)
    assert ("RUNNING", 2) in told
    assert told[-1] == ("DONE", 3)
    assert all(getattr(message, "job_id", 0) == job.pk for message in heard)


def test_the_sweep_wakes_a_worker(empty_line: None, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(make_pictures(2))
    sent: list[int] = []
    monkeypatch.setattr(tasks.write_export, "delay", lambda job_id: sent.append(job_id))
    assert tasks.requeue_exports() == 1
    assert sent == [job.pk]
    tasks.write_export(job_id=job.pk)
    assert now(job).state == State.DONE
    assert tasks.requeue_exports() == 0


def test_options_of_an_earlier_program_are_said_to_be_so() -> None:
    job = start(make_pictures(1))
    ExportJob.objects.update(options={"profile": "gone"})
    run_export(job.pk)
    assert now(job).state == State.FAILED
    assert job.error == "This export was asked for in a way that the program does not know any more. Start a new one."


def test_the_same_asked_for_at_one_moment_is_one_export(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, key = make_pictures(1), uuid.uuid4()
    first, find, asked = start(dataset, key=key), jobs._find, []

    def miss_once(*values: Any) -> ExportJob | None:
        asked.append(values)
        return None if len(asked) == 1 else find(*values)

    monkeypatch.setattr(jobs, "_find", miss_once)
    assert start(dataset, key=key) == first
