"""What the environment says of a bucket, and what a start refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tagger_project.bucket import Bucket, BucketRefuses, bucket_settings
from tagger_project.env import BASE_DIR
from tests.compose_checks import schema
from tests.compose_file import PROJECT
from tests.program import clean_environment
from tests.s3_server import BUCKET, KEY, SECRET, S3Server

SETTINGS = {
    "S3_BUCKET": BUCKET,
    "S3_ENDPOINT": "https://s3.example:9000",
    "S3_ACCESS_KEY": KEY,
    "S3_SECRET_KEY": SECRET,
}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """A bucket."""
    server = S3Server().start()
    yield server
    server.stop()


def run(code: str, data_dir: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python with the program's settings in a new process."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=BASE_DIR,
        env=clean_environment(data_dir, {"DJANGO_SETTINGS_MODULE": "tagger_project.settings", **environ}),
        capture_output=True,
        text=True,
        check=False,
    )


LOADED = """
import sys, django; django.setup()
import tagger_project.asgi, tagger_project.celery, datasets.tasks, tagging.tasks, datasets.views.files
print([name for name in ("boto3", "botocore", "s3transfer") if name in sys.modules])
"""


def test_without_a_bucket_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    done = run(LOADED, tmp_path, {})
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"S3_ACCESS_KEY": ""}, "needs S3_ACCESS_KEY as well"),
        ({"S3_SECRET_KEY": "", "S3_ACCESS_KEY": ""}, "needs S3_ACCESS_KEY and S3_SECRET_KEY as well"),
        ({"S3_BUCKET": ""}, "S3_BUCKET is not. Name the bucket"),
        ({"S3_ENDPOINT": "s3.example:9000"}, "Write it like https://host:9000"),
        ({"S3_ENDPOINT": f"https://{KEY}:{SECRET}@s3.example"}, "without keys in it"),
        ({"S3_CACHE_BYTES": "-1"}, "Set it to 0 or more"),
    ],
)
def test_what_cannot_work_is_refused_without_showing_a_secret(
    tmp_path: Path, changed: dict[str, str], sentence: str
) -> None:
    done = run("import django; django.setup()", tmp_path, {**SETTINGS, **changed})
    assert done.returncode == 1
    assert sentence in done.stderr
    assert SECRET not in done.stderr


def test_without_the_extra_a_start_says_what_to_install(tmp_path: Path) -> None:
    hidden = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "boto3" else found(name, *more)
import django; django.setup()
"""
    done = run(hidden, tmp_path, SETTINGS)
    assert done.returncode == 1
    assert "Install the extra “s3”" in done.stderr


def test_the_settings_are_printed_without_the_keys() -> None:
    found = bucket_settings(
        name="a", endpoint="", region="r", access_key=KEY, secret_key=SECRET, prefix="/one/", cache_bytes=0
    )
    assert found is not None
    assert found.prefix == "one/"
    assert KEY not in repr(found)
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"secret_key": "wrong"}, "Mend S3_ACCESS_KEY and S3_SECRET_KEY"),
        ({"access_key": "wrong"}, "Mend S3_ACCESS_KEY and S3_SECRET_KEY"),
        ({"name": "elsewhere"}, "does not exist"),
    ],
)
def test_what_the_bucket_refuses_is_said(server: S3Server, changed: dict[str, str], sentence: str) -> None:
    given = {
        "name": BUCKET,
        "endpoint": server.endpoint,
        "region": "us-east-1",
        "access_key": KEY,
        "secret_key": SECRET,
    }
    wanted = bucket_settings(**{**given, **changed}, prefix="", cache_bytes=0)
    assert wanted is not None
    with pytest.raises(BucketRefuses, match=sentence) as refused:
        next(Bucket(wanted).listed(""), None)
    assert SECRET not in str(refused.value)


def test_a_start_refuses_a_wrong_key(tmp_path: Path, server: S3Server) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", "0"],
        cwd=BASE_DIR,
        env=clean_environment(tmp_path, {**server.environment, "S3_ACCESS_KEY": "no-such", "LOG_LEVEL": "DEBUG"}),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    told = done.stdout + done.stderr + "".join(path.read_text() for path in tmp_path.glob("logs/*"))
    assert done.returncode == 1
    assert "refuses the key (InvalidAccessKeyId). Mend S3_ACCESS_KEY and S3_SECRET_KEY" in done.stderr
    assert "Traceback" not in told
    assert SECRET not in told


def test_the_addition_to_the_compose_file_gives_a_way_out_to_what_needs_it() -> None:
    added = yaml.safe_load((PROJECT / "docker-compose.s3.yml").read_text(encoding="utf-8"))
    assert schema(added) == []
    assert {name: service["networks"] for name, service in added["services"].items()} == {
        name: ["outside"] for name in ("migrate", "web", "worker")
    }
