"""Exports at their last steps: a worker that dies there, and what is taken away under one that is at it."""

from __future__ import annotations

import errno
import logging
import os
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from datasets.models import Dataset
from tagger_project.full_disk import is_disk_full
from tagging import tasks
from tagging.models import ExportArchive, ExportJob
from tagging.services.exports import building, running
from tagging.services.exports.jobs import cancel_export
from tagging.services.exports.journal import Journal
from tagging.services.exports.keeping import delete_export, folder_of, remove_files, sweep_exports
from tagging.services.exports.pixels import OriginalMissing
from tagging.services.exports.running import run_export
from tagging.services.restoring import restore
from tests import factories
from tests.tagging.doing import adding, apply
from tests.tagging.exporting import export, paths_of, start
from tests.tagging.test_export_jobs import Died, abandon, make_pictures, now
from tests.tagging.versioning import lose_for_ever

pytestmark = pytest.mark.django_db

State = ExportJob.State


def die(*_values: Any, **_facts: Any) -> None:
    """A worker's end."""
    raise Died


def before(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, what: Callable[[], object]) -> None:
    """Let something happen once, right before a step."""
    step, left = getattr(owner, name), [what]

    def with_it(*values: Any, **facts: Any) -> Any:
        if left:
            left.pop()()
        return step(*values, **facts)

    monkeypatch.setattr(owner, name, with_it)


@pytest.mark.parametrize(("owner", "step"), [(running, "_finish"), (running, "_note_end"), (building, "BuiltArchive")])
def test_whoever_dies_behind_the_last_byte_the_archive_is_the_same(
    monkeypatch: pytest.MonkeyPatch, owner: Any, step: str
) -> None:
    dataset = make_pictures()
    whole, job = export(dataset), start(dataset)
    monkeypatch.setattr(owner, step, die)
    with pytest.raises(Died):
        run_export(job.pk)
    monkeypatch.undo()
    assert (now(job).state, job.archives.count()) == (State.RUNNING, 0)
    abandon(job)
    written: list[int] = []
    before(monkeypatch, Journal, "add", lambda: written.append(1))
    run_export(job.pk)
    assert (now(job).state, job.done) == (State.DONE, 6)
    assert written == [], "what is whole is not written again: there may be no room for it twice"
    assert paths_of(job)[0].read_bytes() == paths_of(whole)[0].read_bytes()
    assert sorted(path.name for path in folder_of(job).iterdir()) == ["lock", paths_of(job)[0].name]


def test_who_dies_once_it_is_offered_takes_nothing_away(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(make_pictures())
    monkeypatch.setattr(Path, "iterdir", die)
    with pytest.raises(Died):
        run_export(job.pk)
    monkeypatch.undo()
    assert now(job).state == State.DONE
    assert not run_export(job.pk)
    assert paths_of(job)[0].stat().st_size == job.archives.get().size


@pytest.mark.parametrize("pictures", [1, 6])
def test_what_is_cancelled_behind_its_last_picture_is_not_offered(
    monkeypatch: pytest.MonkeyPatch, pictures: int
) -> None:
    job = start(make_pictures(pictures))
    before(monkeypatch, building.Build, "_write_rest", lambda: cancel_export(job))
    assert not run_export(job.pk)
    assert (now(job).state, job.archives.count()) == (State.CANCELLED, 0)
    assert not folder_of(job).exists()


@pytest.mark.parametrize(
    ("owner", "step"),
    [(building.Build, "_write_rest"), (building, "BuiltArchive"), (running, "_take_back"), (running, "_finish")],
)
@pytest.mark.parametrize("what", ["export", "dataset"])
def test_what_is_deleted_under_its_worker_ends_without_an_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, owner: Any, step: str, what: str
) -> None:
    job = start(make_pictures())
    before(monkeypatch, owner, step, lambda: delete_export(job) if what == "export" else job.dataset.delete())
    with caplog.at_level(logging.WARNING):
        assert not run_export(job.pk)
    assert not ExportJob.objects.exists()
    assert not folder_of(job).exists()
    assert caplog.records == []


