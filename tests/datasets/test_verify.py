"""`manage.py verify` finds all that is wrong with what is stored, names it, and tells nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from datasets import paths
from datasets.models import Dataset, Image
from datasets.services.trash import move_to_trash
from datasets.services.verifying import Finding, Kind, Verification
from tests import factories, images, uploading

NONE = timedelta(0)
PLANTS = 10


def look(**options: Any) -> list[Finding]:
    return list(Verification(grace=NONE, **options).findings())


def named(findings: list[Finding]) -> set[tuple[Kind, str]]:
    return {(finding.kind, finding.path) for finding in findings}


def run(*arguments: str, grace: float = 0.0) -> tuple[int, str]:
    """The command's exit code and output."""
    output = io.StringIO()
    try:
        call_command("verify", *arguments, "--grace", str(grace), stdout=output)
    except SystemExit as error:
        return int(str(error.code)), output.getvalue()
    return 0, output.getvalue()


def bring(dataset: Dataset, count: int, first: int = 1) -> list[Image]:
    """Import drawn pictures and return their images."""
    job = uploading.start(dataset)
    found = []
    for seed in range(first, first + count):
        item = uploading.bring(job, f"p{seed}.jpg", images.encoded("JPEG", seed=seed, width=96, height=64))
        assert item.image is not None
        # Behind the commit, which does not come within a test.
        uploading.part_file(settings.DATA_DIR, item).unlink(missing_ok=True)
        found.append(item.image)
    return found


def original(root: Path, image: Image) -> Path:
    return paths.original_path(root, image.sha256, image.format)


def relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


@pytest.fixture
def image(dataset: Dataset) -> Image:
    return bring(dataset, 1)[0]


# --- Seventy plants -----------------------------------------------------------------------------------


