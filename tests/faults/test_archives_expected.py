"""65 hostile and odd zips, where the tool that makes them lies beside this project: each comes out as it states."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from datasets.archives import ArchiveRefused, Limits, list_entries
from datasets.models import Dataset, Image, ImportItem
from datasets.queries.refusals import explain
from datasets.services.processing import process_item, process_waiting
from tagger_project.env import BASE_DIR
from tagging.queries.state import get_image_state
from tests import uploading

MAKER = BASE_DIR.parent / "shared" / "tools" / "make_hostile.py"
STATED = BASE_DIR.parent / "shared" / "tools" / "zips_expect.tsv"
MOST_BYTES = 512 * 1024 * 1024
MOST_SECONDS = 10.0

pytestmark = [
    pytest.mark.fault,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not MAKER.is_file(), reason="the tool that makes hostile archives is not beside this project"),
]


@dataclass(frozen=True)
class Outcome:
    """How a zip ends: the archive itself, each of its files, and the names of the images that it brought."""

    archive: str
    files: dict[str, int]
    names: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zips")
    command = [sys.executable, str(MAKER), "zips", str(folder), "--big"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder


def outcome(dataset: Dataset, path: Path) -> Outcome:
    """Send a zip, let a worker read it to its end, and return how it ended."""
    job = uploading.start(dataset)
    item = uploading.send_file(job, path)
    process_waiting(most_seconds=120)
    item.refresh_from_db()
    job = uploading.finish(job)
    assert job.finished_at is not None
    children = item.entries.order_by("pk")
    assert all(explain(one) for one in [item, *children] if one.reason)
    states = Counter(" ".join(filter(None, pair)) for pair in children.values_list("state", "reason"))
    names = Image.objects.order_by("position").values_list("original_name", flat=True)
    return Outcome(f"{item.state} {item.reason}".strip(), dict(states), tuple(names))


TAKEN = Outcome("READY", {"READY": 1}, ("a.png",))
UNDER_ITS_LAST_PART = Outcome("READY", {"READY": 1}, ("evil.png",))
UNKNOWN_METHOD = Outcome("FAILED ARCHIVE_UNREADABLE", {"FAILED ENTRY_METHOD": 1})


def one_named(name: str) -> Outcome:
    """One image under this name."""
    return Outcome("READY", {"READY": 1}, (name,))


def refused(reason: str, **files: int) -> Outcome:
    """Nothing of it is taken."""
    return Outcome(f"FAILED {reason}", {state.replace("__", " "): count for state, count in files.items()})


# Most of these zips hold one and the same picture under many names: all but the first are told as duplicates.
OUTCOMES = {
    "good-3": Outcome("READY", {"READY": 1, "DUPLICATE": 2}, ("0.png",)),
    "good-tags": Outcome("READY", {"READY": 2}, ("a.png",)),
    "slip-dotdot": UNDER_ITS_LAST_PART,
    "slip-absolute": UNDER_ITS_LAST_PART,
    "slip-backslash": UNDER_ITS_LAST_PART,
    "slip-drive": UNDER_ITS_LAST_PART,
    "slip-drive-relative": one_named("C:evil.png"),
    "slip-unc": UNDER_ITS_LAST_PART,
    "slip-middle": UNDER_ITS_LAST_PART,
    "slip-dotdot-dir": one_named("evil"),
    "slip-dots": UNDER_ITS_LAST_PART,
    "slip-trailing-dots": UNDER_ITS_LAST_PART,
    "slip-home": UNDER_ITS_LAST_PART,
    "slip-encoded": UNDER_ITS_LAST_PART,
    "slip-stream": one_named("a.png:evil"),
    "slip-only-dotdot": one_named("?"),
    "slip-double-slash": UNDER_ITS_LAST_PART,
    # Without its NUL it ends in `.txt`, and it is no text.
    "slip-nul": Outcome("READY", {"FAILED NOT_TEXT": 1}),
    "symlink-file": refused("ARCHIVE_UNREADABLE", FAILED__ENTRY_LINK=1),
    "symlink-dir": Outcome("READY", {"FAILED ENTRY_LINK": 1, "READY": 1}, ("evil.png",)),
    "device": refused("ARCHIVE_UNREADABLE", FAILED__ENTRY_LINK=2),
    "setuid": TAKEN,
    "same-name-twice": Outcome("READY", {"READY": 2}, ("a.png", "a.png")),
    "case-clash": Outcome("READY", {"READY": 2}, ("A.PNG", "a.png")),
    "nfc-nfd-clash": Outcome("READY", {"READY": 2}, ("e\u0301.png", "\u00e9.png")),
    "file-and-folder": Outcome("READY", {"READY": 1, "DUPLICATE": 1}, ("a",)),
    "headers-disagree": TAKEN,
    "encrypted-flag": refused("ARCHIVE_ENCRYPTED", FAILED__ARCHIVE_ENCRYPTED=1),
    "bad-crc": Outcome("READY", {"FAILED ENTRY_DAMAGED": 1}),
    "bad-crc-one-of-3": Outcome("READY", {"READY": 1, "DUPLICATE": 1, "FAILED ENTRY_DAMAGED": 1}, ("a.png",)),
    **{f"method-{name}": UNKNOWN_METHOD for name in ("shrink", "implode", "deflate64", "zstd", "ppmd", "aes")},
    "claims-small": refused("ARCHIVE_UNREADABLE", FAILED__ENTRY_DAMAGED=1),
    "claims-4G": refused("ARCHIVE_UNREADABLE", FAILED__FILE_TOO_LARGE=1),
    "count-lies": TAKEN,
    "name-cp437": one_named("ä.png"),
    "name-shift-jis": one_named("ô·û{.png"),
    "name-gbk": one_named("è.png"),
    "name-koi8": one_named("╦╧╘.png"),
    "name-utf8-unflagged": one_named("猫.png"),
    "name-utf8-flagged": one_named("猫.png"),
    "name-utf8-invalid": one_named("\ufffd\ufffd\ufffd.png"),
    "name-surrogate": one_named("\ufffd\ufffd\ufffd.png"),
    "name-overlong": one_named("..\ufffd\ufffd..\ufffd\ufffdevil.png"),
    "name-empty": one_named("?"),
    "name-65000": one_named("a" * 1000),
    "path-200-deep": TAKEN,
    "odd-names": Outcome("READY", {"READY": 1, "DUPLICATE": 86, "SKIPPED HIDDEN": 1, "SKIPPED NOT_NEEDED": 1}, ("0",)),
    "junk": Outcome(
        "READY", {"READY": 1, "SKIPPED MAC_LEFTOVER": 3, "SKIPPED HIDDEN": 1, "SKIPPED NOT_NEEDED": 4}, ("a.png",)
    ),
    "not-a-zip": refused("NOT_A_ZIP"),
    "empty-file": refused("EMPTY"),
    "no-entries": refused("ARCHIVE_NO_IMAGES"),
    "cut": refused("ARCHIVE_DAMAGED"),
    "stuff-before": TAKEN,
    "stuff-after": TAKEN,
    "comment-64k": TAKEN,
    "nested-6": refused("ARCHIVE_NO_IMAGES", SKIPPED__NESTED_ARCHIVE=1),
    "overlap-5G": refused("ARCHIVE_OVERLAP"),
    "bomb-1G": refused("ARCHIVE_UNREADABLE", FAILED__FILE_TOO_LARGE=1),
    "folders-100k": refused("ARCHIVE_NO_IMAGES"),
}
LARGE = "entries-100k"


def memory(field: str) -> int:
    """A number of bytes that the kernel says of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def around(data_dir: Path) -> set[Path]:
    """Every file that lies in the data folder's neighbourhood, but not in it."""
    return {path for path in data_dir.parent.rglob("*") if data_dir not in path.parents}


