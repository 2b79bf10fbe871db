"""With a bucket, too, whatever is killed: no row without its files, in the bucket as well as here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger_project.env import BASE_DIR
from tagger_project.supervisor.children import tie_to
from tests.backup.installations import FILL, Installation
from tests.s3_server import S3Server
from tests.servers import find_postgres, postgres_server, skip_without

pytestmark = pytest.mark.fault

SEND = """
from tests import factories, images, uploading
job = uploading.start(factories.make_dataset())
for seed in (1, 2):
    uploading.send(job, f"{seed}.jpg", images.encoded(seed=seed, width=64, height=64))
"""
WORK = """
from datasets.models import Image, ImportItem
from datasets.services import processing
processing.release_claims_of_the_dead()
processing.process_waiting(most_seconds=20)
"""
FREE = """
from datetime import timedelta
from datasets.services.blobs import free_unneeded_blobs
free_unneeded_blobs(older_than=timedelta(0))
"""
DELETE_ALL = "from datasets.models import Dataset; Dataset.objects.all().delete()"
STATE = """
import json
from datasets.models import Image, ImportItem
from datasets.services.verifying import Verification
print(json.dumps([
    Image.everything.count(),
    sorted(ImportItem.objects.values_list("state", flat=True)),
    [finding.kind for finding in Verification().findings()],
]))
"""


@pytest.fixture
def s3() -> Iterator[S3Server]:
    """An empty bucket."""
    server = S3Server().start()
    yield server
    server.stop()


@pytest.fixture
def here(tmp_path: Path, s3: S3Server) -> Installation:
    """An installation that keeps its pictures there."""
    installation = Installation(tmp_path / "data", extra=s3.environment)
    installation.must("migrate", "--verbosity=0")
    return installation


def killed_at(here: Installation, s3: S3Server, code: str, *, method: str, after: int) -> None:
    """Run a piece of the program and kill it when the bucket is asked for the next one after so many."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--verbosity=0", "-c", code],
        cwd=BASE_DIR,
        env=here.env,
        preexec_fn=tie_to(os.getpid()),
        start_new_session=True,
    )
    asked = 0

    def look(asked_method: str, key: str) -> None:
        nonlocal asked
        if asked_method == method and "/blobs/" in key:
            asked += 1
            if asked > after:
                os.killpg(process.pid, signal.SIGKILL)
                raise ConnectionError

    s3.before = look
    assert process.wait(timeout=60) == -signal.SIGKILL
    s3.before = lambda method, key: None


@pytest.mark.parametrize("after", [2, *(pytest.param(number, marks=pytest.mark.heavy) for number in (0, 1, 4))])
def test_a_worker_killed_while_it_stores_leaves_no_row_without_files(
    here: Installation, s3: S3Server, after: int
) -> None:
    here.run(SEND)
    killed_at(here, s3, WORK, method="PUT", after=after)
    rows, _states, found = json.loads(here.run(STATE))
    assert (rows, found) == (after // 3, [])
    here.run(WORK)
    assert json.loads(here.run(STATE)) == [2, ["READY", "READY"], []]
    assert len(s3.names()) == 6


@pytest.mark.heavy
@pytest.mark.parametrize("after", [0, 1])
def test_a_freeing_that_is_killed_is_finished_by_the_next(here: Installation, s3: S3Server, after: int) -> None:
    here.run(SEND)
    here.run(WORK)
    here.run(DELETE_ALL)
    killed_at(here, s3, FREE, method="DELETE", after=after)
    assert s3.names()
    here.run(FREE)
    assert s3.names() == set()
    assert here.files() == {}


@pytest.mark.heavy
def test_a_backup_is_made_of_what_the_bucket_has_and_restored_into_another(
    here: Installation, s3: S3Server, tmp_path: Path
) -> None:
    here.run(FILL)
    before, rows = here.files(), here.rows()
    assert s3.names() == set(before)
    for name in before:
        (here.data_dir / name).unlink()
    here.must("backup", tmp_path / "b")
    assert here.files() == {}, "what a backup reads does not fill the disk"
    assert "is whole" in here.must("verify_backup", tmp_path / "b")
    s3.asked.clear()
    here.must("backup", tmp_path / "b")
    assert not any(method == "GET" and "/blobs/" in key for method, key in s3.asked), "nothing is fetched again"
    back = Installation(tmp_path / "back", extra={**s3.environment, "S3_PREFIX": "team/two"})
    back.must("restore", tmp_path / "b")
    assert (back.files(), back.rows()) == (before, rows)
    assert {key for key in s3.objects if "team/two/blobs/" in key} == {f"team/two/{name}" for name in before}
    assert "everything is there and whole" in back.must("verify", "--read-bucket")


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of this test's own; empty for SQLite in the data folder."""
    if request.param == "SQLite":
        yield ""
        return
    skip_without(found=find_postgres(), name="PostgreSQL", package="postgresql")
    with postgres_server() as url:
        yield url


@pytest.mark.heavy
def test_no_row_is_ever_without_files_while_all_happens_at_once(
    database_url: str, tmp_path: Path, s3: S3Server
) -> None:
    """Two import and delete the same pictures, one frees without any grace, one verifies: processes of their own."""
    here = Installation(tmp_path / "store", database_url, {**s3.environment, "LOG_LEVEL": "ERROR"})
    here.must("migrate", "--verbosity", "0")
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.datasets.race_process", role, "20"],
            cwd=BASE_DIR,
            env={**here.env, "SECRET_KEY": "x" * 50},
            stdout=subprocess.PIPE,
            text=True,
        )
        for role in ("import", "import", "free", "verify")
    ]
    outcomes = [json.loads(program.communicate(timeout=200)[0].splitlines()[-1]) for program in programs]
    assert [outcome["problems"] for outcome in outcomes] == [[], [], [], []], outcomes
