"""Django's own checks of a server for a team find nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tagger_project.env import BASE_DIR
from tests.program import clean_environment

TEAM = {"AUTH_MODE": "password", "BEHIND_TLS": "true", "ALLOWED_HOSTS": "tagger.example"}
# What is left out where names below the host belong to others: docs/security.md.
BELOW_THE_HOST = {"security.W005", "security.W021"}


def check(data_dir: Path, **more: str) -> subprocess.CompletedProcess[str]:
    data_dir.mkdir()
    env = clean_environment(data_dir, {**TEAM, **more})
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "DEBUG"]
    return subprocess.run(command, cwd=BASE_DIR, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.flow
def test_the_deployment_check_says_nothing(tmp_path: Path) -> None:
    done = check(tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


@pytest.mark.flow
def test_for_the_host_alone_it_names_what_is_left_out(tmp_path: Path) -> None:
    done = check(tmp_path / "data", HSTS="host")
    said = {word.strip("(): ?") for word in done.stderr.split() if "security.W" in word}
    assert said == BELOW_THE_HOST, done.stderr