def test_the_list_of_archives_is_the_one_that_is_tested() -> None:
    stated = {line.split("\t")[0].removesuffix(".zip") for line in STATED.read_text().splitlines()}
    assert stated == {*OUTCOMES, LARGE}
    assert len(stated) == 65


@pytest.mark.parametrize("name", OUTCOMES)
def test_archive_comes_out_as_stated(name: str, zips: Path, dataset: Dataset, data_dir: Path) -> None:
    outside = around(data_dir)
    assert outcome(dataset, zips / f"{name}.zip") == OUTCOMES[name]
    assert around(data_dir) == outside
    stored = [path for path in data_dir.rglob("*") if path.is_file()]
    assert all(path.relative_to(data_dir).parts[0] == "blobs" for path in stored)
    assert {path.stat().st_mode & 0o7777 for path in stored} <= {0o600}
    assert len(stored) == 3 * Image.objects.count()
    if name == "good-tags":
        assert [tag.name for tag in get_image_state(Image.objects.get()).tags] == ["cat", "dog"]


@pytest.mark.parametrize("name", [LARGE, "folders-100k", "bomb-1G", "overlap-5G", "claims-small"])
def test_archive_is_listed_within_ten_seconds_and_little_memory(name: str, zips: Path) -> None:
    limits = Limits(settings.MAX_ARCHIVE_ENTRIES, settings.MAX_FILE_BYTES, settings.MAX_ARCHIVE_UNPACKED_BYTES)
    Path("/proc/self/clear_refs").write_text("5")
    before, begin = memory("VmRSS"), time.process_time()
    with suppress(ArchiveRefused):
        found = list_entries(zips / f"{name}.zip", limits)
        assert len(found.entries) == (100_000 if name == LARGE else len(found.entries))
    assert time.process_time() - begin < MOST_SECONDS
    # A worker that has read nothing yet takes 100 MB.
    assert memory("VmHWM") - before < MOST_BYTES - 100_000_000


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_hundred_thousand_files_are_told_one_by_one(zips: Path, dataset: Dataset, data_dir: Path) -> None:
    job = uploading.start(dataset)
    item = uploading.send_file(job, zips / f"{LARGE}.zip")
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    while process_item(item.pk) == ImportItem.State.RECEIVED:
        pass
    assert item.entries.filter(state=ImportItem.State.RECEIVED).count() == 100_000
    assert memory("VmHWM") - before < MOST_BYTES - 100_000_000
    process_waiting(most_seconds=3000)
    ends = Counter(item.entries.values_list("state", flat=True))
    assert ends == {ImportItem.State.READY: 1, ImportItem.State.DUPLICATE: 99_999}
    assert uploading.finish(job).finished_at is not None
    assert not [path for path in (data_dir / "incoming").rglob("*") if path.is_file()]
