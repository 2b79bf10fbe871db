"""Deleted images go to the trash, are nowhere else, and come back as they were."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from datasets.models import Dataset, Image, ImportItem
from datasets.queries.images import Asked
from datasets.queries.pages import get_dataset_cards, get_dataset_page
from datasets.queries.progress import get_import_progress
from datasets.queries.refusals import explain
from datasets.queries.trash import get_trash_page
from datasets.reasons import Reason
from datasets.services.trash import ImageGone, bring_back, empty_trash, move_to_trash, purge_expired, restore
from sessions_app.models import TaggingSession
from sessions_app.queries import get_desk, get_place
from sessions_app.services.sessions import keep_place
from tagging.models import Caption, ImageTag, TagOperation
from tagging.queries.export_preview import preview_export
from tagging.queries.state import get_image_state
from tagging.queries.suggestions import get_suggestions
from tagging.services.labelling import Edit, apply_edits
from tests import factories, images, uploading
from tests.tagging.exporting import export, files_of, options_of

API = "/api/v1"


def post(client: Client, path: str, body: object) -> Any:
    return client.post(f"{API}{path}", data=body, content_type="application/json")


@pytest.fixture
def three(dataset: Dataset) -> list[Image]:
    """Three stored pictures; each has a tag of its own and all have `common`."""
    job = uploading.start(dataset)
    for number in range(1, 4):
        content = images.encoded("JPEG", seed=number, width=64, height=64)
        item = uploading.bring(job, f"p{number}.jpg", content)
        assert item.image is not None
        for name in (f"only{number}", "common"):
            apply_edits(item.image, [Edit(uuid.uuid4(), TagOperation.Kind.ADD, name)], by=None)
    return list(dataset.images.in_order())


# --- Nowhere but in the trash ------------------------------------------------------------------------


def test_a_trashed_image_is_in_no_count(client: Client, dataset: Dataset, three: list[Image]) -> None:
    move_to_trash(dataset, [three[0].pk], by=None)
    listed = client.get(f"{API}/datasets").json()[0]
    assert (listed["images"], listed["tagged"]) == (2, 2)
    one = client.get(f"{API}/datasets/{dataset.pk}").json()
    assert (one["images"], one["tagged"]) == (2, 2)
    card = get_dataset_cards(Dataset.objects.all())[0]
    assert (card.images, card.tagged, card.cover_id) == (2, 2, three[1].pk)
    page = get_dataset_page(Asked(dataset))
    assert (page.numbers.images, page.numbers.tagged, page.page.total, page.in_trash) == (2, 2, 2, 1)


def test_a_trashed_image_is_on_no_page_and_in_no_answer(client: Client, dataset: Dataset, three: list[Image]) -> None:
    gone = three[1]
    move_to_trash(dataset, [gone.pk], by=None)
    rows = client.get(f"{API}/datasets/{dataset.pk}/images").json()
    assert [row["id"] for row in rows["images"]] == [three[0].pk, three[2].pk]
    grid = client.get(f"/datasets/{dataset.pk}/").content.decode()
    assert gone.original_name not in grid
    for path in (
        f"{API}/images/{gone.pk}",
        f"{API}/images/{gone.pk}/tags",
        f"{API}/images/{gone.pk}/desk",
        f"/datasets/{dataset.pk}/tag/{gone.pk}/",
        f"/files/images/{gone.pk}/preview/",
        f"/files/images/{gone.pk}/original/",
    ):
        assert client.get(path).status_code == 404, path
    edit = {"key": str(uuid.uuid4()), "kind": "add", "tag": "late"}
    assert post(client, f"/images/{gone.pk}/edits", {"operations": [edit]}).status_code == 404
    assert post(client, f"/images/{three[0].pk}/edits", {"operations": [edit]}).status_code == 200


def test_the_trash_shows_its_small_picture(client: Client, dataset: Dataset, three: list[Image]) -> None:
    move_to_trash(dataset, [three[1].pk], by=None)
    assert client.get(f"/files/images/{three[1].pk}/thumbnail/").status_code == 200
    page = client.get(f"/datasets/{dataset.pk}/trash/").content.decode()
    assert three[1].original_name in page
    assert f"/files/images/{three[1].pk}/thumbnail/" in page


def test_the_desk_goes_around_a_trashed_image(client: Client, dataset: Dataset, three: list[Image]) -> None:
    Image.objects.filter(pk=three[1].pk).update(is_tagged=False)
    move_to_trash(dataset, [three[1].pk], by=None)
    desk = get_desk(three[0], None)
    assert (desk.number, desk.total, desk.tagged) == (1, 2, 2)
    assert (desk.previous_id, desk.next_id, desk.next_untagged_id) == (None, three[2].pk, None)
    assert get_desk(three[2], None).previous_id == three[0].pk


def test_a_place_on_a_trashed_image_moves_on(client: Client, dataset: Dataset, three: list[Image]) -> None:
    keep_place(dataset, three[1], by=None)
    move_to_trash(dataset, [three[1].pk], by=None)
    assert get_place(dataset, None).image_id == three[2].pk
    went = client.get(f"/datasets/{dataset.pk}/tag/")
    assert went.headers["Location"] == f"/datasets/{dataset.pk}/tag/{three[2].pk}/"
    move_to_trash(dataset, [three[2].pk], by=None)
    assert get_place(dataset, None).image_id == three[0].pk
    move_to_trash(dataset, [three[0].pk], by=None)
    assert get_place(dataset, None).image_id is None
    assert client.get(f"/datasets/{dataset.pk}/tag/").status_code == 200
    restore(dataset, [three[1].pk], by=None)
    assert get_place(dataset, None).image_id == three[1].pk


def test_its_words_are_not_offered_and_not_exported(dataset: Dataset, three: list[Image]) -> None:
    move_to_trash(dataset, [three[1].pk], by=None)
    assert [(tag.name, tag.count) for tag in get_suggestions(dataset, "")] == [
        ("common", 2),
        ("only1", 1),
        ("only3", 1),
    ]
    files = files_of(export(dataset))
    prefix = dataset.file_prefix
    names = [f"{prefix}/{prefix}-000{n}.{e}" for n in (1, 2) for e in ("jpg", "txt")]
    assert sorted(files) == sorted([*names, "tags.txt"])
    assert files["tags.txt"] == b"common\nonly1\nonly3\n"
    preview = preview_export(dataset, options_of())
    assert (preview.images, preview.byte_size) == (2, three[0].byte_size + three[2].byte_size)


def test_an_import_shows_no_trashed_image_among_its_newest(dataset: Dataset, three: list[Image]) -> None:
    move_to_trash(dataset, [three[1].pk], by=None)
    job = ImportItem.objects.earliest("pk").job_id
    assert {row["id"] for row in get_import_progress(job).latest} == {three[0].pk, three[2].pk}


def test_the_admin_counts_without_the_trash_and_finds_what_is_in_it(
    admin_client: Client, dataset: Dataset, three: list[Image]
) -> None:
    move_to_trash(dataset, [three[1].pk], by=None)
    rows = admin_client.get(reverse("admin:datasets_dataset_changelist")).context["cl"].result_list
    assert [(row.image_count, row.tagged_count) for row in rows] == [(2, 2)]
    address = reverse("admin:datasets_image_changelist")
    for query, expected in (("", 3), ("?trashed_at__isempty=1", 2), ("?trashed_at__isempty=0", 1)):
        assert len(admin_client.get(address + query).context["cl"].result_list) == expected, query
    tags = admin_client.get(reverse("admin:tagging_tag_changelist")).context["cl"].result_list
    assert {row.name: row.image_count for row in tags}["common"] == 2


# --- There and back -----------------------------------------------------------------------------------


def test_an_image_comes_back_with_its_place_words_and_history(dataset: Dataset, three: list[Image]) -> None:
    image = three[1]
    apply_edits(image, [Edit(uuid.uuid4(), TagOperation.Kind.CAPTION, text="A boat.")], by=None)
    before = get_image_state(image), TagOperation.objects.filter(image=image).count()
    assert move_to_trash(dataset, [image.pk], by=None) == 1
    assert restore(dataset, [image.pk], by=None) == 1
    assert (get_image_state(image), TagOperation.objects.filter(image=image).count()) == before
    assert list(dataset.images.in_order()) == three


def test_only_images_of_the_dataset_are_moved_and_each_counts_once(dataset: Dataset, three: list[Image]) -> None:
    other = factories.make_image(factories.make_dataset())
    ids = [three[0].pk, other.pk, 10**9]
    assert move_to_trash(dataset, ids, by=None) == 1
    assert move_to_trash(dataset, ids, by=None) == 0
    assert restore(dataset, [*ids, three[1].pk], by=None) == 1
    assert Image.everything.in_trash().count() == 0


def test_the_trash_remembers_who_and_when_and_tells_open_pages(
    dataset: Dataset, three: list[Image], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    person = factories.make_user()
    dataset.refresh_from_db()
    with django_capture_on_commit_callbacks() as after_commit:
        move_to_trash(dataset, [three[0].pk], by=person)
    assert after_commit
    image = Image.everything.get(pk=three[0].pk)
    assert image.trashed_by == person
    assert image.trashed_at is not None
    assert timezone.now() - image.trashed_at < timedelta(seconds=10)
    assert Dataset.objects.get().revision == dataset.revision + 1


def test_ten_thousand_images_go_and_come_in_few_statements(
    dataset: Dataset, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Image.objects.bulk_create(
        [
            Image(
                dataset=dataset,
                position=n,
                sha256=f"{n:064x}",
                original_name=f"{n}.jpg",
                stem_key=str(n),
                format="JPEG",
                width=1,
                height=1,
                byte_size=1,
                colour="#000000",
            )
            for n in range(10_000)
        ],
        batch_size=1000,
    )
    ids = list(dataset.images.values_list("pk", flat=True))
    with django_assert_max_num_queries(30):
        assert move_to_trash(dataset, ids, by=None) == 10_000
    with django_assert_max_num_queries(30):
        assert restore(dataset, ids, by=None) == 10_000
    move_to_trash(dataset, ids, by=None)
    assert empty_trash(dataset, None, by=None) == 10_000
    assert Image.everything.count() == 0


# --- For ever -------------------------------------------------------------------------------------------


def test_an_emptied_trash_is_gone_with_its_words_and_nothing_else(dataset: Dataset, three: list[Image]) -> None:
    Caption.objects.create(image=three[0], text="A boat.")
    keep_place(dataset, three[0], by=None)
    move_to_trash(dataset, [three[0].pk], by=None)
    assert empty_trash(dataset, [three[0].pk, three[1].pk], by=None) == 1
    assert list(Image.everything.in_order()) == three[1:]
    assert not ImageTag.objects.filter(image=three[0].pk).exists()
    assert TaggingSession.objects.get().current_image is None
    assert ImportItem.objects.filter(image=None).count() == 1


def test_an_emptying_spares_what_came_to_the_trash_after_the_question(dataset: Dataset, three: list[Image]) -> None:
    move_to_trash(dataset, [three[0].pk], by=None)
    asked = get_trash_page(dataset).read_at
    move_to_trash(dataset, [three[1].pk], by=None)
    assert empty_trash(dataset, None, by=None, until=asked) == 1
    assert Image.everything.in_trash().get() == three[1]


def test_the_trash_is_purged_after_its_days(dataset: Dataset, three: list[Image], settings: Settings) -> None:
    move_to_trash(dataset, [image.pk for image in three[:2]], by=None)
    days = timedelta(days=settings.TRASH_DAYS)
    Image.everything.filter(pk=three[0].pk).update(trashed_at=timezone.now() - days - timedelta(minutes=1))
    Image.everything.filter(pk=three[1].pk).update(trashed_at=timezone.now() - days + timedelta(minutes=1))
    assert get_trash_page(dataset).images[0].days_left == 1
    assert purge_expired() == 1
    assert set(Image.everything.all()) == set(three[1:])


def test_a_purge_goes_in_slices(dataset: Dataset, three: list[Image]) -> None:
    move_to_trash(dataset, [image.pk for image in three], by=None)
    Image.everything.update(trashed_at=timezone.now() - timedelta(days=40))
    assert purge_expired(most=2) == 2
    assert purge_expired(most=2) == 1


def test_an_edit_of_an_image_that_is_deleted_for_ever_meanwhile_answers_404(
    client: Client, dataset: Dataset, three: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tagging import api

    def delete_first(*arguments: Any, **options: Any) -> Any:
        Image.everything.filter(pk=three[0].pk).delete()
        return apply_edits(*arguments, **options)

    monkeypatch.setattr(api, "apply_edits", delete_first)
    edit = {"key": str(uuid.uuid4()), "kind": "add", "tag": "late"}
    assert post(client, f"/images/{three[0].pk}/edits", {"operations": [edit]}).status_code == 404


# --- Imported again --------------------------------------------------------------------------------------


def test_bringing_back_says_whether_it_was_in_the_trash(dataset: Dataset, three: list[Image]) -> None:
    assert bring_back(three[0]) is False
    move_to_trash(dataset, [three[0].pk], by=None)
    assert bring_back(three[0]) is True
    assert three[0] in dataset.images.all()
    three[0].delete()
    three[1].pk = 10**9
    with pytest.raises(ImageGone):
        bring_back(three[1])


def test_a_picture_imported_again_comes_out_of_the_trash_with_its_tags(dataset: Dataset, three: list[Image]) -> None:
    move_to_trash(dataset, [three[1].pk], by=None)
    content = images.encoded("JPEG", seed=2, width=64, height=64)
    item = uploading.bring(uploading.start(dataset), "again.jpg", content)
    assert (item.state, item.reason, item.image) == (ImportItem.State.DUPLICATE, Reason.RESTORED, three[1])
    assert explain(item) == "It was in the trash and was brought back with its tags."
    assert list(dataset.images.in_order()) == three
    assert [tag.name for tag in get_image_state(three[1]).tags] == ["only2", "common"]


# --- The API and the pages ---------------------------------------------------------------------------------


def test_the_api_moves_lists_restores_and_empties(client: Client, dataset: Dataset, three: list[Image]) -> None:
    path = f"/datasets/{dataset.pk}/trash"
    first, second, third = (image.pk for image in three)
    assert post(client, path, {"images": [first, second]}).json() == {"images": 2}
    assert post(client, path, {"images": [third]}).json() == {"images": 1}
    page = client.get(f"{API}{path}?limit=2").json()
    assert [row["id"] for row in page["images"]] == [third, second]
    assert (page["total"], page["images"][0]["days_left"], page["images"][0]["trashed_by"]) == (3, 30, "")
    rest = client.get(f"{API}{path}?limit=2&after={page['next']}").json()
    assert ([row["id"] for row in rest["images"]], rest["next"]) == ([first], "")
    assert post(client, f"{path}/restore", {"images": [first]}).json() == {"images": 1}
    assert post(client, f"{path}/empty", {"images": [first, second]}).json() == {"images": 1}
    assert post(client, f"{path}/empty", {"images": None}).json() == {"images": 1}
    assert list(Image.everything.values_list("pk", flat=True)) == [first]


@pytest.mark.parametrize(
    "after", ["x", "_", "2026-01-01T00:00:00_1", "2026-99-01T00:00:00Z_1", f"2026-01-01T00:00:00Z_{10**30}"]
)
def test_a_place_that_is_nonsense_starts_at_the_beginning(
    client: Client, dataset: Dataset, three: list[Image], after: str
) -> None:
    move_to_trash(dataset, [three[0].pk], by=None)
    assert len(client.get(f"{API}/datasets/{dataset.pk}/trash", {"after": after}).json()["images"]) == 1


def test_the_api_takes_a_thousand_images_a_call(client: Client, dataset: Dataset) -> None:
    for path in (f"/datasets/{dataset.pk}/trash", f"/datasets/{dataset.pk}/trash/restore"):
        assert post(client, path, {"images": list(range(1, 1001))}).status_code == 200
        assert post(client, path, {"images": list(range(1, 1002))}).status_code == 422
        assert post(client, path, {"images": [10**30]}).status_code == 422
    assert post(client, "/datasets/999999/trash", {"images": []}).status_code == 404


def test_the_pages_restore_and_empty_by_plain_forms(
    strict_client: Client, dataset: Dataset, three: list[Image]
) -> None:
    move_to_trash(dataset, [image.pk for image in three], by=None)
    address = f"/datasets/{dataset.pk}/trash/"
    page = strict_client.get(address)
    token = {"csrfmiddlewaretoken": page.cookies["csrftoken"].value}
    assert strict_client.post(f"{address}restore/", {"image": three[0].pk}).status_code == 403
    assert strict_client.get(f"{address}restore/").status_code == 405
    assert strict_client.get(f"{address}empty/").status_code == 405
    assert Image.objects.count() == 0
    strict_client.post(f"{address}restore/", {**token, "image": three[0].pk})
    assert Image.objects.get() == three[0]
    strict_client.post(f"{address}restore/", {**token, "all": "1"})
    assert Image.objects.count() == 3
    move_to_trash(dataset, [three[2].pk], by=None)
    asked = strict_client.get(f"{address}?empty=1").content.decode()
    assert "Delete 1 image for ever?" in asked
    assert " open" in asked.partition("<dialog")[2].partition(">")[0]
    strict_client.post(f"{address}empty/", token)
    assert set(Image.everything.all()) == set(three[:2])
    assert "The trash is empty" in strict_client.get(address).content.decode()


def test_the_dataset_page_leads_to_its_trash_with_the_number(
    client: Client, dataset: Dataset, three: list[Image]
) -> None:
    address = f'href="/datasets/{dataset.pk}/trash/"'
    assert 'data-trash="0" hidden' in client.get(f"/datasets/{dataset.pk}/").content.decode()
    move_to_trash(dataset, [image.pk for image in three[:2]], by=None)
    page = client.get(f"/datasets/{dataset.pk}/").content.decode()
    assert address in page
    assert "2 images in the trash" in page


def test_a_name_that_looks_like_markup_stays_a_name(client: Client, dataset: Dataset, three: list[Image]) -> None:
    Image.objects.filter(pk=three[0].pk).update(original_name='<img src=x onerror="alert(1)">')
    move_to_trash(dataset, [three[0].pk], by=None)
    page = client.get(f"/datasets/{dataset.pk}/trash/").content.decode()
    assert "<img src=x" not in page
