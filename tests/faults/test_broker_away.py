"""A broker that refuses, and one that takes connections and says nothing: whoever saves something hardly waits."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tagger_project.env import BASE_DIR
from tests.program import clean_environment
from tests.servers import free_port

pytestmark = pytest.mark.fault

# What a request does after its commit: once as the first that meets the outage, then as those right behind it.
SCRIPT = """
import json, time
import tagger_project.celery
import django
django.setup()
from datasets.jobs import start_freeing, start_processing, workers_answer
from datasets.messages import ImportTouched, import_group
from tagger_project.live import publish
from tagger_project.outage import outage

def seconds(*calls):
    begin = time.monotonic()
    for call in calls:
        call()
    return time.monotonic() - begin

wake, free = lambda: start_processing([1]), start_freeing
tell = lambda: publish(import_group(1), ImportTouched(import_id=1))
first = {}
for name, call in {"ask": workers_answer, "wake": wake, "tell": tell}.items():
    first[name] = seconds(call)
    if name != "tell":
        outage.note_answer()
print(json.dumps({"first": first, "behind": seconds(*[wake, free, tell] * 20)}))
"""


def waited(tmp_path: Path, port: int) -> tuple[dict[str, float], float, str]:
    """How long each kind of hint takes, how long sixty take behind it, and what was logged."""
    env = clean_environment(tmp_path, {"REDIS_URL": f"redis://127.0.0.1:{port}/0"})
    env["DJANGO_SETTINGS_MODULE"] = "tagger_project.settings"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=BASE_DIR, env=env, capture_output=True, text=True, timeout=100, check=True
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["first"], answer["behind"], done.stderr


def test_a_broker_that_refuses_holds_nobody_up(tmp_path: Path) -> None:
    first, behind, log = waited(tmp_path, free_port())
    assert max(first.values()) < 1.5, first
    assert behind < 0.5
    assert "Traceback" not in log


def test_a_broker_that_says_nothing_is_waited_for_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        first, behind, log = waited(tmp_path, int(silent.getsockname()[1]))
    assert max(first.values()) < 8, first
    assert behind < 0.5
    assert "Traceback" not in log
