"""`/api/v1` of datasets, images and imports: what each call gives, and what each refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from datasets.models import Dataset, Image, ImportItem, ImportJob
from datasets.services.uploads import CHUNK_BYTES
from datasets.tasks import PICTURES_QUEUE
from tagger_project.celery import app as celery_app
from tests import factories, images, uploading
from tests.disks import disk_full_after

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

API = "/api/v1"
NOWHERE = 10**6
HUGE = 10**30


def post(client: Client, path: str, body: object = None) -> Response:
    return client.post(f"{API}{path}", data=body if body is not None else {}, content_type="application/json")


def patch(client: Client, path: str, body: object) -> Response:
    return client.patch(f"{API}{path}", data=body, content_type="application/json")


def put(client: Client, item: ImportItem, content: bytes, offset: int = 0) -> Response:
    path = f"{API}/imports/{item.job_id}/items/{item.pk}/content?offset={offset}"
    return client.put(path, data=content, content_type="application/octet-stream")


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return uploading.start(dataset)


# --- Datasets --------------------------------------------------------------------------------------


def test_a_dataset_is_made_and_listed(client: Client, db: None) -> None:
    made = post(client, "/datasets", {"name": " Green  Parrots ", "trigger_word": "grnprrt"})
    assert made.status_code == 201
    expected = {
        "id": made.json()["id"],
        "name": "Green Parrots",
        "file_prefix": "green-parrots",
        "trigger_word": "grnprrt",
        "images": 0,
        "tagged": 0,
    }
    assert made.json() == expected
    assert client.get(f"{API}/datasets").json() == [expected]
    assert client.get(f"{API}/datasets/{expected['id']}").json() == expected


def test_the_list_counts_images_and_the_tagged_among_them(client: Client, dataset: Dataset) -> None:
    for tagged in (True, False, False):
        factories.make_image(dataset, is_tagged=tagged)
    empty = factories.make_dataset()
    rows = client.get(f"{API}/datasets").json()
    assert [(row["id"], row["images"], row["tagged"]) for row in rows] == [(empty.pk, 0, 0), (dataset.pk, 3, 1)]


@pytest.mark.parametrize("name", ["Parrots", "PARROTS", " parrots "])
def test_a_name_that_exists_is_refused_with_a_sentence(client: Client, db: None, name: str) -> None:
    factories.make_dataset(name="Parrots")
    answer = post(client, "/datasets", {"name": name})
    assert answer.status_code == 409
    assert name.strip() in answer.json()["detail"]
    assert "Choose another name" in answer.json()["detail"]
    assert Dataset.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"name": ""}, "Give the dataset a name."),
        ({"name": " \n\t"}, "Give the dataset a name."),
        ({"name": "x" * 121}, "121"),
        ({"name": "a", "file_prefix": "../up"}, "../up"),
        ({"name": "a", "file_prefix": "ünicode"}, "ünicode"),
        ({"name": "a", "file_prefix": "a_b_c_d"}, "twice"),
        ({"name": "a", "file_prefix": "my-train"}, "train"),
        ({"name": "a", "file_prefix": "p" * 41}, "40"),
        ({"name": "a", "trigger_word": "one, two"}, "comma"),
        ({"name": "a", "trigger_word": "t" * 101}, "100"),
    ],
)
def test_what_a_dataset_cannot_be_is_refused_with_a_sentence(
    client: Client, db: None, body: dict[str, str], says: str
) -> None:
    answer = post(client, "/datasets", body)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("name", ["猫と犬", "Train", "../..", "<script>alert(1)</script>"])
def test_any_name_gets_a_prefix_that_trainers_read(client: Client, db: None, name: str) -> None:
    made = post(client, "/datasets", {"name": name}).json()
    assert made["name"] == name
    assert made["file_prefix"].replace("-", "").isascii()
    assert made["file_prefix"].replace("-", "").isalnum()
    assert "train" not in made["file_prefix"]


def test_a_change_leaves_alone_what_it_does_not_name(client: Client, dataset: Dataset) -> None:
    before = dataset.revision
    answer = patch(client, f"/datasets/{dataset.pk}", {"trigger_word": "new"})
    dataset.refresh_from_db()
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["trigger_word"]) == (dataset.name, "new")
    assert dataset.revision > before


@pytest.mark.parametrize(
    ("body", "status"), [({"name": "Taken"}, 409), ({"name": ""}, 422), ({"file_prefix": "/"}, 422)]
)
def test_a_refused_change_changes_nothing(client: Client, dataset: Dataset, body: dict[str, str], status: int) -> None:
    factories.make_dataset(name="Taken")
    assert patch(client, f"/datasets/{dataset.pk}", {"trigger_word": "new", **body}).status_code == status
    assert Dataset.objects.get(pk=dataset.pk).trigger_word == ""


# --- Images ----------------------------------------------------------------------------------------


def test_images_come_in_pages_in_order(client: Client, dataset: Dataset) -> None:
    made = [factories.make_image(dataset) for _ in range(3)]
    first = client.get(f"{API}/datasets/{dataset.pk}/images?limit=2").json()
    assert [row["id"] for row in first["images"]] == [made[0].pk, made[1].pk]
    assert (first["next"], first["total"], first["revision"]) == (str(made[1].position), 3, dataset.revision)
    last = client.get(f"{API}/datasets/{dataset.pk}/images?limit=2&after={first['next']}").json()
    assert [row["id"] for row in last["images"]] == [made[2].pk]
    assert last["next"] is None


def test_only_untagged_images_are_listed_where_asked(client: Client, dataset: Dataset) -> None:
    factories.make_image(dataset, is_tagged=True)
    untagged = factories.make_image(dataset)
    page = client.get(f"{API}/datasets/{dataset.pk}/images?untagged=true").json()
    assert [row["id"] for row in page["images"]] == [untagged.pk]
    assert page["total"] == 1


def test_no_page_holds_more_than_500_images(client: Client, dataset: Dataset) -> None:
    Image.objects.bulk_create(
        Image(
            dataset=dataset, position=n, sha256=f"{n:064x}", original_name=f"{n}.jpg", stem_key="", format="JPEG",
            width=1, height=1, byte_size=1, colour="#000000",
        )
        for n in range(1, 503)
    )  # fmt: skip
    page = client.get(f"{API}/datasets/{dataset.pk}/images?limit=100000").json()
    assert (len(page["images"]), page["next"], page["total"]) == (500, "500", 502)


def test_an_image_tells_all_but_its_words(client: Client, job: ImportJob) -> None:
    content = images.encoded("PNG")
    image = uploading.bring(job, "cat.png", content, folder="set").image
    assert image is not None
    facts = client.get(f"{API}/images/{image.pk}").json()
    assert (facts["name"], facts["folder"], facts["format"]) == ("cat.png", "set", "PNG")
    assert (facts["width"], facts["height"], facts["byte_size"]) == (320, 240, len(content))
    assert (facts["dataset_id"], facts["tagged"], facts["sha256"]) == (job.dataset_id, False, image.sha256)
    for kind in ("thumbnail", "preview", "original"):
        assert client.get(facts[kind]).status_code == 200


# --- Imports ---------------------------------------------------------------------------------------


def test_an_import_is_started_and_says_how_to_send(client: Client, dataset: Dataset, settings: Settings) -> None:
    answer = post(client, f"/datasets/{dataset.pk}/imports")
    assert answer.status_code == 201
    job = ImportJob.objects.get()
    assert answer.json() == {
        "id": job.pk,
        "page": reverse("datasets:import_job", args=[job.pk]),
        "chunk_bytes": CHUNK_BYTES,
        "max_file_bytes": settings.MAX_FILE_BYTES,
    }


def test_announced_files_come_back_in_order_with_what_is_wrong(client: Client, job: ImportJob) -> None:
    files = [
        {"name": "b.jpg", "folder": "x/../y", "size": 5},
        {"name": "empty.jpg", "size": 0},
        {"name": "a.txt", "size": 5},
        {"name": "huge.jpg", "size": HUGE},
        {"name": "half\ud800.jpg", "folder": "\udfff", "size": 5},
        {"name": "a\x00b.jpg", "size": 5},
    ]
    answer = post(client, f"/imports/{job.pk}/items", {"files": files})
    assert answer.status_code == 200
    rows = answer.json()["items"]
    assert [row["name"] for row in rows] == ["b.jpg", "empty.jpg", "a.txt", "huge.jpg", "half?.jpg", "a\ufffdb.jpg"]
    assert [row["kind"] for row in rows] == ["IMAGE", "IMAGE", "SIDECAR", "IMAGE", "IMAGE", "IMAGE"]
    assert [row["state"] for row in rows] == ["WAITING", "FAILED", "WAITING", "FAILED", "WAITING", "WAITING"]
    assert [row["reason_code"] for row in rows] == ["", "EMPTY", "", "FILE_TOO_LARGE", "", ""]
    assert rows[0]["reason"] == ""
    assert "0 bytes" in rows[1]["reason"]
    assert rows[0]["folder"] == "x/y"


def test_more_than_a_thousand_files_at_once_are_refused(client: Client, job: ImportJob) -> None:
    answer = post(client, f"/imports/{job.pk}/items", {"files": [{"name": "a.jpg", "size": 1}] * 1001})
    assert answer.status_code == 422
    assert "1000" in answer.json()["detail"]


def test_a_file_is_sent_in_chunks_and_a_worker_is_told_once(
    client: Client, job: ImportJob, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    item = uploading.announce(job, "a.jpg", 6)
    with django_capture_on_commit_callbacks(execute=True):
        first = put(client, item, b"abc")
        assert (first.status_code, first.json()) == (200, {"received": 3, "size": 6, "state": "WAITING"})
    assert messages_to_workers() == 0
    with django_capture_on_commit_callbacks(execute=True):
        second = put(client, item, b"def", offset=3)
        assert second.json() == {"received": 6, "size": 6, "state": "RECEIVED"}
    assert messages_to_workers() == 1


def messages_to_workers() -> int:
    """Take from the line what workers would; returns how many messages that were."""
    found = 0
    with celery_app.connection_for_read() as connection:
        channel: Any = connection.channel()
        while (message := channel.basic_get(PICTURES_QUEUE, no_ack=True)) is not None:
            assert message.headers["task"] == "datasets.process_items"
            found += 1
    return found


def test_a_chunk_at_the_wrong_place_is_told_where_to_go_on(client: Client, job: ImportJob) -> None:
    item = uploading.announce(job, "a.jpg", 6)
    put(client, item, b"abc")
    answer = put(client, item, b"abc")
    assert (answer.status_code, answer.json()["received"]) == (409, 3)
    assert "3" in answer.json()["detail"]


def test_a_file_that_has_arrived_is_told_so(client: Client, job: ImportJob) -> None:
    item = uploading.send(job, "a.jpg", b"abc")
    answer = put(client, item, b"abc")
    assert (answer.status_code, answer.json()["received"]) == (409, 3)
    assert "a.jpg" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("size", "content", "offset"), [(2, b"abc", 0), (CHUNK_BYTES * 2, bytes(CHUNK_BYTES + 1), 0), (9, b"a", HUGE)]
)
def test_too_many_bytes_are_refused(
    client: Client, job: ImportJob, data_dir: Path, size: int, content: bytes, offset: int
) -> None:
    answer = put(client, uploading.announce(job, "a.jpg", size), content, offset=offset)
    assert answer.status_code == 413
    assert "a.jpg" in answer.json()["detail"]
    assert uploading.stored_files(data_dir) == []


def test_a_full_disk_is_said(client: Client, job: ImportJob) -> None:
    item = uploading.announce(job, "a.jpg", 6)
    with disk_full_after(2):
        answer = put(client, item, b"abcdef")
    assert answer.status_code == 507
    assert "disk is full" in answer.json()["detail"]
    assert put(client, item, b"abcdef").status_code == 200


@pytest.mark.parametrize("offset", ["-1", "x", ""])
def test_an_offset_that_is_no_place_is_refused(client: Client, job: ImportJob, offset: str) -> None:
    item = uploading.announce(job, "a.jpg", 6)
    path = f"{API}/imports/{job.pk}/items/{item.pk}/content?offset={offset}"
    assert client.put(path, data=b"abc", content_type="application/octet-stream").status_code == 422


@pytest.mark.parametrize("offset", [-1, 2**63, 10**30])
def test_a_window_far_beyond_all_numbers_is_refused(client: Client, job: ImportJob, offset: int) -> None:
    assert client.get(f"{API}/imports/{job.pk}/items?offset={offset}").status_code == 422


def test_a_file_of_another_import_is_not_found(client: Client, job: ImportJob) -> None:
    item = uploading.announce(uploading.start(job.dataset), "a.jpg", 3)
    path = f"{API}/imports/{job.pk}/items/{item.pk}/content?offset=0"
    assert client.put(path, data=b"abc", content_type="application/octet-stream").status_code == 404


def test_files_of_an_import_are_listed_by_state_and_in_pages(client: Client, job: ImportJob) -> None:
    items = [
        uploading.announce(job, name, size) for name, size in [("a.jpg", 0), ("b.jpg", 1), ("c.jpg", 0), ("d.jpg", 0)]
    ]
    first = client.get(f"{API}/imports/{job.pk}/items?state=FAILED&limit=2").json()
    assert [row["name"] for row in first["items"]] == ["a.jpg", "c.jpg"]
    assert first["next"] == items[2].pk
    last = client.get(f"{API}/imports/{job.pk}/items?state=FAILED&limit=2&after={first['next']}").json()
    assert ([row["name"] for row in last["items"]], last["next"]) == (["d.jpg"], None)
    assert len(client.get(f"{API}/imports/{job.pk}/items").json()["items"]) == 4


def test_sealing_finishes_an_import_whose_files_have_their_end(client: Client, job: ImportJob) -> None:
    uploading.announce(job, "empty.jpg", 0)
    assert client.get(f"{API}/imports/{job.pk}").json()["state"] == "OPEN"
    answer = post(client, f"/imports/{job.pk}/seal")
    assert (answer.status_code, answer.json()["state"], answer.json()["failed"]) == (200, "DONE", 1)
    assert client.get(f"{API}/imports/{job.pk}").json() == answer.json()


# --- All calls -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [NOWHERE, HUGE])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/datasets/{}"),
        ("patch", "/datasets/{}"),
        ("get", "/datasets/{}/images"),
        ("get", "/images/{}"),
        ("post", "/datasets/{}/imports"),
        ("get", "/imports/{}"),
        ("post", "/imports/{}/items"),
        ("get", "/imports/{}/items"),
        ("put", "/imports/{}/items/1/content"),
        ("post", "/imports/{}/seal"),
    ],
)
def test_what_is_not_there_is_not_found(client: Client, db: None, method: str, path: str, number: int) -> None:
    send: Callable[..., Response] = getattr(client, method)
    options: dict[str, Any] = {} if method == "get" else {"data": {"files": []}, "content_type": "application/json"}
    answer = send(f"{API}{path.format(number)}", **options)
    assert answer.status_code == 404
    assert answer.json()["detail"]


def unsafe_calls(job: ImportJob, item: ImportItem) -> list[tuple[str, str, object]]:
    return [
        ("post", "/datasets", {"name": "New"}),
        ("patch", f"/datasets/{job.dataset_id}", {"name": "Other"}),
        ("post", f"/datasets/{job.dataset_id}/imports", {}),
        ("post", f"/imports/{job.pk}/items", {"files": [{"name": "a.jpg", "size": 1}]}),
        ("put", f"/imports/{job.pk}/items/{item.pk}/content?offset=0", "abc"),
        ("post", f"/imports/{job.pk}/seal", {}),
    ]


def contents() -> dict[str, list[dict[str, Any]]]:
    """Every row of the program's own tables."""
    models: list[type[Model]] = [
        m for app in ("datasets", "tagging", "sessions_app") for m in apps.get_app_config(app).get_models()
    ]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


