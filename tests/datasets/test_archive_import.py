"""A zip in an import: its files come in as if they had been sent one by one, and nothing else does."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from datasets import archives as pure
from datasets import names
from datasets.models import Dataset, Image, ImportItem, ImportJob
from datasets.paths import incoming_path
from datasets.queries.refusals import explain
from datasets.reasons import Reason
from datasets.services import archives, uploads
from datasets.services.archives import fetch_entry, process_archive, release_archive
from datasets.services.claims import LostClaim, claim
from datasets.services.import_control import cancel_import, retry_items
from datasets.services.processing import process_item, process_waiting
from datasets.services.sweeping import remove_leftovers
from tagging.queries.state import get_image_state
from tests import images, uploading
from tests.disks import files_end_at
from tests.zips import LINK, Member, pack

pytestmark = pytest.mark.django_db(transaction=True)

State, Kind = ImportItem.State, ImportItem.Kind


def picture(seed: int) -> bytes:
    return images.encoded("PNG", width=40, height=30, seed=seed)


def pictures(count: int) -> bytes:
    return pack(*[Member(b"%d.png" % number, picture(number)) for number in range(count)])


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return uploading.start(dataset)


def bring(job: ImportJob, content: bytes, name: str = "set.zip") -> ImportItem:
    """Send a zip and let a worker read it and all that is in it."""
    item = uploading.send(job, name, content)
    process_waiting(most_seconds=60)
    item.refresh_from_db()
    return item


def ends(item: ImportItem) -> dict[str, tuple[str, str]]:
    """How each file of a zip ended, by its path."""
    rows = item.entries.order_by("pk").values_list("folder", "name", "state", "reason")
    return {f"{folder}/{name}".lstrip("/"): (state, reason) for folder, name, state, reason in rows}


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, with its size and mode."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mode & 0o7777) for path in files}


def part_files(data_dir: Path) -> list[Path]:
    return [path for path in (data_dir / "incoming").rglob("*") if path.is_file()]


# --- What comes in -----------------------------------------------------------------------------


def test_pictures_of_a_zip_become_images_in_natural_order_with_their_folders(job: ImportJob, data_dir: Path) -> None:
    paths = [b"b/3.png", b"10.png", b"2.png"]
    item = bring(job, pack(*[Member(name, picture(number), method=8) for number, name in enumerate(paths)]))
    assert item.state == State.READY
    found = list(Image.objects.order_by("position").values_list("relative_path", "original_name"))
    assert found == [("", "2.png"), ("", "10.png"), ("b", "3.png")]
    assert uploading.finish(job).finished_at is not None
    assert part_files(data_dir) == []


def test_a_zip_that_changed_on_its_way_is_not_opened(job: ImportJob) -> None:
    content = pictures(1)
    for sha256, state in ((hashlib.sha256(content).hexdigest(), State.READY), ("ab" * 32, State.FAILED)):
        item = uploading.send(job, "set.zip", content)
        ImportItem.objects.filter(pk=item.pk).update(sha256=sha256)
        process_waiting(most_seconds=60)
        item.refresh_from_db()
        assert item.state == state
    assert (item.reason, item.entries.count()) == (Reason.CHECKSUM, 0)


def test_texts_in_a_zip_go_to_the_pictures_of_their_folder(job: ImportJob) -> None:
    bring(
        job,
        pack(
            Member(b"a/1.png", picture(1)),
            Member(b"b/1.png", picture(2)),
            Member(b"b/1.txt", b"dog, tree"),
            Member(b"a/1.txt", b"cat, house"),
        ),
    )
    tags = {i.relative_path: [tag.name for tag in get_image_state(i).tags] for i in Image.objects.all()}
    assert tags == {"a": ["cat", "house"], "b": ["dog", "tree"]}


def tags_of_all() -> dict[str, list[str]]:
    """The tags of each image, by the zip it came out of and its name."""
    images = Image.objects.order_by("position").prefetch_related("import_items__archive")
    found = {}
    for image in images:
        archive = image.import_items.get().archive
        place = archive.name if archive else ""
        found[f"{place}/{image.original_name}"] = [tag.name for tag in get_image_state(image).tags]
    return found


def test_two_zips_with_the_same_names_keep_their_texts_apart(job: ImportJob) -> None:
    for number in (1, 2):
        text = Member(b"1.txt", b"from %d" % number)
        listed = Member(b"metadata.jsonl", b'{"file_name": "2.png", "text": "list %d"}' % number)
        members = (Member(b"1.png", picture(number)), Member(b"2.png", picture(number + 10)), text, listed)
        uploading.send(job, f"{number}.zip", pack(*members))
    process_waiting(most_seconds=60)
    assert tags_of_all() == {
        "1.zip/1.png": ["from 1"],
        "1.zip/2.png": ["list 1"],
        "2.zip/1.png": ["from 2"],
        "2.zip/2.png": ["list 2"],
    }


def test_texts_may_come_in_a_zip_of_their_own(job: ImportJob) -> None:
    uploading.send(job, "a.zip", pack(Member(b"1.png", picture(1))))
    uploading.send(job, "b.zip", pack(Member(b"2.png", picture(2))))
    uploading.send(job, "texts.zip", pack(Member(b"1.txt", b"one"), Member(b"2.txt", b"two")))
    process_waiting(most_seconds=60)
    assert tags_of_all() == {"a.zip/1.png": ["one"], "b.zip/2.png": ["two"]}


def test_texts_in_a_zip_wait_for_the_answer_where_it_is_still_to_come(job: ImportJob) -> None:
    ImportJob.objects.filter(pk=job.pk).update(asks_about_sidecars=True)
    item = bring(job, pack(Member(b"1.png", picture(1)), Member(b"1.txt", b"cat")))
    assert ends(item) == {"1.png": (State.READY, ""), "1.txt": (State.HELD, "")}


def test_what_nobody_needs_is_left_out_with_a_word(job: ImportJob) -> None:
    item = bring(
        job,
        pack(
            Member(b"1.png", picture(1)),
            Member(b"__MACOSX/._1.png", b"x"),
            Member(b".git/config", b"x"),
            Member(b"inner.zip", pictures(1)),
            Member(b"notes.pdf", b"x"),
        ),
    )
    assert ends(item) == {
        "1.png": (State.READY, ""),
        "__MACOSX/._1.png": (State.SKIPPED, Reason.MAC_LEFTOVER),
        ".git/config": (State.SKIPPED, Reason.HIDDEN),
        "inner.zip": (State.SKIPPED, Reason.NESTED_ARCHIVE),
        "notes.pdf": (State.SKIPPED, Reason.NOT_NEEDED),
    }
    assert all(explain(child) for child in item.entries.exclude(reason=""))


def test_one_damaged_file_leaves_the_others_in_peace(job: ImportJob, data_dir: Path) -> None:
    members = [Member(b"1.png", picture(1)), Member(b"2.png", picture(2), crc=1), Member(b"3.png", b"no picture")]
    item = bring(job, pack(*members, Member(b"4.png", b"/etc/passwd", mode=LINK), Member(b"5.png", picture(5))))
    assert ends(item) == {
        "1.png": (State.READY, ""),
        "2.png": (State.FAILED, Reason.ENTRY_DAMAGED),
        "3.png": (State.FAILED, Reason.NOT_AN_IMAGE),
        "4.png": (State.FAILED, Reason.ENTRY_LINK),
        "5.png": (State.READY, ""),
    }
    assert part_files(data_dir) == []


def test_way_of_packing_that_is_not_read_is_named(job: ImportJob) -> None:
    item = bring(job, pack(Member(b"1.png", picture(1), method=9), Member(b"2.png", picture(2))))
    assert ends(item) == {"1.png": (State.FAILED, Reason.ENTRY_METHOD), "2.png": (State.READY, "")}
    assert "(Deflate64)" in explain(item.entries.get(name="1.png"))


def test_text_in_a_zip_has_the_limit_of_texts(job: ImportJob) -> None:
    item = bring(job, pack(Member(b"1.txt", b"x" * (uploads.MOST_SIDECAR_BYTES + 1))))
    child = item.entries.get()
    assert (child.state, child.reason) == (State.FAILED, Reason.TEXT_TOO_LONG)
    assert "64 kB" in explain(child)


def test_list_of_files_names_the_zip_that_each_lies_in(job: ImportJob, client: Client) -> None:
    item = bring(job, pack(Member(b"in/1.png", picture(1)), Member(b"in/._1.png", b"x")))
    listed = client.get(f"/api/v1/imports/{job.pk}/items").json()["items"]
    assert [(one["archive_id"], one["folder"], one["name"], one["reason_code"]) for one in listed] == [
        (None, "", "set.zip", ""),
        (item.pk, "in", "1.png", ""),
        (item.pk, "in", "._1.png", "MAC_LEFTOVER"),
    ]


def test_same_name_twice_loses_neither(job: ImportJob) -> None:
    bring(job, pack(Member(b"a.png", picture(1)), Member(b"a.png", picture(2)), Member(b"A.PNG", picture(3))))
    assert Image.objects.count() == 3


# --- What is refused as a whole ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"hello", Reason.NOT_A_ZIP, "not a zip"),
        (pictures(3)[:-60], Reason.ARCHIVE_DAMAGED, "damaged"),
        (pack(), Reason.ARCHIVE_NO_IMAGES, "no images"),
        (pack(Member(b"a/")), Reason.ARCHIVE_NO_IMAGES, "no images"),
        (pack(Member(b"a.png", b"x", flags=1)), Reason.ARCHIVE_ENCRYPTED, "password"),
        (pack(Member(b"a.png", b"x", method=9), Member(b"b.png")), Reason.ARCHIVE_UNREADABLE, "Each of them says why"),
    ],
)
def test_zip_of_which_nothing_can_be_read_is_refused_with_its_reason(
    job: ImportJob, data_dir: Path, content: bytes, reason: Reason, words: str
) -> None:
    item = bring(job, content)
    assert (item.state, item.reason) == (State.FAILED, reason)
    assert words in explain(item)
    assert uploading.finish(job).finished_at is not None
    assert part_files(data_dir) == []


def test_zip_has_limits_of_its_own(job: ImportJob, settings: Settings) -> None:
    settings.MAX_FILE_BYTES = 100
    settings.MAX_ARCHIVE_BYTES = 5000
    assert uploading.announce(job, "set.zip", 5000).state == State.WAITING
    refused = uploading.announce(job, "set.zip", 5001)
    assert (refused.state, refused.reason, refused.kind) == (State.FAILED, Reason.ARCHIVE_TOO_LARGE, Kind.ARCHIVE)
    assert "5 kB" in explain(refused)
    settings.MAX_ARCHIVE_ENTRIES = 2
    many = bring(job, pack(Member(b"a"), Member(b"b"), Member(b"c")))
    assert (many.reason, "2 files" in explain(many)) == (Reason.ARCHIVE_TOO_MANY, True)
    settings.MAX_ARCHIVE_UNPACKED_BYTES = 150
    much = bring(job, pack(Member(b"a", b"x" * 80), Member(b"b", b"x" * 80)))
    assert (much.reason, "160 B" in explain(much), "150 B" in explain(much)) == (Reason.ARCHIVE_TOO_MUCH, True, True)
    assert not Image.objects.exists()


def test_nothing_is_written_but_below_the_data_folder_under_names_of_the_server(
    job: ImportJob, tmp_path: Path, data_dir: Path
) -> None:
    around = data_dir.parent
    before = tree(around)
    hostile = [
        b"../../evil.png",
        b"/tmp/evil.png",
        b"..\\evil.png",
        b"C:\\evil.png",
        b"~/evil.png",
        b"a.png:evil",
        b"..",
    ]
    item = bring(job, pack(*[Member(name, picture(number), mode=0o104755) for number, name in enumerate(hostile)]))
    assert {state for state, _reason in ends(item).values()} == {State.READY}
    new = {path: found for path, found in tree(around).items() if path not in before}
    assert all(path.startswith(f"{data_dir.name}/blobs/") for path in new)
    assert not [path for path in new if "evil" in path]
    assert {mode for _size, mode in new.values()} <= {0o600}
    assert list(tmp_path.iterdir()) == []


# --- Deaths, and other workers -------------------------------------------------------------------


def test_death_in_the_middle_of_a_long_list_adds_nothing_twice(job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    class WorkerDied(BaseException):
        """What no code in a worker catches."""

    monkeypatch.setattr(archives, "_AT_ONCE", 10)
    item = uploading.send(job, "set.zip", pack(*[Member(b"%d.png" % n, picture(n)) for n in range(35)]))
    calls: list[int] = []

    def dies_in_the_third(dataset_id: int, count: int) -> int:
        calls.append(count)
        if len(calls) == 3:
            raise WorkerDied
        return uploads.take_positions(dataset_id, count)

    monkeypatch.setattr(archives, "take_positions", dies_in_the_third)
    with pytest.raises(WorkerDied):
        process_archive(claim(item.pk) or item)
    assert item.entries.count() == 20
    ImportItem.objects.filter(pk=item.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert process_item(item.pk) == State.READY
    assert [
        int(name.removesuffix(".png")) for name in item.entries.order_by("position").values_list("name", flat=True)
    ] == [*range(35)]
    assert item.entries.values("client_key").distinct().count() == 35
    # It went on behind the 20 that were there, and gave each file one place.
    assert Dataset.objects.get().next_position == item.position + 36


def test_long_list_is_handed_on_and_goes_on_where_it_stopped(job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_AT_ONCE", 1)
    monkeypatch.setattr(archives, "_MOST_SECONDS", 0.0)
    item = uploading.send(job, "set.zip", pictures(2))
    assert process_item(item.pk) == State.RECEIVED
    assert item.entries.count() == 1
    monkeypatch.setattr(archives, "_MOST_SECONDS", 60.0)
    process_waiting(most_seconds=60)
    assert Image.objects.count() == 2


def test_worker_that_lost_the_zip_adds_nothing(job: ImportJob) -> None:
    item = uploading.send(job, "set.zip", pictures(2))
    held = claim(item.pk)
    assert held is not None
    ImportItem.objects.filter(pk=item.pk).update(attempts=2)
    with pytest.raises(LostClaim):
        process_archive(held)
    assert item.entries.count() == 0


def test_zip_that_lacks_bytes_is_not_read(job: ImportJob, data_dir: Path) -> None:
    item = uploading.send(job, "set.zip", pictures(1))
    uploading.part_file(data_dir, item).write_bytes(pictures(1)[:-1])
    assert process_item(item.pk) == State.FAILED
    item.refresh_from_db()
    assert item.reason == Reason.INCOMPLETE


# --- Room on the disk ------------------------------------------------------------------------------


def test_one_file_at_a_time_lies_unpacked_beside_its_zip(job: ImportJob, data_dir: Path) -> None:
    item = uploading.send(job, "set.zip", pictures(5))
    process_item(item.pk)
    assert len(part_files(data_dir)) == 1
    most = 0
    for child in item.entries.order_by("pk"):
        held = claim(child.pk)
        assert held is not None
        fetch_entry(held)
        most = max(most, len(part_files(data_dir)))
        ImportItem.objects.filter(pk=child.pk).update(state=State.RECEIVED)
        process_item(child.pk)
    assert most == 2
    assert part_files(data_dir) == []


def test_zip_stays_while_a_file_of_it_waits_and_goes_with_the_last(job: ImportJob, data_dir: Path) -> None:
    item = uploading.send(job, "set.zip", pictures(2))
    process_item(item.pk)
    first, second = item.entries.order_by("pk")
    process_item(first.pk)
    assert remove_leftovers() == 0
    assert not release_archive(item.pk)
    assert incoming_path(data_dir, item.pk).exists()
    process_item(second.pk)
    assert not incoming_path(data_dir, item.pk).exists()


def test_zip_whose_last_worker_died_is_swept(job: ImportJob, data_dir: Path) -> None:
    item = uploading.send(job, "set.zip", pictures(1))
    process_item(item.pk)
    item.entries.update(state=State.READY)
    assert remove_leftovers() == 1
    assert part_files(data_dir) == []


def test_a_zip_of_texts_alone_reaches_the_images_that_were_here(job: ImportJob) -> None:
    """Its bytes are gone when the import knows that it brings no such picture itself."""
    uploading.bring(job, "cat.png", picture(1))
    rows = b'{"file_name": "cat.png", "text": "whiskers, tail"}'
    second = uploading.start(job.dataset)
    zipped = bring(second, pack(Member(b"metadata.jsonl", rows)))
    for _turn in range(2):
        uploading.finish(second)
        process_waiting(most_seconds=60)
    assert [tag.name for tag in get_image_state(Image.objects.get()).tags] == ["whiskers", "tail"]
    assert zipped.entries.get().state == State.READY


def test_files_of_a_zip_that_were_cancelled_come_in_when_it_is_sent_again(job: ImportJob, data_dir: Path) -> None:
    content = pictures(3)
    item = uploading.send(job, "set.zip", content)
    process_item(item.pk)
    assert item.entries.count() == 3
    cancel_import(job)
    assert part_files(data_dir) == []
    assert [(again.pk, again.state) for again in retry_items(job)] == [(item.pk, State.WAITING)]
    item.refresh_from_db()
    uploads.write_chunk(item, offset=0, content=content)
    process_waiting(most_seconds=60)
    assert {state for state, _reason in ends(item).values()} == {State.READY}
    assert Image.objects.count() == 3


def test_a_long_list_may_take_more_turns_than_workers_may_die(job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_SECONDS", -1.0)
    monkeypatch.setattr(archives, "_AT_ONCE", 1)
    item = bring(job, pictures(14))
    assert item.attempts > 10
    assert (item.state, item.entries.filter(state=State.READY).count()) == (State.READY, 14)


def test_cancelled_import_leaves_no_zip_behind(job: ImportJob, data_dir: Path) -> None:
    listed = uploading.send(job, "listed.zip", pictures(2))
    process_item(listed.pk)
    uploading.send(job, "waiting.zip", pictures(3))
    cancel_import(job)
    assert part_files(data_dir) == []
    assert {state for state, _reason in ends(listed).values()} == {State.SKIPPED}


def test_zip_cancelled_while_it_is_listed_ends_and_can_be_sent_again(
    job: ImportJob, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_AT_ONCE", 1)
    content = pictures(3)
    item = uploading.send(job, "set.zip", content)
    held = claim(item.pk)
    assert held is not None

    def cancels(dataset_id: int, count: int) -> int:
        monkeypatch.setattr(archives, "take_positions", uploads.take_positions)
        ImportJob.objects.filter(pk=job.pk).update(cancelled_at=timezone.now())
        return uploads.take_positions(dataset_id, count)

    monkeypatch.setattr(archives, "take_positions", cancels)
    assert process_archive(held) == State.SKIPPED
    cancel_import(job)
    assert ends(item) == {"0.png": (State.SKIPPED, Reason.CANCELLED)}
    assert part_files(data_dir) == []
    (again,) = retry_items(job, [item.pk])
    assert again.state == State.WAITING
    uploads.write_chunk(again, offset=0, content=content)
    process_waiting(most_seconds=60)
    assert Image.objects.count() == 3


def test_full_disk_refuses_the_file_and_keeps_the_zip_for_another_try(job: ImportJob, data_dir: Path) -> None:
    big = images.encoded("BMP", width=300, height=200, seed=3)
    item = uploading.send(job, "set.zip", pack(Member(b"big.bmp", big, method=8)))
    process_item(item.pk)
    child = item.entries.get()
    with files_end_at(50_000):
        process_item(child.pk)
    child.refresh_from_db()
    assert (child.state, child.reason) == (State.FAILED, Reason.NOT_STORED)
    assert [path.name for path in part_files(data_dir)] == [f"{item.pk}.part"]
    assert remove_leftovers() == 0
    assert [one.pk for one in retry_items(job)] == [child.pk]
    assert process_item(child.pk) == State.READY
    assert part_files(data_dir) == []


def test_file_whose_zip_is_gone_says_so(job: ImportJob, data_dir: Path) -> None:
    item = uploading.send(job, "set.zip", pictures(1))
    process_item(item.pk)
    incoming_path(data_dir, item.pk).unlink()
    child = item.entries.get()
    assert process_item(child.pk) == State.FAILED
    child.refresh_from_db()
    assert child.reason == Reason.INCOMPLETE


def test_entry_is_fetched_again_over_what_an_earlier_death_left(job: ImportJob, data_dir: Path) -> None:
    item = uploading.send(job, "set.zip", pictures(1))
    process_item(item.pk)
    child = item.entries.get()
    path = incoming_path(data_dir, child.pk)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(child.byte_size))
    assert process_item(child.pk) == State.READY


@pytest.mark.parametrize("module", [pure, names])
def test_every_code_of_the_reader_has_its_sentence(module: ModuleType) -> None:
    found = re.findall(r'"([A-Z]+(?:_[A-Z]+)+|EMPTY|HIDDEN)"', Path(str(module.__file__)).read_text())
    assert found
    assert set(found) <= set(Reason.values)
