"""`manage.py import_folder` with texts and lists of captions, as processes of their own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datasets.services.importing import find_files
from tagger_project.env import BASE_DIR
from tests import images
from tests.program import clean_environment

Manage = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def manage(tmp_path: Path) -> Manage:
    """`manage.py` on a data folder of its own, without a broker."""
    data_dir = tmp_path / "store"
    data_dir.mkdir()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=clean_environment(data_dir),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert run("migrate", "--verbosity", "0").returncode == 0
    return run


def tags(tmp_path: Path) -> dict[str, str]:
    with sqlite3.connect(tmp_path / "store" / "db.sqlite3") as database:
        rows = database.execute(
            "SELECT image.original_name, tag.name FROM datasets_image AS image "
            "LEFT JOIN tagging_imagetag AS put ON put.image_id = image.id "
            "LEFT JOIN tagging_tag AS tag ON tag.id = put.tag_id ORDER BY image.position, put.position"
        ).fetchall()
    return {name: ", ".join(tag for of, tag in rows if of == name and tag) for name, _ in rows}


def test_what_texts_may_do_is_said_on_the_command_line(manage: Manage, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for number in range(1, 4):
        images.write(folder, f"{number}.jpg", seed=number, width=64, height=48)
    rows = {f"{number}.jpg": {"tags": f"first {number}"} for number in range(1, 5)}
    (folder / "meta_lat.json").write_text(json.dumps(rows), encoding="utf-8")
    (folder / "3.caption").write_bytes("summer, été".encode("cp1252"))
    first = manage("import_folder", str(folder), "--dataset", "Cats", "--json", "--workers", "1")
    assert first.returncode == 0, first.stderr
    facts = json.loads(first.stdout)
    assert (facts["state"], facts["ready"], facts["sidecars"], facts["failed"]) == ("DONE", 3, 2, 0)
    assert {(row["name"], row["note"]) for row in facts["notes"]} == {
        ("meta_lat.json", "1 of 4 rows names a picture that is not here."),
        ("3.caption", "This text is not UTF-8 and was read as Windows-1252. Look whether its accents are right."),
    }
    assert tags(tmp_path) == {"1.jpg": "first 1", "2.jpg": "first 2", "3.jpg": "summer, été, first 3"}

    again = tmp_path / "again"
    again.mkdir()
    (again / "metadata.jsonl").write_text('{"file_name": "1.jpg", "text": "A cat sleeps."}', encoding="utf-8")
    for policy, expected in [
        ("only-untagged", "first 1"),
        ("append", "first 1, A cat sleeps."),
        ("overwrite", "A cat sleeps."),
    ]:
        arguments = ("--texts", policy, "--read-as", "tags", "--workers", "1")
        run = manage("import_folder", str(again), "--dataset", "Cats", *arguments)
        assert run.returncode == 0, run.stderr
        assert tags(tmp_path)["1.jpg"] == expected
    run = manage("import_folder", str(again), "--dataset", "Cats", "--texts", "burn")
    assert "invalid choice" in run.stderr


def test_lists_stand_before_the_pictures_of_their_folder(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.txt", "meta.json", "in/b.jpg", "in/metadata.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = [file.path.relative_to(tmp_path).as_posix() for file in find_files(tmp_path)]
    assert found == ["meta.json", "a.jpg", "a.txt", "in/metadata.jsonl", "in/b.jpg"]