def test_nothing_is_changed_without_the_csrf_token(strict_client: Client, job: ImportJob) -> None:
    item = uploading.announce(job, "a.jpg", 3)
    before = contents()
    for method, path, body in unsafe_calls(job, item):
        answer = getattr(strict_client, method)(f"{API}{path}", data=body, content_type="application/json")
        assert answer.status_code == 403, path
    assert contents() == before


def test_with_the_csrf_token_each_call_works(strict_client: Client, job: ImportJob) -> None:
    item = uploading.announce(job, "a.jpg", 5)
    strict_client.get(reverse("datasets:create"))
    token = strict_client.cookies["csrftoken"].value
    for method, path, body in unsafe_calls(job, item):
        send = getattr(strict_client, method)
        answer = send(f"{API}{path}", data=body, content_type="application/json", headers={"X-CSRFToken": token})
        assert answer.status_code in {200, 201}, (path, answer.content)


def test_reading_changes_nothing(client: Client, job: ImportJob) -> None:
    image = uploading.bring(job, "a.png", images.encoded("PNG")).image
    assert image is not None
    before = contents()
    for path in [
        "/datasets",
        f"/datasets/{job.dataset_id}",
        f"/datasets/{job.dataset_id}/images",
        f"/images/{image.pk}",
        f"/imports/{job.pk}",
        f"/imports/{job.pk}/items",
        "/openapi.json",
    ]:
        assert client.get(f"{API}{path}").status_code == 200
    assert contents() == before


