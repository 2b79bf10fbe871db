"""Pictures in a bucket: it is the record, the data folder holds copies, and no row is ever without its files."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from datasets import paths, remote
from datasets.models import Dataset, Image, ImportItem
from datasets.permissions import visible_images
from datasets.services.blobs import free_unneeded_blobs
from datasets.services.evicting import evict_least_used
from datasets.services.processing import process_waiting
from datasets.tasks import process_items
from tagger_project import bucket as bucket_module
from tagger_project.bucket import BucketSettings
from tagging.models import ExportJob
from tagging.services.exports.running import run_export
from tests import images, uploading
from tests.s3_server import BUCKET, KEY, SECRET, S3Server, Stored
from tests.tagging.exporting import export, files_of, start

State = ImportItem.State
NONE = timedelta(0)
ALL = {"originals", "thumbnails", "previews"}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """One server for all tests: a client for it is made once."""
    server = S3Server().start()
    yield server
    server.stop()


@pytest.fixture
def s3(server: S3Server, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """An empty bucket that keeps the pictures."""
    server.objects.clear()
    server.asked.clear()
    settings.BUCKET = BucketSettings(BUCKET, server.endpoint, "us-east-1", KEY, SECRET, "team/one/")
    # Nobody waits in a test for what came back at once.
    monkeypatch.setattr(bucket_module, "_QUIET_SECONDS", 0.0)
    yield server
    server.before, server.fault = (lambda method, key: None), 0
    if not server.listens:
        server.start()


def bring(dataset: Dataset, seed: int = 1, name: str = "a.jpg") -> Image:
    item = uploading.bring(uploading.start(dataset), name, images.encoded(seed=seed, width=64, height=64))
    assert item.image is not None, item.reason
    return item.image


def local_files(root: Path) -> list[Path]:
    return [path for path in (root / "blobs").rglob("*") if path.is_file()]


def lose_copies(root: Path) -> None:
    for path in local_files(root):
        path.unlink()


def addresses(image: Image) -> list[str]:
    return [f"/files/images/{image.pk}/{kind}/" for kind in ("thumbnail", "preview", "original")]


def content(answer: Any) -> bytes:
    return b"".join(answer) if answer.streaming else bytes(answer.content)


# --- Storing and reading ------------------------------------------------------------------------------------


def test_an_import_stores_in_the_bucket_before_there_is_a_row(data_dir: Path, dataset: Dataset, s3: S3Server) -> None:
    rows: list[int] = []
    s3.before = lambda method, key: rows.append(Image.everything.count()) if method == "PUT" else None
    image = bring(dataset)
    assert s3.names() == {path.relative_to(data_dir).as_posix() for path in local_files(data_dir)}
    assert {name.split("/")[1] for name in s3.names()} == ALL
    assert rows == [0, 0, 0]
    original = s3.objects[f"team/one/blobs/originals/{image.sha256[:2]}/{image.sha256}.jpg"]
    assert original.content == images.encoded(seed=1, width=64, height=64)


def test_what_the_bucket_has_is_not_sent_again(dataset: Dataset, s3: S3Server) -> None:
    bring(dataset)
    s3.asked.clear()
    bring(Dataset.objects.create(name="Other", file_prefix="other"))
    assert [method for method, key in s3.asked if "blobs" in key] == ["HEAD"] * 3


def test_pages_show_pictures_whose_copies_are_gone(
    data_dir: Path, dataset: Dataset, s3: S3Server, client: Client
) -> None:
    image = bring(dataset)
    before = [content(client.get(address)) for address in addresses(image)]
    lose_copies(data_dir)
    assert [content(client.get(address)) for address in addresses(image)] == before
    assert len(local_files(data_dir)) == 3
    s3.asked.clear()
    assert [content(client.get(address)) for address in addresses(image)] == before
    assert s3.asked == []


def test_a_proxy_is_told_of_a_file_that_is_there(
    data_dir: Path, dataset: Dataset, s3: S3Server, client: Client, settings: Settings
) -> None:
    image = bring(dataset)
    lose_copies(data_dir)
    settings.ACCEL_PREFIX = "/_stored"
    told = client.get(addresses(image)[0])["X-Accel-Redirect"]
    assert (data_dir / told.removeprefix("/_stored/")).is_file()


def test_a_bucket_that_is_away_is_said_and_not_taken_for_a_loss(
    data_dir: Path, dataset: Dataset, s3: S3Server, client: Client
) -> None:
    image = bring(dataset)
    lose_copies(data_dir)
    with s3.away():
        answers = [client.get(address) for address in addresses(image)]
        assert [answer.status_code for answer in answers] == [503] * 3
        assert answers[0]["Retry-After"]
        assert "Nothing is lost" in answers[0].content.decode()
        assert client.get("/readyz").json()["bucket"] == "no answer"
        assert client.get(f"/datasets/{dataset.pk}/").status_code == 200
    s3.fault = 503
    assert client.get(addresses(image)[0]).status_code == 503
    s3.fault = 0
    assert [client.get(address).status_code for address in addresses(image)] == [200] * 3
    assert client.get("/readyz").json()["bucket"] == "ok"


def test_readiness_asks_no_bucket_where_there_is_none(client: Client, db: None) -> None:
    assert "bucket" not in client.get("/readyz").json()


@pytest.mark.parametrize(("kind", "damage"), [("original", None), ("original", b"x" * 10), ("thumbnail", None)])
def test_a_damaged_object_is_noticed_and_never_shown(
    data_dir: Path, dataset: Dataset, s3: S3Server, client: Client, kind: str, damage: bytes | None
) -> None:
    image = bring(dataset)
    lose_copies(data_dir)
    [key] = [key for key in s3.objects if f"/{kind}s/" in key]
    whole = s3.objects[key].content
    s3.objects[key].content = damage or whole[:-1] + bytes([whole[-1] ^ 1])
    assert client.get(f"/files/images/{image.pk}/{kind}/").status_code == 404
    assert not any(f"{kind}s" in path.parts for path in local_files(data_dir))
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("verify", "--read-bucket", stdout=out)
    assert "DAMAGED" in out.getvalue() or "WRONG_SIZE" in out.getvalue()


def test_known_bytes_need_no_sending_where_the_bucket_alone_has_them(
    data_dir: Path, dataset: Dataset, s3: S3Server
) -> None:
    from datasets.services.checksums import declare_checksums

    image = bring(dataset)
    lose_copies(data_dir)
    job = uploading.start(Dataset.objects.create(name="Other", file_prefix="other"))
    item = uploading.announce(job, "b.jpg", image.byte_size)
    [item] = declare_checksums(job, {item.pk: image.sha256}, visible=visible_images(None))
    assert item.state == State.RECEIVED
    process_waiting(most_seconds=10)
    item.refresh_from_db()
    assert item.state == State.READY


def test_an_export_is_the_same_without_local_copies(
    data_dir: Path, tmp_path: Path, dataset: Dataset, s3: S3Server
) -> None:
    for seed in range(1, 4):
        bring(dataset, seed, f"{seed}.jpg")
    for folder in ("with", "without", "converted"):
        if folder == "without":
            lose_copies(data_dir)
        options = ["--format", "png", "--pixels", "converted"] if folder == "converted" else []
        call_command("export_dataset", dataset.name, "--output", str(tmp_path / folder), *options, stdout=io.StringIO())
    with_copies, without = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).rglob("*.jpg")} for folder in ("with", "without")
    )
    assert len(with_copies) == 3
    assert without == with_copies
    assert len(list((tmp_path / "converted").rglob("*.png"))) == 3
    # What an export reads does not push out what pages show.
    assert local_files(data_dir) == []


# --- A bucket that is away ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    ["refuses connections", *(pytest.param(each, marks=pytest.mark.heavy) for each in ("answers 503", "breaks off"))],
)
def test_an_import_waits_for_the_bucket_and_nothing_is_lost(
    data_dir: Path, dataset: Dataset, s3: S3Server, how: str, empty_line: None
) -> None:
    job = uploading.start(dataset)
    items = [uploading.send(job, f"{seed}.jpg", images.encoded(seed=seed, width=64, height=64)) for seed in range(1, 4)]

    def look(method: str, key: str) -> None:
        if method == "PUT" and how == "breaks off":
            raise ConnectionError
        if method == "PUT":
            s3.fault = 503

    s3.before = look
    if how == "refuses connections":
        s3.stop()
    for _try in range(12):  # more often than a file is tried that workers die of
        process_items()
    assert not Image.everything.exists()
    assert set(ImportItem.objects.values_list("state", flat=True)) == {State.RECEIVED}
    assert all(uploading.part_file(data_dir, item).exists() for item in items)
    s3.before, s3.fault = (lambda method, key: None), 0
    if how == "refuses connections":
        s3.start()
    process_items()
    assert set(ImportItem.objects.values_list("state", flat=True)) == {State.READY}
    assert len(s3.names()) == 9


def test_an_export_waits_for_the_bucket_and_is_the_same_then(data_dir: Path, dataset: Dataset, s3: S3Server) -> None:
    for seed in range(1, 4):
        bring(dataset, seed, f"{seed}.jpg")
    whole = files_of(export(dataset))
    lose_copies(data_dir)
    job, fetched = start(dataset), []

    def only_one(method: str, key: str) -> None:
        if method == "GET" and "/originals/" in key:
            fetched.append(key)
            if len(fetched) > 1:
                raise ConnectionError

    s3.before = only_one
    for _try in range(4):  # more often than one that workers die of
        run_export(job.pk)
        job.refresh_from_db()
        assert (job.state, job.deaths) == (ExportJob.State.WAITING, 0)
    s3.before = lambda method, key: None
    run_export(job.pk)
    job.refresh_from_db()
    assert job.state == ExportJob.State.DONE
    assert files_of(job) == whole


def test_an_import_without_a_server_says_that_the_bucket_is_away(
    tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    (tmp_path / "a.jpg").write_bytes(images.encoded(seed=1, width=64, height=64))
    monkeypatch.setattr("datasets.management.local_workers._run", lambda received, workers: list(received))
    with s3.away(), pytest.raises(CommandError, match=r"does not answer .* start the program"):
        call_command("import_folder", str(tmp_path), "--dataset", "x", stdout=io.StringIO())
    assert ImportItem.objects.get().state == State.RECEIVED


# --- Freeing ------------------------------------------------------------------------------------------------


def break_off_deletions(method: str, key: str) -> None:
    if method == "DELETE" and "blobs" in key:
        raise ConnectionError


@pytest.mark.parametrize("has_copies", [True, False])
def test_what_nothing_needs_goes_from_the_bucket_too(
    data_dir: Path, dataset: Dataset, s3: S3Server, *, has_copies: bool
) -> None:
    first, second = bring(dataset), bring(dataset, 2, "b.jpg")
    if not has_copies:
        lose_copies(data_dir)
    free_unneeded_blobs(older_than=NONE)
    assert len(s3.names()) == 6
    first.delete()
    assert free_unneeded_blobs().pictures == 0, "it is young"
    assert free_unneeded_blobs(older_than=NONE).pictures == 1
    assert {Path(name).stem for name in s3.names()} == {second.sha256}
    assert {path.stem for path in local_files(data_dir)} == ({second.sha256} if has_copies else set())


def test_what_could_not_be_freed_in_the_bucket_is_freed_later(data_dir: Path, dataset: Dataset, s3: S3Server) -> None:
    image = bring(dataset)
    image.delete()
    s3.before = break_off_deletions
    assert free_unneeded_blobs(older_than=NONE).pictures == 1
    assert remote.is_marked(image.sha256)
    assert len(s3.names()) == 3
    s3.before = lambda method, key: None
    free_unneeded_blobs(older_than=NONE)
    assert s3.names() == set()
    assert not remote.is_marked(image.sha256)


def test_a_picture_that_comes_again_while_it_is_freed_stays(data_dir: Path, dataset: Dataset, s3: S3Server) -> None:
    bring(dataset).delete()
    s3.before = break_off_deletions
    free_unneeded_blobs(older_than=NONE)
    s3.before = lambda method, key: None
    image = bring(dataset)
    free_unneeded_blobs(older_than=NONE)
    assert len(s3.names()) == 3
    assert not remote.is_marked(image.sha256)


def test_the_pictures_of_another_installation_are_never_freed(
    data_dir: Path, dataset: Dataset, s3: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    remote.claim_place()
    image = bring(dataset)
    image.delete()
    lose_copies(data_dir)
    (data_dir / "bucket.id").write_text("another")
    assert free_unneeded_blobs(older_than=NONE).pictures == 0
    assert len(s3.names()) == 3
    assert "another installation" in caplog.text
    with pytest.raises(CommandError, match="adopt"):
        call_command("bucket", "upload")
    call_command("bucket", "adopt", stdout=io.StringIO())
    free_unneeded_blobs(older_than=NONE)
    assert s3.names() == set()


# --- Copies within a bound ----------------------------------------------------------------------------------


def set_bound(settings: Settings) -> None:
    settings.BUCKET = replace(settings.BUCKET, cache_bytes=1)
    time.sleep(0.02)


def test_least_used_copies_go_and_come_back(
    data_dir: Path, dataset: Dataset, s3: S3Server, settings: Settings, client: Client
) -> None:
    image = bring(dataset)
    assert evict_least_used(seconds=10, young=0) == 0, "no bound is set"
    set_bound(settings)
    assert evict_least_used(seconds=10) == 0, "all is young"
    assert evict_least_used(seconds=10, young=0) == 3
    assert local_files(data_dir) == []
    assert client.get(addresses(image)[0]).status_code == 200


def test_what_the_bucket_lacks_is_never_evicted(
    data_dir: Path, dataset: Dataset, s3: S3Server, settings: Settings
) -> None:
    bring(dataset)
    set_bound(settings)
    lacking, wrong = [key for key in sorted(s3.objects) if "/blobs/" in key][:2]
    del s3.objects[lacking]
    s3.objects[wrong].metadata = {}
    assert evict_least_used(seconds=10, young=0) == 1
    assert {f"team/one/{path.relative_to(data_dir).as_posix()}" for path in local_files(data_dir)} == {lacking, wrong}
    with s3.away():
        assert evict_least_used(seconds=10, young=0) == 0


# --- Looking, mending, moving -------------------------------------------------------------------------------


def findings(*arguments: str) -> list[dict[str, object]]:
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("verify", "--json", "--grace", "0", *arguments, stdout=out)
    told: list[dict[str, object]] = json.loads(out.getvalue())["findings"]
    # Nothing commits in a test, so nothing removes what was read.
    return [each for each in told if each["kind"] != "HALF_WRITTEN"]


def test_verify_compares_with_the_bucket_and_repair_mends(data_dir: Path, dataset: Dataset, s3: S3Server) -> None:
    image = bring(dataset)
    assert findings() == []
    lose_copies(data_dir)
    assert findings() == findings("--read-bucket") == []
    remote.bring(paths.original_path(data_dir, image.sha256, "JPEG"))
    for key in [key for key in s3.objects if "/blobs/" in key]:
        del s3.objects[key]
    s3.objects[f"team/one/blobs/originals/ab/{'ab' * 32}.png"] = Stored(b"", {})
    found = findings("--repair")
    assert sorted(str(each["kind"]) for each in found) == [
        "MISSING_PREVIEW",
        "MISSING_THUMBNAIL",
        "NOT_IN_BUCKET",
        "ORPHAN",
    ]
    assert {str(each["kind"]) for each in found if each["repaired"]} == {str(each["kind"]) for each in found} - {
        "ORPHAN"
    }
    assert [each["kind"] for each in findings()] == ["ORPHAN"]
    assert len(s3.names()) == 4


def test_a_damaged_copy_is_fetched_anew_and_a_damaged_object_is_not(
    data_dir: Path, dataset: Dataset, s3: S3Server
) -> None:
    image = bring(dataset)
    original = paths.original_path(data_dir, image.sha256, "JPEG")
    whole = original.read_bytes()
    original.write_bytes(whole[:-1] + b"x")
    [found] = findings("--repair")
    assert (found["kind"], found["repaired"]) == ("DAMAGED", True)
    assert original.read_bytes() == whole
    assert findings() == []
    [key] = [key for key in s3.objects if "/originals/" in key]
    s3.objects[key].content = whole[:-1] + b"x"
    original.write_bytes(whole[:-1] + b"y")
    assert [each["kind"] for each in findings("--repair") if not each["repaired"]][:1] == ["DAMAGED"]
    assert original.read_bytes() == whole[:-1] + b"y"
    assert s3.objects[key].content == whole[:-1] + b"x"


def test_an_installation_moves_into_the_bucket_and_back(
    data_dir: Path, dataset: Dataset, s3: S3Server, settings: Settings, client: Client
) -> None:
    wanted, settings.BUCKET = settings.BUCKET, None
    image = bring(dataset)
    bring(dataset, 2, "b.jpg")
    assert s3.asked == []
    settings.BUCKET = wanted
    assert [each["kind"] for each in findings()] == ["NOT_IN_BUCKET"] * 6
    assert client.get(addresses(image)[0]).status_code == 200
    seen: list[str] = []

    def only_two(method: str, key: str) -> None:
        if method == "PUT" and "blobs" in key:
            seen.append(key)
            if len(seen) > 2:
                raise ConnectionError

    s3.before = only_two
    with pytest.raises(CommandError, match="What was moved stays"):
        call_command("bucket", "upload")
    s3.before = lambda method, key: None
    out = io.StringIO()
    call_command("bucket", "upload", stdout=out)
    assert out.getvalue().startswith("6 files are there")
    s3.asked.clear()
    call_command("bucket", "upload", stdout=io.StringIO())
    assert not any(method == "PUT" and "blobs" in key for method, key in s3.asked)
    assert findings("--read-bucket") == []
    lose_copies(data_dir)
    out = io.StringIO()
    call_command("bucket", "download", stdout=out)
    assert out.getvalue().startswith("6 files are there")
    settings.BUCKET = None
    assert findings() == []


def test_a_damaged_original_is_not_uploaded(data_dir: Path, dataset: Dataset, s3: S3Server, settings: Settings) -> None:
    image = bring(dataset)
    s3.objects.clear()
    paths.original_path(data_dir, image.sha256, "JPEG").write_bytes(b"not this")
    errors = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("bucket", "upload", stdout=io.StringIO(), stderr=errors)
    assert "is not what was stored" in errors.getvalue()
    assert not any("originals" in name for name in s3.names())
