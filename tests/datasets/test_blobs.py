"""Files of pictures are freed when no row needs them, and never before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from datasets import paths
from datasets.models import Dataset, Image
from datasets.services.blobs import BlobGone, assert_stored, free_unneeded_blobs, lock_blob
from datasets.services.trash import empty_trash, move_to_trash
from datasets.tasks import free_blobs, purge_trash
from tagger_project.env import BASE_DIR
from tests import factories, images, uploading
from tests.program import clean_environment
from tests.servers import find_postgres, postgres_server, skip_without

NONE = timedelta(0)
SECONDS = 8


def bring(dataset: Dataset, seed: int = 1) -> Image:
    item = uploading.bring(uploading.start(dataset), "a.jpg", images.encoded(seed=seed, width=64, height=64))
    assert item.image is not None
    return item.image


def blobs_of(root: Path) -> set[str]:
    """The stored files, by folder."""
    return {path.relative_to(root / "blobs").parts[0] for path in (root / "blobs").rglob("*") if path.is_file()}


ALL = {"originals", "thumbnails", "previews"}


def test_files_stay_as_long_as_one_dataset_needs_them(data_dir: Path, dataset: Dataset) -> None:
    first, second = bring(dataset), bring(factories.make_dataset())
    assert first.sha256 == second.sha256
    first.delete()
    assert free_unneeded_blobs(older_than=NONE).pictures == 0
    assert blobs_of(data_dir) == ALL
    second.delete()
    freed = free_unneeded_blobs(older_than=NONE)
    assert freed.pictures == 1
    assert freed.bytes > first.byte_size
    assert blobs_of(data_dir) == set()


def test_the_trash_needs_its_files_until_it_is_emptied(data_dir: Path, dataset: Dataset) -> None:
    image = bring(dataset)
    move_to_trash(dataset, [image.pk], by=None)
    free_unneeded_blobs(older_than=NONE)
    assert blobs_of(data_dir) == ALL
    empty_trash(dataset, None, by=None)
    free_unneeded_blobs(older_than=NONE)
    assert blobs_of(data_dir) == set()


def test_a_deleted_dataset_leaves_nothing(data_dir: Path, dataset: Dataset) -> None:
    bring(dataset)
    dataset.delete()
    free_unneeded_blobs(older_than=NONE)
    assert blobs_of(data_dir) == set()


def test_young_files_stay_also_where_they_were_written_long_ago(data_dir: Path, dataset: Dataset) -> None:
    image = bring(dataset)
    image.delete()
    for path in (data_dir / "blobs").rglob("*.*"):
        os.utime(path, (0, 0))  # linked from a part file that was uploaded yesterday
    assert free_unneeded_blobs().pictures == 0
    assert blobs_of(data_dir) == ALL


def test_young_files_stay_where_the_clock_of_this_machine_is_hours_ahead(
    data_dir: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(dataset).delete()
    now, moment = timezone.now, time.time
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(hours=5))
    monkeypatch.setattr(time, "time", lambda: moment() + 5 * 3600)
    assert free_unneeded_blobs().pictures == 0
    assert blobs_of(data_dir) == ALL


def test_half_of_a_picture_is_freed_too_and_foreign_files_are_left_alone(data_dir: Path, dataset: Dataset) -> None:
    image = bring(dataset)
    image.delete()
    thumbnail = paths.thumbnail_path(data_dir, image.sha256)
    thumbnail.unlink()
    foreign = thumbnail.with_name("notes.txt")
    foreign.touch()
    assert free_unneeded_blobs(older_than=NONE).pictures == 1
    assert [path for path in (data_dir / "blobs").rglob("*") if path.is_file()] == [foreign]


def test_a_slice_says_where_to_go_on(data_dir: Path, dataset: Dataset) -> None:
    for seed in range(1, 6):
        bring(dataset, seed)
    Image.everything.all().delete()
    shard: int | None = 0
    slices = pictures = 0
    while shard is not None:
        freed = free_unneeded_blobs(older_than=NONE, first_shard=shard, seconds=0)
        slices, pictures, shard = slices + 1, pictures + freed.pictures, freed.next_shard
    assert pictures == 5
    assert slices > 5
    assert blobs_of(data_dir) == set()


def test_the_tasks_of_beat_run(dataset: Dataset, empty_line: None) -> None:
    assert purge_trash() == 0
    assert free_blobs() == 0


def test_what_was_freed_is_noticed_under_the_lock(data_dir: Path, dataset: Dataset) -> None:
    image = bring(dataset)
    with transaction.atomic():
        lock_blob(image.sha256)
        lock_blob("f" * 64)
        assert_stored(image.sha256, image.format)
        paths.preview_path(data_dir, image.sha256).unlink()
        with pytest.raises(BlobGone):
            assert_stored(image.sha256, image.format)


# --- At the same time -------------------------------------------------------------------------------------


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of this test's own; empty for SQLite in the data folder."""
    if request.param == "SQLite":
        yield ""
        return
    skip_without(found=find_postgres(), name="PostgreSQL", package="postgresql")
    with postgres_server() as url:
        yield url


@pytest.mark.fault
def test_no_row_is_ever_without_files_while_all_happens_at_once(database_url: str, tmp_path: Path) -> None:
    """Two import and delete the same pictures, one frees without any grace, one verifies: processes of their own."""
    folder = tmp_path / "store"
    folder.mkdir(mode=0o700)
    environment = clean_environment(
        folder, {"DATABASE_URL": database_url, "LOG_LEVEL": "ERROR", "SECRET_KEY": "x" * 50}
    )
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=BASE_DIR, env=environment, check=True
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.datasets.race_process", role, str(SECONDS)],
            cwd=BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for role in ("import", "import", "free", "verify")
    ]
    outcomes = [json.loads(program.communicate(timeout=60)[0].splitlines()[-1]) for program in programs]
    assert [outcome["problems"] for outcome in outcomes] == [[], [], [], []], outcomes
    assert all(outcome["rounds"] > 5 for outcome in outcomes), outcomes