def test_an_export_that_is_deleted_while_it_is_taken_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(make_pictures(1))
    before(monkeypatch, ExportJob.objects, "select_related", lambda: delete_export(job))
    assert not run_export(job.pk)
    assert not folder_of(job).exists()


def test_who_lost_its_claim_leaves_its_successors_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow worker meets a picture that is gone, while another one has the export by now."""
    job = start(make_pictures())

    def be_overtaken(*_values: Any) -> None:
        ExportJob.objects.update(attempts=99)
        raise OriginalMissing("a.jpg", "gone")

    monkeypatch.setattr(building, "write_picture", be_overtaken)
    assert not run_export(job.pk)
    assert (now(job).state, job.error) == (State.RUNNING, "")
    assert (folder_of(job) / "1.part").exists()


def test_who_was_deleted_leaves_the_files_of_the_same_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that sends its question again, with its key, after somebody deleted the export."""
    dataset, key = make_pictures(), uuid.uuid4()
    job, again = start(dataset, key=key), []

    def delete_and_ask_again() -> None:
        version = job.version
        delete_export(job)
        again.append(start(dataset, key=key, version=version))
        run_export(again[0].pk)

    before(monkeypatch, building.Build, "_write_rest", delete_and_ask_again)
    assert not run_export(job.pk)
    monkeypatch.undo()
    assert now(again[0]).state == State.DONE
    assert paths_of(again[0])[0].exists()


def test_a_disk_that_fails_is_not_explained_away(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(make_pictures())
    before(monkeypatch, building.Build, "_write_rest", lambda: remove_files(job))
    with pytest.raises(FileNotFoundError):
        run_export(job.pk)
    abandon(job)
    run_export(job.pk)
    assert (now(job).state, ExportArchive.objects.count()) == (State.DONE, 1)


@pytest.mark.parametrize("remove", [delete_export, lambda _job: tasks.sweep_old_exports()])
def test_where_the_database_finds_no_room_the_files_go_first(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, remove: Callable[[ExportJob], object]
) -> None:
    """Else nobody could make any."""
    job = export(make_pictures())
    ExportJob.objects.update(expires_at=timezone.now() - timedelta(days=1))

    def refuse(*_values: Any, **_facts: Any) -> None:
        raise OperationalError from OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(type(ExportJob.objects.all()), "delete", refuse)
        full.setattr(type(ExportJob.objects.all()), "update", refuse)
        try:
            remove(job)
        except OperationalError as error:
            assert is_disk_full(error)  # noqa: PT017  (the middleware says it)
    assert not folder_of(job).exists()
    assert not any(record.exc_info for record in caplog.records)
    remove(job)
    assert not ExportJob.objects.filter(files_removed_at=None).exists()


@pytest.mark.parametrize("what", ["restored", "deleted for ever"])
def test_what_happens_to_the_dataset_meanwhile_changes_no_byte(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    dataset = make_pictures()
    job = start(dataset)
    apply(dataset.images.in_order()[1], adding("later"))
    pictures = list(dataset.images.in_order())
    whole = export(dataset, version=job.version)

    def change() -> None:
        if what == "restored":
            restore(job.version, by=None)
        else:
            lose_for_ever(dataset, *pictures)

    before(monkeypatch, building, "write_picture", change)
    assert not run_export(job.pk)
    assert now(job).state == State.DONE
    assert paths_of(job)[0].read_bytes() == paths_of(whole)[0].read_bytes()
    assert dataset.images.count() == (6 if what == "restored" else 0)


@pytest.mark.parametrize("state", State.values)
def test_the_sweep_knows_whose_files_are_needed(dataset: Dataset, state: str) -> None:
    factories.make_image(dataset)
    job = start(dataset)
    ExportJob.objects.update(state=state, expires_at=timezone.now() + timedelta(days=1))
    folder = folder_of(job)
    folder.mkdir(parents=True)
    (folder / "1.part").write_bytes(b"")
    for path in (folder / "1.part", folder):
        os.utime(path, (0, 0))
    is_needed = state in {State.WAITING, State.RUNNING, State.DONE}
    assert sweep_exports() == (0 if is_needed else 1)
    assert folder.exists() == is_needed
