"""`manage.py import_folder` without a server: the command reads the pictures itself, in a process per core."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from datasets.models import Dataset, ImportItem, ImportJob
from datasets.services import uploads
from datasets.services.importing import FolderRefused, find_files, get_or_create_dataset, take_files
from tagger_project.env import BASE_DIR
from tests import images
from tests.program import clean_environment
from tests.zips import Member, pack

State = ImportItem.State


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with its checksum."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures in two folders, texts, a bad file, a twin, and what is to be left out."""
    folder = tmp_path / "pictures"
    small: dict[str, Any] = {"width": 64, "height": 48}
    images.write(folder, "a10.jpg", seed=1, **small)
    images.write(folder, "a2.png", "PNG", seed=2, **small)
    images.write(folder, "sub dir/猫.webp", "WEBP", seed=3, **small)
    images.write(folder, "sub dir/twin.jpg", seed=1, **small)
    (folder / "a2.txt").write_text("1girl, solo", encoding="utf-8")
    (folder / "sub dir" / "猫.txt").write_text("猫", encoding="utf-8")
    (folder / "bad.png").write_text("a text")
    (folder / "empty.jpg").touch()
    (folder / ".hidden.jpg").write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git" / "picture.jpg").write_bytes(b"x")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "gone.jpg").symlink_to(folder / "nowhere")
    return folder


# --- The command, as processes ---------------------------------------------------------------------


@pytest.fixture
def manage(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
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


def images_of(tmp_path: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(tmp_path / "store" / "db.sqlite3") as database:
        return database.execute(
            "SELECT original_name, relative_path, sidecar_text FROM datasets_image ORDER BY position"
        ).fetchall()


def test_a_folder_is_imported_without_a_server_and_the_second_time_reports_duplicates(
    manage: Callable[..., subprocess.CompletedProcess[str]], folder: Path, tmp_path: Path
) -> None:
    before = tree(folder)
    first = manage(
        "import_folder", str(folder), "--dataset", "Cats", "--trigger-word", "ct", "--json", "--workers", "2"
    )
    assert first.returncode == 0, first.stderr
    facts = json.loads(first.stdout)
    counts = {name: facts[name] for name in ("state", "total", "done", "ready", "duplicates", "sidecars", "failed")}
    assert counts == {"state": "DONE", "total": 8, "done": 8, "ready": 3, "duplicates": 1, "sidecars": 2, "failed": 2}
    assert {(row["name"], row["reason"]) for row in facts["refused"]} == {
        ("bad.png", "NOT_AN_IMAGE"),
        ("empty.jpg", "EMPTY"),
    }
    # Which of the twins came first is a matter of luck; everything else is the folder's order.
    rows = images_of(tmp_path)
    assert [(name, text) for name, _, text in rows if name in {"a2.png", "猫.webp"}] == [
        ("a2.png", "1girl, solo"),
        ("猫.webp", "猫"),
    ]
    assert ("猫.webp", "sub dir", "猫") in rows
    assert tree(folder) == before

    second = manage("import_folder", str(folder), "--dataset", "cats", "--workers", "1")
    assert second.returncode == 0, second.stderr
    assert "0 images ready, 4 already here, 0 texts read, 2 refused." in second.stdout
    assert "bad.png: This is not a picture" in second.stdout
    assert images_of(tmp_path) == rows
    assert not list((tmp_path / "store" / "incoming").rglob("*.*"))


@pytest.mark.parametrize(
    ("path", "name", "says"),
    [
        ("missing", "Cats", "is not a folder"),
        ("pictures/a2.png", "Cats", "is not a folder"),
        ("void", "Cats", "holds no files"),
        ("pictures", " ", "Give the dataset a name"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_a_sentence(
    db: None, folder: Path, tmp_path: Path, path: str, name: str, says: str
) -> None:
    (tmp_path / "void").mkdir()
    with pytest.raises(CommandError, match=says):
        call_command("import_folder", str(tmp_path / path), dataset=name)
    assert not ImportJob.objects.exists()


# --- Its parts -------------------------------------------------------------------------------------


def test_files_are_found_in_natural_order_without_what_is_hidden_or_no_file(folder: Path) -> None:
    assert [(found.folder, found.path.name) for found in find_files(folder)] == [
        ("", "a2.png"),
        ("", "a2.txt"),
        ("", "a10.jpg"),
        ("", "bad.png"),
        ("", "empty.jpg"),
        ("sub dir", "twin.jpg"),
        ("sub dir", "猫.webp"),
        ("sub dir", "猫.txt"),
    ]


def test_a_link_back_to_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "sub dir" / "loop").symlink_to(folder)
    assert len(find_files(folder)) == 8


def test_names_that_are_no_text_are_found(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    (found,) = find_files(tmp_path)
    assert found.announced.name == "caf\ufffd.jpg"


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderRefused, match="is not a folder"):
        find_files(tmp_path / "missing")


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return uploads.start_import(dataset, source=ImportJob.Source.FOLDER, by=None)


def test_bytes_are_copied_not_linked(job: ImportJob, folder: Path, data_dir: Path) -> None:
    list(take_files(job, find_files(folder)))
    parts = list(data_dir.rglob("*.part"))
    assert len(parts) == 7
    assert all(part.stat().st_nlink == 1 for part in parts)


def test_a_file_that_went_away_is_refused_and_stops_no_other(job: ImportJob, folder: Path) -> None:
    found = find_files(folder)
    (folder / "a2.png").unlink()
    taken = [pk for pks in take_files(job, found) for pk in pks]
    gone = ImportItem.objects.get(name="a2.png")
    assert (gone.state, gone.reason) == (State.FAILED, "UNREADABLE")
    assert gone.pk not in taken
    assert len(taken) == 6


@pytest.mark.parametrize("name", ["Café cats", "Cafe\u0301 cats", "  Café   cats ", "CAFé CATS"])
def test_a_dataset_is_found_again_however_its_name_is_typed(db: None, name: str) -> None:
    first, made = get_or_create_dataset(name="Cafe\u0301 cats", file_prefix="", trigger_word="", by=None)
    again, made_again = get_or_create_dataset(name=name, file_prefix="", trigger_word="", by=None)
    assert (made, made_again, first) == (True, False, again)


def test_zips_in_a_folder_are_read_without_a_server(
    manage: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "zipped"
    folder.mkdir()
    small: dict[str, Any] = {"width": 64, "height": 48}
    members = [Member(b"in/%d.jpg" % number, images.encoded(seed=number, **small)) for number in range(3)]
    (folder / "set.zip").write_bytes(pack(*members, Member(b"in/1.txt", b"cat"), Member(b"__MACOSX/x", b"x")))
    before = tree(folder)
    done = manage("import_folder", str(folder), "--dataset", "Zipped", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert images_of(tmp_path) == [("0.jpg", "in", ""), ("1.jpg", "in", "cat"), ("2.jpg", "in", "")]
    assert tree(folder) == before
    assert not list((tmp_path / "store" / "incoming").rglob("*.*"))
