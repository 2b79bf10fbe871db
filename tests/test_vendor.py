"""The front-end files of others are what their lock and their sums say, and nothing in them points elsewhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
_KINDS = {".js", ".mjs", ".css"}


def _sums() -> dict[str, str]:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    return {name.removeprefix("./"): digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def _files() -> list[Path]:
    files = (path for path in VENDOR.rglob("*") if path.suffix in _KINDS or path.name == "LICENSE")
    return sorted(path for path in files if "node_modules" not in path.parts)


def test_every_file_has_the_sum_that_was_written_down() -> None:
    actual = {path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in _files()}
    assert actual == _sums()


@pytest.mark.parametrize("folder", sorted(path.name for path in VENDOR.iterdir() if path.is_dir()))
def test_every_library_brings_its_licence(folder: str) -> None:
    if folder != "node_modules":
        assert (VENDOR / folder / "LICENSE").is_file()


def test_no_file_names_a_source_map_that_is_not_here() -> None:
    # Hashed static files refuse to build on such a name.
    assert [path.name for path in _files() if "sourceMappingURL=" in path.read_text()] == []


def test_the_lock_pins_each_package_and_names_no_host() -> None:
    text = (VENDOR / "package-lock.json").read_text()
    wanted = json.loads((VENDOR / "package.json").read_text())["dependencies"]
    locked = json.loads(text)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all("integrity" in entry for name, entry in locked.items() if name)
    assert "resolved" not in text
    assert "://" not in text
