"""`/api/v1`: words and suggestions."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from datasets.models import Dataset, Image
from tagging.models import Change, Tag, TagAlias, TagCategory, TagOperation
from tagging.queries.state import get_image_state
from tests import factories
from tests.tagging.doing import adding, apply, names_on, writing

pytestmark = pytest.mark.django_db


def operation(kind: str, **fields: Any) -> dict[str, Any]:
    """An operation as the pages send it."""
    return {"key": str(uuid.uuid4()), "kind": kind, **fields}


def edit(client: Client, image: Image, *operations: dict[str, Any], **extra: Any) -> HttpResponse:
    """Send operations."""
    address = f"/api/v1/images/{image.pk}/edits"
    response = client.post(address, {"operations": list(operations)}, content_type="application/json", **extra)
    assert isinstance(response, HttpResponse)
    return response


def body(response: HttpResponse) -> Any:
    assert response["Content-Type"].startswith(("application/json", "application/problem+json"))
    return json.loads(response.content)


# --- words ------------------------------------------------------------------------------------------------------------


def test_the_words_of_an_image(client: Client, image: Image) -> None:
    apply(image, adding("b"), adding("a"), writing("Prose."))
    Tag.objects.filter(name="a").update(category=TagCategory.objects.get(number=1))
    response = client.get(f"/api/v1/images/{image.pk}/tags")
    assert response.status_code == 200
    assert response.json() == {
        "image_id": image.pk,
        "revision": 1,
        "tags": [
            {"name": "b", "source": "PERSON", "category": "", "colour": "", "implied_by": []},
            {"name": "a", "source": "PERSON", "category": "artist", "colour": "red", "implied_by": []},
        ],
        "caption": {"text": "Prose.", "version": 1},
        "review_state": "IN_PROGRESS",
        "review_reason": "",
        "tagged": True,
    }


def test_edits_are_applied_in_order_and_answered_with_the_state(client: Client, image: Image) -> None:
    response = edit(
        client,
        image,
        operation("add", tag="miku_(vocaloid)"),
        operation("add", tag="smile", before="miku_(vocaloid)"),
        operation("add", tag="gone"),
        operation("remove", tag="gone"),
        operation("move", tag="smile", before=None),
        operation("caption", text="Prose.", version=0),
    )
    assert response.status_code == 200
    state = body(response)
    assert [tag["name"] for tag in state["tags"]] == ["miku_(vocaloid)", "smile"]
    assert state["caption"] == {"text": "Prose.", "version": 1}
    assert state["tagged"] is True
    assert state == client.get(f"/api/v1/images/{image.pk}/tags").json()


def test_the_key_of_an_edit_elsewhere_is_refused_and_not_said_to_be_done(
    client: Client, dataset: Dataset, image: Image
) -> None:
    add = operation("add", tag="a")
    assert edit(client, factories.make_image(dataset), add).status_code == 200
    answer = edit(client, image, operation("add", tag="b"), add)
    assert answer.status_code == 422
    assert "this key" in body(answer)["detail"]
    assert names_on(image) == []


def test_the_same_edit_sent_twice_counts_once(client: Client, image: Image) -> None:
    sent = operation("add", tag="a")
    first, second = edit(client, image, sent), edit(client, image, sent)
    assert body(first) == body(second)
    assert TagOperation.objects.count() == 1


def test_a_stale_caption_is_answered_with_what_is_stored(client: Client, image: Image) -> None:
    apply(image, writing("Theirs."))
    response = edit(client, image, operation("add", tag="lost"), operation("caption", text="Mine.", version=0))
    assert response.status_code == 409
    answer = body(response)
    assert answer["detail"].startswith("Somebody changed this caption")
    assert answer["state"]["caption"] == {"text": "Theirs.", "version": 1}
    assert answer["state"]["tags"] == []
    assert get_image_state(image).caption == "Theirs."
    assert names_on(image) == []


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"kind": "add", "tag": "a, b"}, "holds a comma"),
        ({"kind": "add", "tag": ""}, "at least one visible character"),
        ({"kind": "remove"}, "at least one visible character"),
        ({"kind": "add", "tag": "x" * 201}, "longer than 200 characters"),
        ({"kind": "caption", "text": "x" * 20_001}, "20001 characters"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(
    client: Client, image: Image, sent: dict[str, Any], sentence: str
) -> None:
    response = edit(client, image, operation("add", tag="lost"), operation(**sent))
    assert response.status_code == 422
    assert sentence in body(response)["detail"]
    assert names_on(image) == []


@pytest.mark.parametrize(
    "operations",
    [
        [{"key": "no uuid", "kind": "add", "tag": "a"}],
        [{"kind": "add", "tag": "a"}],
        [operation("rename", tag="a")],
        [operation("add", tag=None)],
        [operation("caption", text="a", version="new")],
        [operation("add", tag=str(n)) for n in range(201)],
        "none",
    ],
)
def test_what_is_no_edit_is_refused(client: Client, image: Image, operations: Any) -> None:
    address = f"/api/v1/images/{image.pk}/edits"
    response = client.post(address, {"operations": operations}, content_type="application/json")
    assert response.status_code == 422
    assert names_on(image) == []


@pytest.mark.parametrize("text", ["half \ud83d emoji", "nul\x00", "\ud800"])
def test_signs_that_no_database_stores_do_no_harm(client: Client, image: Image, text: str) -> None:
    assert edit(client, image, operation("add", tag=f"a{text}", before=text)).status_code == 200
    assert edit(client, image, operation("caption", text=text)).status_code == 200


def test_two_hundred_operations_at_once(client: Client, image: Image) -> None:
    response = edit(client, image, *(operation("add", tag=str(n)) for n in range(200)))
    assert [tag["name"] for tag in body(response)["tags"]] == [str(n) for n in range(200)]


@pytest.mark.parametrize("image_id", [999_999, 10**30])
def test_an_image_that_is_not_there(client: Client, db: None, image_id: int) -> None:
    assert client.get(f"/api/v1/images/{image_id}/tags").status_code == 404
    response = client.post(f"/api/v1/images/{image_id}/edits", {"operations": []}, content_type="application/json")
    assert response.status_code == 404
    assert isinstance(response.json()["detail"], str)


# --- who may ----------------------------------------------------------------------------------------------------------


def test_an_edit_needs_the_csrf_token(strict_client: Client, image: Image) -> None:
    sent = operation("add", tag="a")
    assert edit(strict_client, image, sent).status_code == 403
    assert edit(strict_client, image, sent, HTTP_X_CSRFTOKEN="x" * 64).status_code == 403
    assert names_on(image) == []
    strict_client.get(reverse("datasets:create"))
    token = strict_client.cookies["csrftoken"].value
    assert edit(strict_client, image, sent, HTTP_X_CSRFTOKEN=token).status_code == 200
    assert names_on(image) == ["a"]


def test_an_edit_is_not_taken_by_get(client: Client, image: Image) -> None:
    assert client.get(f"/api/v1/images/{image.pk}/edits").status_code == 405


def addresses(image: Image) -> list[str]:
    """Every address of this app that reads."""
    dataset = f"/api/v1/datasets/{image.dataset_id}"
    return [
        f"/api/v1/images/{image.pk}/tags",
        f"{dataset}/tag-suggestions",
    ]


def test_in_password_mode_nobody_reads_or_writes_without_a_login(
    client: Client, image: Image, password_mode: None
) -> None:
    for address in addresses(image):
        assert client.get(address).status_code == 401
    assert edit(client, image, operation("add", tag="a")).status_code == 401
    assert client.get(reverse("tagging:export", args=[image.dataset_id])).status_code == 302
    assert names_on(image) == []


def test_in_password_mode_an_edit_bears_a_name(client: Client, image: Image, password_mode: None) -> None:
    user = factories.make_member(image.dataset)
    client.force_login(user)
    assert edit(client, image, operation("add", tag="a")).status_code == 200
    assert Change.objects.get().done_by == user


def test_in_open_mode_an_edit_bears_no_name(client: Client, image: Image) -> None:
    edit(client, image, operation("add", tag="a"))
    assert Change.objects.get().done_by is None


# --- suggestions ------------------------------------------------------------------------------------------------------


def test_suggestions(client: Client, dataset: Dataset) -> None:
    for names in (["long hair", "hair"], ["long hair"]):
        apply(factories.make_image(dataset), *map(adding, names))
    address = f"/api/v1/datasets/{dataset.pk}/tag-suggestions"

    def asked(**parameters: Any) -> list[tuple[str, int]]:
        return [(tag["name"], tag["count"]) for tag in client.get(address, parameters).json()["tags"]]

    most_used = [("long hair", 2), ("hair", 1)]
    assert asked() == most_used
    assert asked(q="HAIR") == most_used[::-1]
    assert asked(q="%", limit="5") == []
    assert len(asked(limit=1)) == 1
    assert client.get(address, {"limit": "many"}).status_code == 422
    assert client.get(f"{address}?q=%00%FF").json() == {"tags": []}
    assert client.get("/api/v1/datasets/999999/tag-suggestions").status_code == 404


def test_a_suggestion_with_all_that_is_told_of_it(client: Client, dataset: Dataset) -> None:
    artist = TagCategory.objects.get(number=1)
    tag = Tag.objects.create(name="somebody", category=artist, vocabulary_count=1234)
    TagAlias.objects.create(name="some one", tag=tag)
    (found,) = client.get(f"/api/v1/datasets/{dataset.pk}/tag-suggestions", {"q": "some o"}).json()["tags"]
    assert found == {
        "name": "somebody",
        "count": 0,
        "vocabulary_count": 1234,
        "category": {"name": artist.name, "colour": artist.colour},
        "alias": "some one",
        "match": "prefix",
        "together": 0.0,
    }


def test_suggestions_for_a_picture_by_its_number_or_its_tags(client: Client, dataset: Dataset) -> None:
    for _ in range(3):
        apply(factories.make_image(dataset), adding("beach"), adding("bikini"))
    for _ in range(5):
        apply(factories.make_image(dataset), adding("bread"))
    image = factories.make_image(dataset)
    apply(image, adding("beach"))
    address = f"/api/v1/datasets/{dataset.pk}/tag-suggestions"
    for of_the_picture in (f"image={image.pk}", "tag=beach"):
        names = [tag["name"] for tag in client.get(f"{address}?q=b&{of_the_picture}").json()["tags"]]
        assert names == ["bikini", "bread", "beach"]
    elsewhere = factories.make_image(factories.make_dataset())
    assert client.get(address, {"image": elsewhere.pk}).status_code == 404
