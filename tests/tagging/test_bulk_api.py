"""`/api/v1`: actions on many images, their previews and their jobs; and what pages hear of them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.test import Client

from datasets.messages import dataset_group
from datasets.models import Dataset, Image
from tagging import jobs
from tagging.messages import BulkProgress
from tagging.models import BulkJob, Tag, TagCategory
from tagging.services.bulk.running import run_job
from tests import factories, sockets
from tests.tagging.doing import adding, apply, names_on, writing

pytestmark = pytest.mark.django_db

ALL = {"filter": ""}


def post(client: Client, address: str, body: dict[str, Any]) -> tuple[int, Any]:
    answer = client.post(f"/api/v1/{address}", body, content_type="application/json")
    return answer.status_code, answer.json()


def adding_to(target: dict[str, Any], *tags: str, **extra: Any) -> dict[str, Any]:
    return {"target": target, "action": {"kind": "add", "tags": list(tags)}, "key": str(uuid.uuid4()), **extra}


@pytest.fixture
def images(dataset: Dataset) -> list[Image]:
    """Three images with a tag each."""
    found = [factories.make_image(dataset) for _ in range(3)]
    for image, name in zip(found, "abb", strict=True):
        apply(image, adding(name))
    return found


def test_a_preview_counts_and_shows_and_writes_nothing(client: Client, dataset: Dataset, images: list[Image]) -> None:
    apply(images[1], writing("Prose."))
    body = {"target": {"filter": "b"}, "action": {"kind": "replace", "tags": ["b"], "with": ["x", "y"]}}
    status, told = post(client, f"datasets/{dataset.pk}/bulk/preview", body)
    assert (status, told["images"], told["changed"]) == (200, 2, 2)
    assert told["sample"][0] == {
        "image_id": images[1].pk,
        "name": images[1].original_name,
        "thumbnail": told["sample"][0]["thumbnail"],
        "before": {"tags": ["b"], "caption": "Prose."},
        "after": {"tags": ["x", "y"], "caption": "Prose."},
    }
    assert told["sample"][0]["thumbnail"].startswith(f"/files/images/{images[1].pk}/thumbnail/")
    assert not Tag.objects.filter(name__in=["x", "y"]).exists()
    assert not BulkJob.objects.exists()


def test_few_images_are_done_at_once(client: Client, dataset: Dataset, images: list[Image]) -> None:
    body = adding_to(ALL, "x")
    status, told = post(client, f"datasets/{dataset.pk}/bulk", body)
    assert status == 200
    assert (told["job"], told["images"], told["changed"]) == (None, 3, 3)
    assert all("x" in names_on(image) for image in images)
    assert post(client, f"datasets/{dataset.pk}/bulk", body) == (200, told)
    history = client.get(f"/api/v1/datasets/{dataset.pk}/history?limit=1").json()["entries"]
    assert (history[0]["id"], history[0]["images"], history[0]["added"]) == (told["change"], 3, 3)
    assert history[0]["reason"] == "Added to many: x"


def test_many_images_are_a_job(
    client: Client,
    dataset: Dataset,
    images: list[Image],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(jobs, "MOST_AT_ONCE", 2)
    woken: list[int] = []
    monkeypatch.setattr(jobs, "wake_for", woken.append)
    with django_capture_on_commit_callbacks(execute=True):
        status, told = post(client, f"datasets/{dataset.pk}/bulk", adding_to(ALL, "x"))
    job = told["job"]
    assert (status, job["state"], job["total"], job["done"], job["kind"]) == (202, "WAITING", 3, 0, "add")
    assert woken == [job["id"]]
    run_job(job["id"])
    told = client.get(f"/api/v1/bulk-jobs/{job['id']}").json()
    assert (told["state"], told["done"], told["changed"], told["seconds_left"], told["undone"]) == (
        "DONE",
        3,
        3,
        None,
        None,
    )
    with django_capture_on_commit_callbacks(execute=True):
        status, back = post(client, f"changes/{told['change']}/undo-job", {"key": str(uuid.uuid4())})
    assert (status, back["kind"], back["state"]) == (202, "undo", "WAITING")
    run_job(back["id"])
    back = client.get(f"/api/v1/bulk-jobs/{back['id']}").json()
    assert back["state"] == "DONE"
    assert back["undone"] == {"images": 3, "reverted": 3, "left": 0, "left_images": 0, "kept": []}
    assert [names_on(image) for image in images] == [["a"], ["b"], ["b"]]


def test_an_undo_of_few_images_is_done_at_once(client: Client, dataset: Dataset, images: list[Image]) -> None:
    _status, told = post(client, f"datasets/{dataset.pk}/bulk", adding_to(ALL, "x"))
    key = {"key": str(uuid.uuid4())}
    status, back = post(client, f"changes/{told['change']}/undo-job", key)
    assert (status, back["state"], back["undone"]["reverted"]) == (200, "DONE", 3)
    assert post(client, f"changes/{told['change']}/undo-job", key)[1]["id"] == back["id"]
    status, again = post(client, f"changes/{told['change']}/undo-job", {"key": str(uuid.uuid4())})
    assert (status, "taken back already" in again["detail"]) == (409, True)


def test_a_job_is_cancelled(
    client: Client, dataset: Dataset, images: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_AT_ONCE", 2)
    _status, told = post(client, f"datasets/{dataset.pk}/bulk", adding_to(ALL, "x"))
    status, told = post(client, f"bulk-jobs/{told['job']['id']}/cancel", {})
    assert (status, told["state"]) == (200, "CANCELLED")


@pytest.mark.parametrize(
    ("target", "action", "sentence"),
    [
        ({}, {"kind": "add", "tags": ["x"]}, "one of the two"),
        ({"images": [1], "filter": ""}, {"kind": "add", "tags": ["x"]}, "one of the two"),
        ({"filter": "(a"}, {"kind": "add", "tags": ["x"]}, ""),
        ({"filter": ""}, {"kind": "add", "tags": ["a,b"]}, "comma"),
        ({"filter": ""}, {"kind": "add"}, "Say which tags"),
        ({"filter": ""}, {"kind": "explode"}, "kind"),
        ({"filter": ""}, {"kind": "add", "tags": ["x"], "colour": "red"}, "colour"),
        ({"filter": ""}, {"kind": "caption", "pattern": "(", "replacement": ""}, "cannot be read"),
        ({"filter": ""}, {"kind": "caption", "pattern": "a", "replacement": "\\2"}, "replacement cannot be read"),
        ({"filter": ""}, {"kind": "caption", "pattern": "", "replacement": ""}, "what to look for"),
        ({"filter": ""}, {"kind": "caption", "pattern": "a" * 501, "replacement": ""}, "pattern"),
    ],
)
@pytest.mark.parametrize("address", ["bulk", "bulk/preview"])
def test_what_cannot_be_done_is_refused_in_a_sentence(
    client: Client, dataset: Dataset, address: str, target: dict[str, Any], action: dict[str, Any], sentence: str
) -> None:
    body = {"target": target, "action": action, **({"key": str(uuid.uuid4())} if address == "bulk" else {})}
    status, told = post(client, f"datasets/{dataset.pk}/{address}", body)
    assert status == 422
    assert sentence in told["detail"]
    assert not BulkJob.objects.exists()


def test_a_slow_pattern_is_refused_by_its_preview(client: Client, dataset: Dataset, images: list[Image]) -> None:
    apply(images[0], writing("a" * 40 + "!"))
    body = {"target": ALL, "action": {"kind": "caption", "pattern": "^(a|a)*$", "replacement": "b"}}
    status, told = post(client, f"datasets/{dataset.pk}/bulk/preview", body)
    assert (status, "takes too long" in told["detail"]) == (422, True)


def test_texts_that_no_database_stores_are_taken_without_harm(
    client: Client, dataset: Dataset, images: list[Image]
) -> None:
    apply(images[0], writing("A cat."))
    action = {"kind": "caption", "pattern": "cat", "replacement": "d\x00og"}
    body = {"target": {"filter": "\x00"}, "action": action, "key": str(uuid.uuid4())}
    assert post(client, f"datasets/{dataset.pk}/bulk", body)[0] == 200
    assert post(client, f"datasets/{dataset.pk}/bulk", adding_to({"images": [-1, 2**70, images[0].pk]}, "x"))[0] == 200


def test_a_key_of_something_else_is_refused(client: Client, dataset: Dataset, images: list[Image]) -> None:
    key = str(uuid.uuid4())
    assert post(client, f"datasets/{dataset.pk}/bulk", adding_to(ALL, "x", key=key))[0] == 200
    status, told = post(client, f"datasets/{factories.make_dataset().pk}/bulk", adding_to(ALL, "x", key=key))
    assert (status, "key" in told["detail"]) == (409, True)


def test_what_is_not_there_is_not_found(client: Client) -> None:
    assert post(client, "datasets/99/bulk", adding_to(ALL, "x"))[0] == 404
    assert client.get("/api/v1/bulk-jobs/99").status_code == 404
    assert post(client, "changes/99/undo-job", {"key": str(uuid.uuid4())})[0] == 404


@pytest.mark.parametrize("most", [2_000, 1])
def test_the_tags_of_a_choice_of_images(
    client: Client, dataset: Dataset, images: list[Image], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("tagging.queries.tags_of._COUNTED_BY_DATABASE", most)
    character = TagCategory.objects.create(name="hero", colour="green")
    Tag.objects.filter(name="a").update(category=character)
    _status, told = post(client, f"datasets/{dataset.pk}/tags-of", {"target": ALL})
    assert told == {
        "images": 3,
        "tags": [
            {"name": "b", "category": "", "colour": "", "count": 2},
            {"name": "a", "category": "hero", "colour": "green", "count": 1},
        ],
    }
    target = {"images": [images[1].pk, images[2].pk]}
    _status, told = post(client, f"datasets/{dataset.pk}/tags-of", {"target": target})
    assert (told["images"], [(tag["name"], tag["count"]) for tag in told["tags"]]) == (2, [("b", 2)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/ws/datasets/{}/", "/ws/datasets/{}/desk/"])
def test_open_pages_hear_of_a_job(address: str) -> None:
    dataset = factories.make_dataset()
    message = BulkProgress(7, dataset.pk, "add", "RUNNING", 10, 4, 3, 2.0, 3, None, "")

    async def listen() -> list[dict[str, Any]]:
        async with sockets.socket(address.format(dataset.pk)) as page:
            await sockets.hear(page, 0.5)
            layer = get_channel_layer()
            assert layer is not None
            await layer.group_send(dataset_group(dataset.pk), {"type": "relay", "message": message.to_wire()})
            return await sockets.hear(page, 1.0)

    heard = async_to_sync(listen)()
    assert message.to_wire() in heard
