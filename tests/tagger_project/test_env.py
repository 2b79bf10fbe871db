"""Environment variables: their types, their defaults, and what an empty one means."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tagger_project.env import BASE_DIR, VARIABLES
from tests.program import clean_environment

READ = "import json, tagger_project.env as env; print(json.dumps({name: str(getattr(env, name)) for name in %r}))"


def read(names: list[str], data_dir: Path, **environ: str) -> dict[str, str]:
    """Return values as a new process sees them."""
    done = subprocess.run(
        [sys.executable, "-c", READ % names],
        cwd=BASE_DIR,
        env=clean_environment(data_dir, environ),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_each_variable_is_declared_once_and_has_its_reason() -> None:
    names = [variable.name for variable in VARIABLES]
    assert len(names) == len(set(names))
    for variable in VARIABLES:
        assert variable.why.endswith("."), variable.name


def test_defaults_hold_where_a_variable_is_unset_or_empty(tmp_path: Path) -> None:
    names = ["PORT", "HOST", "DEBUG", "WORKERS", "ALLOWED_HOSTS"]
    unset = read(names, tmp_path)
    assert unset == read(names, tmp_path, PORT="", HOST="", DEBUG="", WORKERS="", ALLOWED_HOSTS="")
    assert (unset["PORT"], unset["HOST"], unset["DEBUG"]) == ("8000", "127.0.0.1", "False")


def test_values_have_their_types(tmp_path: Path) -> None:
    found = read(["PORT", "ALLOWED_HOSTS", "BEHIND_TLS"], tmp_path, PORT="81", ALLOWED_HOSTS="a,b", BEHIND_TLS="true")
    assert found == {"PORT": "81", "ALLOWED_HOSTS": "['a', 'b']", "BEHIND_TLS": "True"}


@pytest.mark.parametrize(("given", "expected"), [("pictures", BASE_DIR / "pictures"), ("/srv/x", Path("/srv/x"))])
def test_the_data_folder_is_absolute(tmp_path: Path, given: str, expected: Path) -> None:
    assert read(["DATA_DIR"], tmp_path, DATA_DIR=given) == {"DATA_DIR": str(expected)}


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("PORT=8111\nHOST=127.0.0.2\n", encoding="utf-8")
    assert read(["PORT", "HOST"], tmp_path, ENV_FILE=str(file), PORT="8222") == {"PORT": "8222", "HOST": "127.0.0.2"}
