"""Versions over HTTP: the API and the pages, which work without a script."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from datasets.models import Dataset, Image
from datasets.services.trash import empty_trash, move_to_trash
from tagging.models import DatasetVersion, VersionRestore
from tagging.queries.version_state import read_state
from tagging.queries.versions_page import compare_texts
from tagging.services.labelling import Edit, apply_edits
from tagging.services.restoring import restore
from tagging.services.versions import freeze
from tagging.services.writing import Kind
from tests import factories, images, uploading


def add(image: Image, *names: str) -> None:
    """Put tags onto an image as a person."""
    apply_edits(image, [Edit(uuid.uuid4(), Kind.ADD, tag=name) for name in names], by=None)


def write(image: Image, text: str) -> None:
    """Give an image its first caption."""
    apply_edits(image, [Edit(uuid.uuid4(), Kind.CAPTION, text=text)], by=None)


def post(client: Client, address: str, **facts: Any) -> Any:
    """Send JSON, return the answer."""
    return client.post(f"/api/v1/{address}", facts, content_type="application/json")


@pytest.fixture
def image(dataset: Dataset) -> Image:
    """An image with two tags and a caption."""
    image = factories.make_image(dataset, original_name="<b>one</b>.jpg")
    add(image, "boat", "<i>sea</i>")
    write(image, "A boat at sea.")
    return image


def test_a_version_is_made_and_read_over_the_api(client: Client, dataset: Dataset, image: Image) -> None:
    key = str(uuid.uuid4())
    answer = post(client, f"datasets/{dataset.pk}/versions", key=key, name="first", note="why")
    assert answer.status_code == 201
    version = answer.json()
    assert (version["number"], version["title"], version["images"], version["tags"]) == (1, "first", 1, 2)
    assert post(client, f"datasets/{dataset.pk}/versions", key=key, name="first").json()["id"] == version["id"]
    refused = post(client, f"datasets/{dataset.pk}/versions", key=str(uuid.uuid4()), name="FIRST")
    assert (refused.status_code, "another name" in refused.json()["detail"]) == (409, True)
    assert post(client, f"datasets/{dataset.pk}/versions", key=str(uuid.uuid4()), name=" ").status_code == 422
    assert [each["id"] for each in client.get(f"/api/v1/datasets/{dataset.pk}/versions").json()["versions"]] == [
        version["id"]
    ]
    assert client.get(version["page"]).status_code == 200
    assert client.get(f"/api/v1/versions/{version['id']}").json() == version


def test_a_difference_comes_in_slices_with_all_counts(client: Client, dataset: Dataset, image: Image) -> None:
    older = freeze(dataset, name="older", by=None)
    others = [factories.make_image(dataset) for _number in range(5)]
    add(image, "z")
    newer = freeze(dataset, name="newer", by=None)
    now = client.get(f"/api/v1/versions/{older.pk}/difference").json()
    then = client.get(f"/api/v1/versions/{older.pk}/difference?with={newer.pk}&limit=2&offset=4").json()
    assert (now["images_added"], then["images_added"], len(now["added"]), len(then["added"])) == (5, 5, 5, 1)
    assert then["added"][0]["sha256"] == others[4].sha256
    assert now["changed"][0]["added"] == ["z"]
    assert now["tag_counts"] == [{"name": "z", "before": 0, "after": 1}]
    assert client.get(f"/api/v1/versions/{older.pk}/difference?with=nonsense").status_code == 404
    elsewhere = freeze(factories.make_dataset(), name="x", by=None)
    assert client.get(f"/api/v1/versions/{older.pk}/difference?with={elsewhere.pk}").status_code == 404


def test_a_restore_is_told_before_and_done_over_the_api(client: Client, dataset: Dataset, image: Image) -> None:
    version = freeze(dataset, name="first", by=None)
    add(image, "z")
    factories.make_image(dataset)
    told = client.get(f"/api/v1/versions/{version.pk}/restore").json()
    assert (told["words"], told["trashed"], told["returned"], told["is_nothing"]) == (1, 1, 0, False)
    answer = post(client, f"versions/{version.pk}/restore", key=str(uuid.uuid4())).json()
    assert (answer["is_done"], answer["words"], answer["trashed"]) == (True, 1, 1)
    assert read_state(dataset.pk).digest == version.digest
    assert client.get(f"/api/v1/versions/{version.pk}/restore").json()["is_nothing"]
    history = client.get(f"/datasets/{dataset.pk}/history/").content.decode()
    assert f'href="/datasets/{dataset.pk}/versions/{version.pk}/"' in history


def test_a_dataset_is_made_from_a_version_over_the_api(client: Client, dataset: Dataset) -> None:
    item = uploading.bring(uploading.start(dataset), "a.jpg", images.encoded(width=32, height=32))
    assert item.image is not None
    version = freeze(dataset, name="first", by=None)
    key = str(uuid.uuid4())
    answer = post(client, f"versions/{version.pk}/fork", key=key, name="Another").json()
    assert answer["is_done"]
    assert Dataset.objects.get(pk=answer["dataset"]).images.count() == 1
    assert post(client, f"versions/{version.pk}/fork", key=key, name="Another").json()["dataset"] == answer["dataset"]
    taken = post(client, f"versions/{version.pk}/fork", key=str(uuid.uuid4()), name="another")
    assert taken.status_code == 409
    assert post(client, f"versions/{version.pk}/fork", key=str(uuid.uuid4()), name="").status_code == 422
    assert Dataset.objects.count() == 2


def test_a_version_is_deleted_over_the_api(client: Client, dataset: Dataset) -> None:
    version = freeze(dataset, name="first", by=None)
    assert client.delete(f"/api/v1/versions/{version.pk}").status_code == 204
    assert client.delete(f"/api/v1/versions/{version.pk}").status_code == 404


def test_without_signing_in_nothing_is_told(client: Client, dataset: Dataset, password_mode: None) -> None:
    version = freeze(dataset, name="first", by=None)
    assert client.get(f"/api/v1/versions/{version.pk}").status_code == 401
    assert client.get(f"/datasets/{dataset.pk}/versions/").status_code == 302
    assert client.get(f"/files/datasets/{dataset.pk}/pictures/{'a' * 64}/thumbnail/").status_code == 302
    client.force_login(factories.make_member(dataset))
    assert client.get(f"/api/v1/versions/{version.pk}").status_code == 200


def test_the_page_freezes_and_says_what_is_wrong_beside_the_field(client: Client, dataset: Dataset) -> None:
    page = f"/datasets/{dataset.pk}/versions/"
    assert "No versions yet" in client.get(page).content.decode()
    answer = client.post(
        f"{page}freeze/", {"name": "<b>first</b>", "note": "why", "key": str(uuid.uuid4())}, follow=True
    )
    text = answer.content.decode()
    assert "&lt;b&gt;first&lt;/b&gt;" in text
    assert "<b>first" not in text
    refused = client.post(f"{page}freeze/", {"name": "<b>FIRST</b>", "note": "typed"})
    assert (refused.status_code, 'value="typed"' in refused.content.decode()) == (422, True)
    assert DatasetVersion.objects.count() == 1


def test_the_pages_restore_fork_and_delete_without_a_script(client: Client, dataset: Dataset, image: Image) -> None:
    version = freeze(dataset, name="first", by=None)
    add(image, "z")
    page = f"/datasets/{dataset.pk}/versions/{version.pk}/"
    assert "1 image gets its tags and caption of then" in client.get(page).content.decode()
    answer = client.post(f"{page}restore/", {"key": str(uuid.uuid4())}, follow=True)
    assert "1 image has its words back" in answer.content.decode()
    assert "nothing to do" in client.get(page).content.decode()
    assert client.post(f"{page}fork/", {"name": dataset.name}).status_code == 422
    made = client.post(f"{page}fork/", {"name": "Another", "key": str(uuid.uuid4())})
    assert made["Location"] == f"/datasets/{Dataset.objects.get(name='Another').pk}/"
    assert client.post(f"{page}delete/", follow=True).status_code == 200
    assert not DatasetVersion.objects.filter(pk=version.pk).exists()


def test_a_comparison_shows_words_as_differences_and_everything_as_text(
    client: Client, dataset: Dataset, image: Image
) -> None:
    version = freeze(dataset, name="first", by=None)
    apply_edits(image, [Edit(uuid.uuid4(), Kind.REMOVE, tag="<i>sea</i>")], by=None)
    apply_edits(image, [Edit(uuid.uuid4(), Kind.CAPTION, text="A red boat at <b>sea.", version=1)], by=None)
    text = client.get(f"/datasets/{dataset.pk}/versions/compare/?older={version.pk}").content.decode()
    assert "<ins>red </ins>" in text
    assert "<del>sea.</del><ins>&lt;b&gt;sea.</ins>" in text
    assert "&lt;i&gt;sea&lt;/i&gt;" in text
    assert "<i>sea" not in text
    same = client.get(f"/datasets/{dataset.pk}/versions/compare/?older=now&newer=9999999&page=٣").content.decode()
    assert "Nothing is different" in same


def test_the_small_picture_stays_of_what_a_version_keeps(client: Client, data_dir: Path, dataset: Dataset) -> None:
    item = uploading.bring(uploading.start(dataset), "a.jpg", images.encoded(width=32, height=32))
    image = item.image
    assert image is not None
    address = f"/files/datasets/{dataset.pk}/pictures/{image.sha256}/thumbnail/"
    freeze(dataset, name="first", by=None)
    move_to_trash(dataset, [image.pk], by=None)
    empty_trash(dataset, None, by=None)
    assert client.get(address)["Content-Type"] == "image/webp"
    other = factories.make_dataset()
    assert client.get(address.replace(f"/{dataset.pk}/", f"/{other.pk}/")).status_code == 404
    assert client.get(f"/files/datasets/{dataset.pk}/pictures/nonsense/thumbnail/").status_code == 404


def test_a_restore_that_did_not_end_can_be_gone_on_with_on_the_page(client: Client, dataset: Dataset) -> None:
    pictures = [factories.make_image(dataset, position=position) for position in (1, 600)]
    for image in pictures:
        add(image, "a")
    version = freeze(dataset, name="first", by=None)
    for image in pictures:
        add(image, "b")
    half = restore(version, by=None, seconds=0)
    page = f"/datasets/{dataset.pk}/versions/"
    text = client.get(page).content.decode()
    assert "did not come to its end" in text
    assert str(half.key) in text
    client.post(f"{page}{version.pk}/restore/", {"key": str(half.key)})
    assert VersionRestore.objects.get().is_done
    assert "did not come to its end" not in client.get(page).content.decode()


def test_staff_may_read_versions_and_delete_datasets_in_the_admin(
    client: Client, dataset: Dataset, image: Image
) -> None:
    version = freeze(dataset, name="first", by=None)
    restore(version, by=None)
    client.force_login(factories.make_user(is_staff=True, is_superuser=True))
    assert client.get("/admin/tagging/datasetversion/").status_code == 200
    assert "first" in client.get(f"/admin/tagging/datasetversion/{version.pk}/change/").content.decode()
    assert client.get("/admin/tagging/versionrestore/").status_code == 200
    assert client.post(f"/admin/datasets/dataset/{dataset.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("a b", "a b", [("same", "a b")]),
        ("", "new", [("added", "new")]),
        ("a b c", "a c", [("same", "a "), ("removed", "b "), ("same", "c")]),
        ("x " * 700, "y", [("removed", "x " * 700), ("added", "y")]),
    ],
)
def test_two_texts_are_compared_word_by_word(before: str, after: str, pieces: list[tuple[str, str]]) -> None:
    told = compare_texts(before, after)
    assert [(piece.kind, piece.text) for piece in told] == pieces
    assert "".join(piece.text for piece in told if piece.kind != "added") == before
    assert "".join(piece.text for piece in told if piece.kind != "removed") == after
