"""A backup holds all of it, is only ever added to, and comes back equal on either database."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tagger_project.env import BASE_DIR
from tagger_project.supervisor.children import tie_to
from tests.backup.installations import Installation

pytestmark = pytest.mark.flow


def pieces(backup: Path) -> dict[str, tuple[int, int]]:
    """The pieces of a backup: size, and when each was written."""
    found = [path for path in (backup / "pieces").rglob("*") if path.is_file()]
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in found}


def a_picture(backup: Path) -> Path:
    return min((backup / "pieces").rglob("*.jpg"))


def copied(backup: Path, target: Path) -> Path:
    shutil.copytree(backup, target)
    return target


def test_everything_comes_back_through_postgres_and_to_sqlite_again(
    on_sqlite: Installation, its_backup: Path, empty_postgres: str, tmp_path: Path
) -> None:
    before = on_sqlite.rows()
    there = Installation(tmp_path / "there", empty_postgres)
    there.must("restore", its_backup)
    assert there.rows() == before
    assert there.files() == on_sqlite.files()
    assert "everything is there and whole" in there.must("verify")
    with psycopg.connect(empty_postgres) as link:
        assert link.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'tagger_restoring'").fetchone() == (0,)
    # Numbers of rows that are gone are not given again: somebody's browser may still speak of them.
    new_user = "from django.contrib.auth.models import User; print(User.objects.create_user('new').pk)"
    gone = int(
        on_sqlite.run(
            "from django.db import connection; c = connection.cursor(); "
            "print(c.execute(\"select seq from sqlite_sequence where name='auth_user'\").fetchone()[0])"
        )
    )
    there.must("backup", tmp_path / "second")
    assert int(there.run(new_user)) == gone + 1

    back = Installation(tmp_path / "back")
    back.must("restore", tmp_path / "second")
    assert back.rows() == before
    assert back.files() == on_sqlite.files()
    assert int(back.run(new_user)) == gone + 1
    # A file whose bytes had come and that no worker had read is read there.
    read = "from datasets.models import ImportItem; from datasets.services import processing\n"
    waiting = back.run(
        read + "i = ImportItem.objects.get(name='waits.jpg'); processing.process_item(i.pk); "
        "i.refresh_from_db(); print(i.state)"
    )
    assert waiting.split() == ["READY"]
    assert (back.data_dir / "db.sqlite3").stat().st_mode & 0o777 == 0o600


def test_a_second_backup_adds_what_is_new_and_drops_what_is_gone(
    on_sqlite: Installation, its_backup: Path, tmp_path: Path
) -> None:
    here = on_sqlite.copy(tmp_path / "here")
    folder = copied(its_backup, tmp_path / "b")
    before = pieces(folder)
    here.run("from tests import factories; factories.make_dataset(name='Another')")
    here.must("backup", folder)
    after = pieces(folder)
    assert {name for name in before if name.endswith((".jpg", ".webp", ".part"))} <= set(after)
    again = {name for name in after if after[name] != before.get(name)}
    assert 0 < len(again) <= 2, "the table of datasets, and what is written with every start"
    assert "is whole" in here.must("verify_backup", folder)


@pytest.mark.parametrize("kills", [1, pytest.param(8, marks=pytest.mark.heavy)])
def test_a_backup_that_was_killed_leaves_the_one_before_valid_and_goes_on(
    on_sqlite: Installation, its_backup: Path, tmp_path: Path, kills: int
) -> None:
    here = on_sqlite.copy(tmp_path / "here")
    folder = copied(its_backup, tmp_path / "b")
    here.run("from tests import factories; factories.make_dataset(name='Another')")
    for number in range(kills):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "backup", str(folder)],
            cwd=BASE_DIR,
            env=here.env,
            preexec_fn=tie_to(os.getpid()),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.8 + 0.15 * number)
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()
        assert "is whole" in here.must("verify_backup", folder)
    (folder / "unfinished").touch()
    torn = a_picture(folder)
    torn.write_bytes(b"x" * torn.stat().st_size)
    assert torn.name in here.refused("verify_backup", folder)
    here.must("backup", folder)
    assert "is whole" in here.must("verify_backup", folder), "what a cut off attempt has left is read before it counts"


def test_a_damaged_backup_is_named_and_changes_nothing(
    on_sqlite: Installation, its_backup: Path, tmp_path: Path
) -> None:
    here = on_sqlite.copy(tmp_path / "here")
    here.run("from tests import factories; factories.make_dataset(name='Mine')")
    before, files = here.rows(), here.files()

    missing = copied(its_backup, tmp_path / "missing")
    a_picture(missing).unlink()
    flipped = copied(its_backup, tmp_path / "flipped")
    content = bytearray(a_picture(flipped).read_bytes())
    content[50] ^= 1
    a_picture(flipped).write_bytes(content)
    # The file that is here would do; the one that is damaged is wanted where it is not.
    original = next(here.data_dir.glob(f"blobs/originals/*/{a_picture(flipped).name}"))
    original.rename(tmp_path / "aside")
    rows = copied(its_backup, tmp_path / "rows")
    packed = max((rows / "pieces").rglob("*.gz"), key=lambda path: path.stat().st_size)
    packed.write_bytes(packed.read_bytes()[:-9])
    changed = copied(its_backup, tmp_path / "changed")
    manifest = json.loads((changed / "manifest.json").read_text())
    manifest["schema"].append(["datasets", "9999_from_the_future"])
    (changed / "manifest.json").write_text(json.dumps(manifest))

    for backup in (missing, flipped, rows, changed):
        assert "damaged" in (told := here.refused("restore", backup, "--replace")) or "missing" in told
        assert "Nothing was changed" in told
    (tmp_path / "aside").rename(original)
    assert (here.rows(), here.files()) == (before, files)
    assert not list(here.data_dir.glob("*restoring*"))


def test_restoring_asks_before_it_replaces_and_wants_the_program_stopped(
    on_sqlite: Installation, its_backup: Path, tmp_path: Path
) -> None:
    here = on_sqlite.copy(tmp_path / "here")
    before = here.rows()
    here.run("from tests import factories; factories.make_dataset(name='Mine')")
    assert "--replace" in here.refused("restore", its_backup)
    (here.data_dir / "run").mkdir(exist_ok=True)
    hold = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(here.data_dir / "run" / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert "in use by another start" in here.refused("restore", its_backup, "--replace")
        holder.communicate(b"\n")
    reader = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('begin'); "
        "c.execute('select * from auth_user').fetchone(); print(1, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", reader, str(here.data_dir / "db.sqlite3")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert "is in use" in here.refused("restore", its_backup, "--replace")
        holder.communicate(b"\n")
    here.must("restore", its_backup, "--replace")
    assert here.rows() == before


def test_folders_that_cannot_be_used_are_refused(on_sqlite: Installation, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("Dear")
    assert "is not empty" in on_sqlite.refused("backup", tmp_path / "full")
    for name in ("manifest.json", "lock"):
        (tmp_path / f"project with {name}" / "source").mkdir(parents=True)
        own = tmp_path / f"project with {name}" / name
        own.write_text("{}")
        assert "is not empty" in on_sqlite.refused("backup", own.parent)
        assert own.read_text() == "{}"
    assert "in each other" in on_sqlite.refused("backup", on_sqlite.data_dir / "b")
    assert "no whole backup" in on_sqlite.refused("restore", tmp_path / "full", "--replace")
    assert "cannot be used" in on_sqlite.refused("backup", tmp_path / "full" / "letter.txt")


def test_no_secret_is_in_a_backup(on_sqlite: Installation, its_backup: Path) -> None:
    import gzip

    secret = (on_sqlite.data_dir / "secret_key").read_bytes().strip()
    for path in its_backup.rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0 or path.name == "lock"
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            assert secret not in content
            assert b"correct horse" not in content
