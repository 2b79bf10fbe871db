"""`manage.py export_dataset`."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError

from datasets import paths
from datasets.models import Dataset, Image
from datasets.services.datasets import change_dataset
from tagging.models import DatasetVersion, ExportJob
from tagging.trainers.profiles import PROFILE_SLUGS
from tests import factories, images
from tests.tagging.doing import adding, apply, bring_in, picture_of, removing
from tests.tagging.exporting import export as export_by_worker
from tests.tagging.exporting import paths_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    return factories.make_dataset(name="My Cat", file_prefix="cat", trigger_word="ohwx")


@pytest.fixture
def pictures(dataset: Dataset) -> list[Image]:
    """Two real images, the first with a tag."""
    rows = [picture_of(item) for item in bring_in(dataset, [(f"{n}.jpg", images.encoded(seed=n)) for n in (1, 2)])]
    apply(rows[0], adding("sofa"))
    return rows


def export(name: str, output: Path, **options: Any) -> str:
    """Run the command and return what it printed."""
    printed = StringIO()
    call_command("export_dataset", name, output=output, stdout=printed, **options)
    return printed.getvalue()


def written_to(folder: Path) -> list[str]:
    """The files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_zip(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    output = tmp_path / "new folder" / "out.ZIP"
    assert export("My Cat", output) == f"Wrote 2 images to {output}.\n"
    with zipfile.ZipFile(output) as archive:
        assert archive.testzip() is None
        names = ["cat/cat-0001.jpg", "cat/cat-0001.txt", "cat/cat-0002.jpg", "cat/cat-0002.txt", "tags.txt"]
        assert archive.namelist() == [*names, "manifest.json"]
        assert archive.read("cat/cat-0001.txt") == b"ohwx, sofa"
    assert [path.name for path in output.parent.iterdir()] == ["out.ZIP"]
    assert output.stat().st_mode & 0o777 == 0o644


def test_a_folder(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert export("my cat", output, untagged="leave-out") == f"Wrote 1 image to {output}.\n"
    assert written_to(output) == ["cat/cat-0001.jpg", "cat/cat-0001.txt", "manifest.json", "tags.txt"]
    assert (output / "cat" / "cat-0001.jpg").read_bytes() == images.encoded(seed=1)


def test_an_empty_folder_is_filled(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export("My Cat", tmp_path / "out")
    assert len(written_to(tmp_path / "out")) == 6


def test_by_number_and_as_json(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    output = tmp_path / "out.zip"
    facts = json.loads(export(str(dataset.pk), output, json=True))
    version = DatasetVersion.objects.get()
    assert facts == {
        "output": str(output),
        "images": 2,
        "left_out": 0,
        "without_text": 0,
        "converted": 0,
        "profile": "plain",
        "version": 1,
        "digest": version.digest,
        "files": [
            {
                "path": str(output),
                "size": output.stat().st_size,
                "sha256": hashlib.sha256(output.read_bytes()).hexdigest(),
            }
        ],
    }


def test_a_name_of_digits_comes_before_a_number(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    other = factories.make_dataset(name=str(dataset.pk), file_prefix="digits")
    bring_in(other, [("a.jpg", images.encoded(seed=5))])
    export(str(dataset.pk), tmp_path / "out")
    assert written_to(tmp_path / "out") == ["digits/digits-0001.jpg", "manifest.json"]


def test_images_without_text_are_told(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    change_dataset(dataset, name=dataset.name, file_prefix=dataset.file_prefix, trigger_word="", by=None)
    assert "1 image has no text beside it" in export("My Cat", tmp_path / "out")


@pytest.mark.parametrize("name", ["no such", "99999", "9" * 40, "-1", "²", ""])
def test_an_unknown_dataset(dataset: Dataset, name: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as error:
        export(name, tmp_path / "out.zip")
    assert str(error.value) == f"There is no dataset “{name}”. There are: My Cat."
    assert list(tmp_path.glob("*.zip")) == []


def test_no_dataset_at_all(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There are: –"):
        export("any", tmp_path / "out.zip")


def test_nothing_to_export(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="“My Cat” has no images yet"):
        export("My Cat", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_refused(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "old.png").write_bytes(b"old")
    with pytest.raises(CommandError, match=r"is not an empty folder\. Name a new one"):
        export("My Cat", output)
    assert [path.name for path in output.iterdir()] == ["old.png"]


def test_a_file_where_the_folder_should_be(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(CommandError, match="is not an empty folder"):
        export("My Cat", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "a file"


@pytest.mark.parametrize("name", ["out.zip", "sub.zip"])
def test_a_place_that_cannot_be_written(dataset: Dataset, pictures: list[Image], tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("a file")
    (tmp_path / "sub.zip").mkdir()
    output = tmp_path / "file" / name if name == "out.zip" else tmp_path / name
    with pytest.raises(CommandError, match=r"could not be written: (Not a directory|File exists|Is a directory)"):
        export("My Cat", output)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("before", [None, b"the last good export"])
def test_a_broken_off_zip_is_not_left(
    dataset: Dataset, pictures: list[Image], tmp_path: Path, before: bytes | None
) -> None:
    output = tmp_path / "here" / "out.zip"
    output.parent.mkdir()
    if before:
        output.write_bytes(before)
    paths.original_path(settings.DATA_DIR, pictures[1].sha256, "JPEG").unlink()
    with pytest.raises(CommandError, match=r"^“2\.jpg” is not stored whole"):
        export("My Cat", output)
    assert [path.read_bytes() for path in output.parent.iterdir()] == ([before] if before else [])


def test_a_broken_off_folder_is_not_left(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    paths.original_path(settings.DATA_DIR, pictures[1].sha256, "JPEG").unlink()
    with pytest.raises(CommandError, match=r"^“2\.jpg” is not stored whole"):
        export("My Cat", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_room_is_said(
    dataset: Dataset, pictures: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_values: object) -> None:
        raise OperationalError from OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tagging.services.exports.choosing.version_for_export", refuse)
    with pytest.raises(CommandError, match="disk is full"):
        export("My Cat", tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pixels", ["3", "null", "[]"])
def test_pixels_that_are_no_options(dataset: Dataset, pictures: list[Image], tmp_path: Path, pixels: str) -> None:
    with pytest.raises(CommandError, match="pixels"):
        export("My Cat", tmp_path / "out.zip", options=f'{{"pixels": {pixels}}}')


def test_an_unknown_choice(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="invalid"):
        call_command("export_dataset", "My Cat", f"--output={tmp_path / 'x'}", "--untagged=perhaps")


# --- what it is made from, and how ------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILE_SLUGS)
def test_it_is_the_very_file_that_a_worker_writes(
    dataset: Dataset, pictures: list[Image], tmp_path: Path, profile: str
) -> None:
    job = export_by_worker(dataset, profile)
    export("My Cat", tmp_path / "out.zip", profile=profile)
    export("My Cat", tmp_path / "out", profile=profile)
    assert (tmp_path / "out.zip").read_bytes() == paths_of(job)[0].read_bytes()
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert sorted(archive.namelist()) == written_to(tmp_path / "out")
        assert all((tmp_path / "out" / name).read_bytes() == archive.read(name) for name in archive.namelist())
    assert ExportJob.objects.count() == 1


def test_of_a_version_by_number_or_name(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    export("My Cat", tmp_path / "first.zip")
    apply(pictures[0], removing("sofa"))
    export("My Cat", tmp_path / "now.zip")
    call_command("export_dataset", "My Cat", f"--output={tmp_path / 'again.zip'}", "--version=1", stdout=StringIO())
    files = [(tmp_path / f"{name}.zip").read_bytes() for name in ("first", "now", "again")]
    assert files[0] == files[2] != files[1]
    with pytest.raises(CommandError, match=r"“My Cat” has no version “9”\. There are: 2 \(Version 2\), 1"):
        export("My Cat", tmp_path / "none.zip", of_version="9")


def test_what_a_filter_finds_by_a_template(dataset: Dataset, pictures: list[Image], tmp_path: Path) -> None:
    facts = json.loads(export("My Cat", tmp_path / "out", filter="sofa", template="a {tags} of {trigger}", json=True))
    assert (facts["images"], facts["left_out"]) == (1, 1)
    assert (tmp_path / "out" / "cat" / "cat-0001.txt").read_bytes() == b"a sofa of ohwx"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"filter": "size:small"}, "“small” is no size"),
        ({"template": "{tgas}"}, "is none of the placeholders"),
        ({"variant": "no"}, "has no variant “no”"),
        ({"options": "{"}, "--options is no JSON"),
        ({"options": "[]"}, "--options is a JSON object"),
        ({"options": '{"repeats": 0}'}, "repeats is a whole number"),
        ({"filter": "by:ann", "of_version": "1"}, "A version does not know"),
    ],
)
def test_what_cannot_be_done_is_said(
    dataset: Dataset, pictures: list[Image], tmp_path: Path, options: dict[str, str], sentence: str
) -> None:
    export("My Cat", tmp_path / "first.zip")
    with pytest.raises(CommandError, match=sentence):
        export("My Cat", tmp_path / "out.zip", **options)
    assert [path.name for path in tmp_path.iterdir()] == ["first.zip"]