def test_what_writes_does_not_answer_a_get(client: Client, job: ImportJob) -> None:
    item = uploading.announce(job, "a.jpg", 3)
    for path in [
        f"/imports/{job.pk}/seal",
        f"/imports/{job.pk}/items/{item.pk}/content",
        f"/datasets/{job.dataset_id}/imports",
    ]:
        assert client.get(f"{API}{path}").status_code == 405


def test_the_description_lists_every_call(client: Client, db: None) -> None:
    description = client.get(f"{API}/openapi.json").json()
    calls = {(method, path) for path, methods in description["paths"].items() for method in methods}
    assert {
        ("get", f"{API}/datasets"),
        ("post", f"{API}/datasets"),
        ("get", f"{API}/datasets/{{dataset_id}}"),
        ("patch", f"{API}/datasets/{{dataset_id}}"),
        ("get", f"{API}/datasets/{{dataset_id}}/images"),
        ("get", f"{API}/images/{{image_id}}"),
        ("post", f"{API}/datasets/{{dataset_id}}/imports"),
        ("get", f"{API}/imports/{{job_id}}"),
        ("post", f"{API}/imports/{{job_id}}/items"),
        ("get", f"{API}/imports/{{job_id}}/items"),
        ("put", f"{API}/imports/{{job_id}}/items/{{item_id}}/content"),
        ("post", f"{API}/imports/{{job_id}}/seal"),
    } <= calls


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"name": 5}', '{"name": "\\ud800"}'])
def test_a_body_that_is_not_what_was_asked_for_is_refused(client: Client, db: None, body: str) -> None:
    answer = client.post(f"{API}/datasets", data=body, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]
    assert not Dataset.objects.exists()
