"""What deaths leave behind is removed, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from datasets import paths
from datasets.models import Dataset, ImportItem
from datasets.services.processing import process_item
from datasets.services.sweeping import remove_leftovers
from tests import images, uploading

pytestmark = pytest.mark.django_db

TWO_DAYS = 2 * 24 * 3600


def test_part_of_a_file_that_has_its_end_goes(dataset: Dataset, data_dir: Path) -> None:
    job = uploading.start(dataset)
    done = uploading.send(job, "done.jpg", images.encoded(seed=1))
    waiting = uploading.send(job, "waiting.jpg", images.encoded(seed=2))
    process_item(done.pk)
    left = paths.incoming_path(data_dir, done.pk)
    left.write_bytes(b"left by a death after the commit")
    assert remove_leftovers() == 1
    assert not left.exists()
    assert paths.incoming_path(data_dir, waiting.pk).exists()
    assert process_item(waiting.pk) == ImportItem.State.READY


def test_part_of_nothing_goes(data_dir: Path) -> None:
    orphan = paths.incoming_path(data_dir, 999)
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"x")
    assert remove_leftovers() == 1


def test_temporary_file_of_yesterday_goes_and_that_of_now_stays(data_dir: Path) -> None:
    folder = data_dir / "blobs" / "originals" / "ab"
    folder.mkdir(parents=True)
    old, new = folder / ".new-old", folder / ".new-now"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - TWO_DAYS,) * 2)
    assert remove_leftovers() == 1
    assert [path.name for path in folder.iterdir()] == [".new-now"]


def test_nothing_to_remove_is_no_error(data_dir: Path) -> None:
    assert remove_leftovers() == 0
