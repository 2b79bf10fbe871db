"""Numbers for Prometheus: off unless asked for, never through a proxy, right across processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.test import Client
from django.urls import resolve

from tagger_project import database_pool
from tagger_project.env import BASE_DIR
from tests.program import clean_environment

# Two processes that ended, one after the other, and a third that asks.
_ASK = """
from django.test import Client
for _ in range({times}):
    Client().get("/healthz", headers={{"host": "localhost"}})
print(Client().get("/metrics", headers={{"host": "web:8000"}}).content.decode())
"""


def ask(data_dir: Path, folder: Path, times: int) -> str:
    environment = clean_environment(data_dir, {"METRICS": "true", "TMPDIR": str(folder), "LOG_LEVEL": "ERROR"})
    command = [sys.executable, "manage.py", "shell", "--verbosity=0", "-c", _ASK.format(times=times)]
    return subprocess.run(command, cwd=BASE_DIR, env=environment, check=True, capture_output=True, text=True).stdout


def test_there_are_no_numbers_unless_asked_for(client: Client) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics/state").status_code == 404
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ


def test_what_several_processes_counted_is_one_sum(tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    (tmp_path / "data" / "static").mkdir(parents=True)
    ask(tmp_path / "data", folder, 2)
    told = ask(tmp_path / "data", folder, 3)
    assert 'tagger_requests_total{code="200",method="GET",route="healthz"} 5.0' in told
    [kept] = folder.glob("tagger-metrics-*")
    assert kept.stat().st_mode & 0o777 == 0o700, "nobody else reads them"


@pytest.mark.django_db
def test_the_state_names_every_state_also_of_nothing() -> None:
    from tagger_project.watching.metrics import written
    from tagger_project.watching.state_metrics import families

    told = written(families()).decode()
    for line in (
        'tagger_import_files{state="received"} 0.0',
        'tagger_export_jobs{state="waiting"} 0.0',
        'tagger_bulk_jobs{state="running"} 0.0',
        "tagger_imports_unfinished 0.0",
        # There is no broker beside this test.
        'tagger_answers{part="broker"} 0.0',
        'tagger_answers{part="database"} 1.0',
    ):
        assert line in told
    assert 'tagger_import_files{state="ready"}' not in told, "files that are done are not counted, so they are not 0"


def test_every_address_counts_under_a_name() -> None:
    from tagger_project.watching.metrics import route_of

    assert route_of(resolve("/")) == "/"
    assert route_of(resolve("/datasets/7/")) == "datasets/<int:dataset_id>/"
    assert route_of(None) == "none"


def test_every_number_is_told_by_the_documents_and_every_one_they_name_is_there() -> None:
    watching = BASE_DIR / "tagger_project" / "watching"
    made = {
        name
        for file in ("metrics.py", "state_metrics.py")
        for name in re.findall(r'"(tagger_[a-z_]+)"', (watching / file).read_text(encoding="utf-8"))
    }
    assert {"tagger_requests", "tagger_queue_messages"} <= made
    page = (BASE_DIR / "docs" / "deployment.md").read_text(encoding="utf-8")
    named = {name.removesuffix("_total") for name in re.findall(r"`(tagger_[a-z_]+)[`{]", page)}
    assert named in (made, set()), "docs/deployment.md names all of them, or leaves them out"


def test_prometheus_waits_until_it_can_be_told_that_the_database_is_away() -> None:
    settings = yaml.safe_load((BASE_DIR / "deploy" / "prometheus.yml").read_text(encoding="utf-8"))
    [state] = [job for job in settings["scrape_configs"] if job["job_name"] == "state"]
    timeout, interval = (int(state.get(name, "10s")[:-1]) for name in ("scrape_timeout", "scrape_interval"))
    # The broker, which is asked twice, has two seconds to connect and two to answer.
    assert int(database_pool._POOL["timeout"]) + 2 * 2 < timeout < interval