def plant_all(root: Path, dataset: Dataset) -> set[tuple[Kind, str]]:
    """Damage ten of each of seven kinds; returns what is to be found."""
    stored = iter(bring(dataset, 5 * PLANTS + PLANTS))
    expected: set[tuple[Kind, str]] = set()
    for number in range(PLANTS):
        flipped, gone, bare, longer, open_ = (next(stored) for _ in range(5))
        path = original(root, flipped)
        content = bytearray(path.read_bytes())
        content[len(content) // (number + 2)] ^= 1 << (number % 8)
        path.write_bytes(content)
        expected.add((Kind.DAMAGED, relative(root, path)))

        original(root, gone).unlink()
        expected.add((Kind.MISSING_ORIGINAL, relative(root, original(root, gone))))

        orphan = paths.original_path(root, f"{number:02x}".ljust(64, "0"), "PNG")
        orphan.parent.mkdir(parents=True, exist_ok=True)
        orphan.touch(mode=0o600)
        expected.add((Kind.ORPHAN, relative(root, orphan)))

        paths.thumbnail_path(root, bare.sha256).unlink()
        expected.add((Kind.MISSING_THUMBNAIL, relative(root, paths.thumbnail_path(root, bare.sha256))))

        with original(root, longer).open("r+b") as file:
            file.truncate(longer.byte_size - 1 if number % 2 else longer.byte_size + 1)
        expected.add((Kind.WRONG_SIZE, relative(root, original(root, longer))))

        if number % 2 and os.geteuid() == 0:
            os.chown(original(root, open_), 12345, 12345)
            expected.add((Kind.WRONG_OWNER, relative(root, original(root, open_))))
        else:
            original(root, open_).chmod(0o644)
            expected.add((Kind.WRONG_MODE, relative(root, original(root, open_))))

        row = factories.make_image(dataset, position=10**6 + number)
        for kind, path in (
            (Kind.MISSING_ORIGINAL, original(root, row)),
            (Kind.MISSING_THUMBNAIL, paths.thumbnail_path(root, row.sha256)),
            (Kind.MISSING_PREVIEW, paths.preview_path(root, row.sha256)),
        ):
            expected.add((kind, relative(root, path)))
    return expected


def test_seventy_plants_of_seven_kinds_are_found_and_named_and_nothing_else(data_dir: Path, dataset: Dataset) -> None:
    assert look() == []
    expected = plant_all(data_dir, dataset)
    findings = look()
    assert named(findings) == expected
    assert len(findings) == len(expected) == 7 * PLANTS + 2 * PLANTS
    for finding in findings:
        assert finding.sentence
        if finding.kind is not Kind.ORPHAN and finding.image_id is not None:
            assert (finding.dataset_id, finding.dataset) == (dataset.pk, dataset.name)
            assert finding.name in finding.sentence

    before = {path: path.read_bytes() for path in data_dir.rglob("originals/*/*")}
    rows = list(Image.everything.order_by("pk").values())
    code, output = run("--repair", "--json")
    answer = json.loads(output)
    assert code == 1
    assert {path: path.read_bytes() for path in data_dir.rglob("originals/*/*")} == before
    assert list(Image.everything.order_by("pk").values()) == rows
    repaired = Counter(finding["kind"] for finding in answer["findings"] if finding["repaired"])
    assert repaired["MISSING_THUMBNAIL"] == PLANTS
    left = named(look())
    mended = {Kind.WRONG_MODE, *([Kind.WRONG_OWNER] if os.geteuid() == 0 else [])}
    bare = {(finding.kind, finding.path) for finding in findings if finding.name.startswith("picture")}
    assert left == {
        (kind, path)
        for kind, path in expected
        if kind not in mended and (kind is not Kind.MISSING_THUMBNAIL or (kind, path) in bare)
    }


# --- One by one ------------------------------------------------------------------------------------------


def test_a_sound_store_is_clean_and_exits_with_0(dataset: Dataset, image: Image) -> None:
    assert run() == (0, "1 images and 3 files: everything is there and whole.\n")
    code, output = run("--json")
    answer = json.loads(output)
    assert (code, answer["images"], answer["files"], answer["findings"], answer["counts"]) == (0, 1, 3, [], {})
    assert answer["bytes"] == image.byte_size


def test_an_empty_data_folder_is_clean(db: None) -> None:
    assert run()[0] == 0


@pytest.mark.parametrize("kind", ["thumbnail", "preview"])
def test_a_derived_file_that_is_gone_or_cut_is_made_anew_as_it_was(data_dir: Path, image: Image, kind: str) -> None:
    path = getattr(paths, f"{kind}_path")(data_dir, image.sha256)
    whole = path.read_bytes()
    for content in (None, b"", whole[:-7], b"GIF89a" + whole[6:], whole + b"x"):
        path.unlink()
        if content is not None:
            path.touch(mode=0o600)
            path.write_bytes(content)
        expected = f"MISSING_{kind.upper()}" if content is None else f"DAMAGED_{kind.upper()}"
        assert named(look()) == {(Kind(expected), relative(data_dir, path))}
        code, output = run("--repair")
        assert code == 0, output
        assert path.read_bytes() == whole
        assert path.stat().st_mode & 0o777 == 0o600
        assert look() == []


def test_a_derived_file_that_is_rotten_inside_is_found_by_decoding_it(data_dir: Path, image: Image) -> None:
    path = paths.preview_path(data_dir, image.sha256)
    content = bytearray(path.read_bytes())
    content[12:60] = bytes(48)
    path.write_bytes(content)
    assert look() == []
    assert [finding.kind for finding in look(decode=True)] == [Kind.DAMAGED_PREVIEW]


def test_a_thumbnail_is_never_made_from_a_damaged_original(data_dir: Path, image: Image) -> None:
    content = bytearray(original(data_dir, image).read_bytes())
    content[-20] ^= 4
    original(data_dir, image).write_bytes(content)
    thumbnail = paths.thumbnail_path(data_dir, image.sha256)
    thumbnail.unlink()
    code, _output = run("--repair")
    assert code == 1
    assert not thumbnail.exists()


def test_images_in_the_trash_are_checked_too(data_dir: Path, dataset: Dataset, image: Image) -> None:
    move_to_trash(dataset, [image.pk], by=None)
    assert look() == []
    original(data_dir, image).unlink()
    assert [finding.kind for finding in look()] == [Kind.MISSING_ORIGINAL]


def test_each_dataset_that_has_the_picture_is_named(data_dir: Path, dataset: Dataset, image: Image) -> None:
    other = factories.make_dataset()
    bring(other, 1)
    original(data_dir, image).unlink()
    assert {finding.dataset for finding in look()} == {dataset.name, other.name}


def test_measures_that_are_not_there_are_told_as_no_fault_and_filled_in(image: Image) -> None:
    measured = (image.dhash, image.sharpness)
    assert measured[1] is not None
    Image.objects.update(dhash=None, sharpness=None)
    code, output = run()
    assert code == 0
    assert "1 images are not measured" in output
    assert run("--repair")[0] == 0
    image.refresh_from_db()
    assert (image.dhash, image.sharpness) == measured


def test_an_orphan_is_not_told_within_its_grace(data_dir: Path, dataset: Dataset, image: Image) -> None:
    Image.everything.all().delete()
    assert Counter(finding.kind for finding in look()) == {Kind.ORPHAN: 3}
    assert list(Verification().findings()) == []


def test_files_that_lie_where_none_belongs_are_orphans(data_dir: Path, image: Image) -> None:
    strays = [
        original(data_dir, image).with_name("readme.txt"),
        original(data_dir, image).with_suffix(".png"),
        paths.thumbnail_path(data_dir, image.sha256).with_suffix(".jpg"),
    ]
    for stray in strays:
        stray.touch(mode=0o600)
    assert named(look()) == {(Kind.ORPHAN, relative(data_dir, stray)) for stray in strays}


def test_half_written_files_are_found(data_dir: Path, dataset: Dataset) -> None:
    job = uploading.start(dataset)
    waiting = uploading.announce(job, "a.jpg", 10)
    fine = uploading.announce(job, "b.jpg", 10)
    ended = uploading.bring(job, "c.jpg", images.encoded(seed=9))
    for item, size in ((waiting, 11), (fine, 4), (ended, 5)):
        path = uploading.part_file(data_dir, item)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(bytes(size))
    nobodys = paths.incoming_path(data_dir, 10**6)
    temporary = data_dir / "blobs" / "originals" / "00" / ".new-abc"
    for path in (nobodys, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    expected = {nobodys, temporary, uploading.part_file(data_dir, waiting), uploading.part_file(data_dir, ended)}
    assert named(look()) == {(Kind.HALF_WRITTEN, relative(data_dir, path)) for path in expected}
    # What is young may be in the middle of its way; only too many bytes are wrong at any time.
    assert named(list(Verification().findings())) == {
        (Kind.HALF_WRITTEN, relative(data_dir, uploading.part_file(data_dir, waiting)))
    }


# --- A hundred thousand -----------------------------------------------------------------------------------------


def store_tiny(root: Path, dataset: Dataset, number: int, webp: bytes) -> Image:
    """Write the files of an image of a few bytes and return its row, not saved yet."""
    content = str(number).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    original_path = paths.original_path(root, sha256, "JPEG")
    derived = (paths.thumbnail_path(root, sha256), paths.preview_path(root, sha256))
    for path, what in ((original_path, content), *((path, webp) for path in derived)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(what)
    return Image(
        dataset=dataset,
        position=number,
        sha256=sha256,
        original_name=f"{number}.jpg",
        stem_key=str(number),
        format="JPEG",
        width=1,
        height=1,
        byte_size=len(content),
        colour="#000000",
        sharpness=1.0,
    )


@pytest.mark.heavy
@pytest.mark.timeout(1500)
def test_a_hundred_thousand_images_are_verified_within_ten_minutes(
    data_dir: Path, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    webp = images.encoded("WEBP", width=8, height=8)
    for first in range(0, 100_000, 1000):
        Image.objects.bulk_create([store_tiny(data_dir, dataset, n, webp) for n in range(first, first + 1000)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    findings = look()
    seconds = time.monotonic() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    with capsys.disabled():
        print(f"\n100,000 images verified in {seconds:.1f} s, memory grew by {grown} MB")
    assert findings == []
    assert seconds < 600
