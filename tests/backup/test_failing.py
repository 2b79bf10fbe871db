"""Restores that fail or are killed, disks that fill up: what was there before is there afterwards."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from django.apps import apps

from tagger_project.backup.rows import tables_of
from tagger_project.env import BASE_DIR
from tagger_project.supervisor.children import tie_to
from tests.backup.installations import Installation
from tests.disks import small_disk

MEGABYTE = 1024 * 1024


def test_every_table_is_loaded_after_those_that_it_refers_to() -> None:
    known: set[type] = set()
    for model in tables_of(apps):
        needed = {field.related_model for field in model._meta.local_fields if field.is_relation} - {model}
        assert needed <= known, model
        known.add(model)


@pytest.mark.flow
def test_postgres_is_not_restored_while_somebody_is_connected(
    its_backup: Path, empty_postgres: str, tmp_path: Path
) -> None:
    there = Installation(tmp_path / "there", empty_postgres)
    with psycopg.connect(empty_postgres):
        assert "1 other connections are open" in there.refused("restore", its_backup)


def test_a_database_that_is_away_is_said_in_a_sentence(its_backup: Path, tmp_path: Path) -> None:
    nowhere = Installation(tmp_path / "there", "postgres://tagger:planted@127.0.0.1:1/tagger")
    told = nowhere.refused("restore", its_backup) + nowhere.refused("backup", tmp_path / "b")
    assert told.count("Connection refused") == 2
    assert "Nothing was changed here" in told
    assert "planted" not in told


def test_a_restore_that_fails_at_its_very_end_does_not_say_that_nothing_has_changed(
    its_backup: Path, tmp_path: Path
) -> None:
    here = Installation(tmp_path / "here")
    told = here.run(
        "import errno; from pathlib import Path; from django.core.management import call_command; "
        "from django.core.management.base import CommandError; from tagger_project.backup import restoring\n"
        "class Mounted(type(Path())):\n"
        "    def replace(self, target):\n"
        "        raise OSError(errno.EBUSY, 'Device or resource busy')\n"
        "place = restoring.data_dir()\n"
        "def bring(*_, bring=restoring._bring_files):\n"
        "    written = bring(*_)\n"
        "    restoring.data_dir = lambda: Mounted(place)\n"
        "    return written\n"
        "restoring._bring_files = bring\n"
        f"try: call_command('restore', {str(its_backup)!r})\n"
        "except CommandError as error: print(error)"
    )
    assert "could not be put into" in told
    assert "Nothing was changed" not in told
    here.must("restore", its_backup, "--replace")


@pytest.mark.fault
def test_a_full_disk_is_said_and_leaves_the_last_whole_backup(on_sqlite: Installation, tmp_path: Path) -> None:
    here = on_sqlite.copy(tmp_path / "here")
    with small_disk(tmp_path / "disk", 24) as disk:
        folder = disk / "b"
        here.must("backup", folder)
        here.run(
            "from datasets.models import Image; from datasets.paths import *; from django.conf import settings; "
            f"import hashlib, os; content = os.urandom({20 * MEGABYTE}); name = hashlib.sha256(content).hexdigest(); "
            "image = Image.objects.first(); old = image.sha256; image.sha256 = name; image.save(); "
            "[p.parent.mkdir(parents=True, exist_ok=True) for p in [original_path(settings.DATA_DIR, name, 'JPEG')]]; "
            "original_path(settings.DATA_DIR, name, 'JPEG').write_bytes(content)"
        )
        told = here.refused("backup", folder)
        assert "is full" in told
        assert "is whole" in here.must("verify_backup", folder)
        assert "too small" in Installation(disk / "data").refused("restore", its_backup_of(tmp_path, here))


def its_backup_of(folder: Path, here: Installation) -> Path:
    """A backup where there is room; the rows that were changed lack their thumbnails, which is said."""
    here.manage("backup", folder / "large")
    return folder / "large"


def killed(here: Installation, *arguments: str | Path, after: float) -> None:
    """Start a command and kill it after some seconds."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=BASE_DIR,
        env=here.env,
        preexec_fn=tie_to(os.getpid()),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.heavy
@pytest.mark.fault
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_killed_restore_leaves_the_old_state_or_the_new_one(
    its_backup: Path, tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("empty_postgres") if database == "postgresql" else ""
    here = Installation(tmp_path / "here", url)
    begin = time.monotonic()
    here.must("restore", its_backup)
    seconds, new = time.monotonic() - begin, here.rows()
    change = "from tests import factories; factories.make_dataset(name='Mine')"
    here.run(change)
    old = here.rows()
    chance = random.Random(7)
    for _ in range(10):
        killed(here, "restore", its_backup, "--replace", after=chance.uniform(1.0, seconds))
        now = here.rows()
        assert now in (old, new)
        here.must("verify", "--grace", "3600")
        if now == new:
            here.run(change)
            old = here.rows()
    here.must("restore", its_backup, "--replace")
    assert here.rows() == new
    assert not list(here.data_dir.glob("*restoring*"))
