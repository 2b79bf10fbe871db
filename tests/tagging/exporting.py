"""What tests of exports do again and again, through the program's own services."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datasets.models import Dataset
from tagging.models import ExportArchive, ExportJob
from tagging.services.exports.jobs import start_export
from tagging.services.exports.keeping import path_of
from tagging.services.exports.running import run_export
from tagging.trainers.options import ExportOptions


def options_of(profile: str = "plain", **facts: Any) -> ExportOptions:
    """Options as a person gives them."""
    return ExportOptions.from_json({"profile": profile, **facts})


def start(dataset: Dataset, profile: str = "plain", **facts: Any) -> ExportJob:
    """An export that waits for a worker; `key`, `version`, `images` and `by` are those of `start_export`."""
    own = {name: facts.pop(name) for name in ("key", "version", "images", "by") if name in facts}
    return start_export(dataset, options_of(profile, **facts), **{"key": uuid.uuid4(), "by": None, **own})


def export(dataset: Dataset, profile: str = "plain", **facts: Any) -> ExportJob:
    """An export that was made, as a worker makes it."""
    job = start(dataset, profile, **facts)
    run_export(job.pk)
    job.refresh_from_db()
    assert job.state == ExportJob.State.DONE, job.error
    return job


def paths_of(job: ExportJob) -> list[Path]:
    """Where its archives lie."""
    return [path_of(archive) for archive in ExportArchive.objects.filter(job=job).select_related("job")]


@contextmanager
def opened(job: ExportJob, number: int = 1) -> Iterator[zipfile.ZipFile]:
    """One of its archives."""
    with zipfile.ZipFile(io.BytesIO(paths_of(job)[number - 1].read_bytes())) as archive:
        assert archive.testzip() is None
        yield archive


def files_of(job: ExportJob, number: int = 1) -> dict[str, bytes]:
    """What lies in an archive, in its order, without the manifest."""
    with opened(job, number) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}


def manifest_of(job: ExportJob, number: int = 1) -> dict[str, Any]:
    """What an archive says of itself."""
    with opened(job, number) as archive:
        found: dict[str, Any] = json.loads(archive.read("manifest.json"))
        return found
