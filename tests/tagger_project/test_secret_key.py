"""The key that signs cookies: made once, private, the same for all."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tagger_project.secret_key import load_or_make_secret_key


def test_it_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "new" / "data"
    key = load_or_make_secret_key(data_dir)
    assert len(key) >= 50
    assert load_or_make_secret_key(data_dir) == key
    assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert [path.name for path in data_dir.iterdir()] == ["secret_key"]


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    assert load_or_make_secret_key(tmp_path / "a") != load_or_make_secret_key(tmp_path / "b")


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(load_or_make_secret_key, [tmp_path / "data"] * 64))
    assert len(keys) == 1
