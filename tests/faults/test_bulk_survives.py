"""A worker dies in the middle of an action on many images: every image is changed once, and one undo restores all."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.program import RunningProgram

pytestmark = [pytest.mark.fault, pytest.mark.heavy]

IMAGES = 60_000
# A dead worker's job is free again after its lease (30 s) and the next sweep (10 s).
SECONDS = 120

_SCRIPT = f"""
from django.db import connection
from datasets.models import Image
from tests import factories
dataset = factories.make_dataset()
image = factories.make_image(dataset, position=0)
columns = [field.column for field in Image._meta.local_concrete_fields if field.column != "id"]
new = {{"position": "n.v", "sha256": "'sha' || n.v"}}
chosen = ", ".join(new.get(name, "i." + name) for name in columns)
numbers = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < {IMAGES - 1})"
connection.cursor().execute(
    f"{{numbers}} INSERT INTO datasets_image ({{', '.join(columns)}}) SELECT {{chosen}} FROM n, datasets_image i"
)
"""


def writer(program: RunningProgram) -> httpx.Client:
    """A client that may write."""
    client = httpx.Client(base_url=program.url, timeout=60)
    client.get("/datasets/new/")
    client.headers.update({"X-CSRFToken": client.cookies["csrftoken"], "Referer": program.url})
    return client


def wait_until(client: httpx.Client, job: int, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until something holds of a job."""
    end = time.monotonic() + SECONDS
    while not holds(now := client.get(f"/api/v1/bulk-jobs/{job}").json()):
        assert time.monotonic() < end, now
        time.sleep(0.05)
    return dict(now)


def kill_workers(program: RunningProgram) -> None:
    """Kill Celery's processes."""
    for pid in program.children("\0worker\0"):
        os.kill(pid, signal.SIGKILL)


def count(program: RunningProgram, table: str) -> int:
    """Count the rows of a table."""
    with sqlite3.connect(program.data_dir / "db.sqlite3") as database:
        return int(database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def test_a_killed_worker_changes_every_image_once(tmp_path: Path) -> None:
    with RunningProgram(tmp_path / "data") as program:
        program.manage("shell", "-c", _SCRIPT)
        client = writer(program)
        key = {"key": str(uuid.uuid4())}
        body = {"target": {"filter": "-heron"}, "action": {"kind": "add", "tags": ["heron"]}, **key}
        answer = client.post("/api/v1/datasets/1/bulk", json=body)
        assert answer.status_code == 202
        job = answer.json()["job"]["id"]
        wait_until(client, job, lambda now: now["done"] > 0)
        kill_workers(program)
        assert wait_until(client, job, lambda now: True)["state"] == "RUNNING", "it was killed in the middle"
        now = wait_until(client, job, lambda now: now["state"] != "RUNNING" and now["state"] != "WAITING")
        assert (now["state"], now["changed"]) == ("DONE", IMAGES)
        assert (count(program, "tagging_imagetag"), count(program, "tagging_tagoperation")) == (IMAGES, IMAGES)
        assert count(program, "tagging_change") == 1
        back = client.post(f"/api/v1/changes/{now['change']}/undo-job", json={"key": str(uuid.uuid4())}).json()["id"]
        wait_until(client, back, lambda now: now["done"] > 0)
        kill_workers(program)
        now = wait_until(client, back, lambda now: now["state"] != "RUNNING" and now["state"] != "WAITING")
        assert (now["state"], now["undone"]["reverted"], now["undone"]["left"]) == ("DONE", IMAGES, 0)
        assert count(program, "tagging_imagetag") == 0
