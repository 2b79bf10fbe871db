"""The snippets of docs/api.md work as they stand: against the running program, with a token, in password mode."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tagger_project.api.scopes import EXPLANATIONS
from tagger_project.env import BASE_DIR
from tests import images
from tests.program import RunningProgram

GUIDE = Path(BASE_DIR, "docs/api.md").read_text(encoding="utf-8")
_MAKE_ADA = """
from django.contrib.auth.models import User
User.objects.create_superuser("ada", password="correct horse battery")
"""


def snippets(language: str) -> str:
    """All blocks of a language, as one script."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.M | re.S))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProgram]:
    folder = tmp_path_factory.mktemp("api") / "data"
    with RunningProgram(folder, env={"AUTH_MODE": "password"}) as running:
        running.manage("shell", "--verbosity=0", "-c", _MAKE_ADA)
        yield running


@pytest.fixture(scope="module")
def token(program: RunningProgram) -> str:
    scopes = [word for scope in EXPLANATIONS for word in ("--scope", scope.value)]
    return program.manage("make_token", "my script", "--user", "ada", *scopes).stdout.strip()


def run(command: list[str], program: RunningProgram, token: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # More than a chunk, so that there are two to send.
    (folder / "cat.jpg").write_bytes(images.encoded(seed=7) + b"\0" * 4_500_000)
    environment = {**os.environ, "TAGGER": program.url, "TOKEN": token}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{program.logs()[-3000:]}"
    return done


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_shell_snippets_end_with_an_archive(program: RunningProgram, token: str, tmp_path: Path) -> None:
    run(["bash", "-euo", "pipefail", "-c", snippets("bash")], program, token, tmp_path)
    with zipfile.ZipFile(tmp_path / "cats.zip") as archive:
        assert archive.testzip() is None
        assert any(name.endswith(".txt") for name in archive.namelist())


def test_the_python_snippets_end_with_an_archive(program: RunningProgram, token: str, tmp_path: Path) -> None:
    (tmp_path / "guide.py").write_text(snippets("python"), encoding="utf-8")
    run([sys.executable, "guide.py"], program, token, tmp_path)
    archives = list(tmp_path.glob("*.zip"))
    assert len(archives) == 1
    with zipfile.ZipFile(archives[0]) as archive:
        assert any(name.endswith(".jpg") for name in archive.namelist())


def test_of_many_requests_with_one_key_one_is_done(program: RunningProgram, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "all-at-once"}

    def ask(_number: int) -> httpx.Response:
        return httpx.post(f"{program.url}/api/v1/datasets", json={"name": "Once"}, headers=headers, timeout=60)

    with ThreadPoolExecutor(8) as together:
        answers = list(together.map(ask, range(16)))
    done = {answer.text for answer in answers if answer.status_code == 201}
    assert len(done) == 1
    others = [answer.json()["type"] for answer in answers if answer.status_code != 201]
    assert set(others) <= {"urn:dataset-tagger:problem:still-working"}


def test_the_guide_tells_of_every_scope() -> None:
    assert re.findall(r"^\| `(\w+)` \|", GUIDE, re.M) == [scope.value for scope in EXPLANATIONS]
