"""Histories: of a dataset and of an image, who put a tag there, over the API and on the page."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from datasets.models import Dataset, Image, Role
from datasets.services.trash import move_to_trash
from tagging.models import Change, Source
from tagging.queries.history import (
    CaptionTold,
    TagTold,
    get_blame,
    get_dataset_history,
    get_image_history,
    get_people,
)
from tagging.services.labelling import Edit, apply_edits
from tagging.services.undoing import undo_change
from tests import factories
from tests import images as drawn
from tests.tagging.doing import Kind, adding, apply, bring_in, moving, names_on, picture_of, removing, writing

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(db: None) -> User:
    return factories.make_user(username="Ana")


def tag_all(images: list[Image], *names: str, by: User | None = None, source: Source = Source.BULK) -> Change:
    group = uuid.uuid4()
    for image in images:
        edits = [Edit(uuid.uuid4(), Kind.ADD, name, group=group) for name in names]
        apply_edits(image, edits, by=by, source=source, reason="Because.")
    return Change.objects.get(key=group)


# --- what is read -----------------------------------------------------------------------------------------------------


def test_an_entry_tells_who_when_how_why_and_what(dataset: Dataset, ana: User) -> None:
    images = [factories.make_image(dataset) for _ in range(3)]
    apply(images[0], adding("hat"))
    change = tag_all(images, "smile", "hat", by=ana)
    entry = get_dataset_history(dataset).entries[0]
    assert (entry.id, entry.by, entry.source, entry.how, entry.reason) == (change.pk, "Ana", "BULK", "bulk", "Because.")
    assert entry.at == change.done_at
    assert (entry.images, entry.added, entry.removed, entry.moved, entry.captions) == (3, 5, 0, 0, 0)
    assert entry.tags == [TagTold("smile", "ADD", 3), TagTold("hat", "ADD", 2)]
    assert entry.image is not None
    assert (entry.image.id, entry.caption, entry.taken_back) == (images[0].pk, None, None)


def test_a_caption_is_told_by_its_beginning(image: Image) -> None:
    apply(image, writing("Old\n text."))
    apply(image, writing("New. " * 60, 1))
    newest, oldest = get_image_history(image).entries
    assert oldest.caption == CaptionTold("", "Old text.")
    assert newest.caption is not None
    assert (newest.caption.before, len(newest.caption.after), newest.caption.after[-1]) == ("Old text.", 120, "…")


def test_what_changed_nothing_is_left_out_and_new_numbers_too(image: Image) -> None:
    apply(image, *map(adding, "abc"))
    apply(image, adding("a"), removing("x"), moving("a", "a"), writing("", 0))
    apply(image, *(moving("ab"[turn % 2], "c") for turn in range(90)))
    entries = get_image_history(image, limit=100).entries
    assert [entry.added for entry in entries[-3:]] == [1, 1, 1]
    # An empty caption where there was none is a caption that was saved.
    assert sum(entry.captions for entry in entries) == 1
    assert sum(entry.moved for entry in entries) == len(entries) - 4
    assert "RULE" not in {entry.source for entry in entries}
    assert get_dataset_history(image.dataset, limit=100).entries == entries


def test_many_tags_are_counted_and_the_first_named(image: Image) -> None:
    tag_all([image], *(f"tag {number}" for number in range(20)))
    entry = get_image_history(image).entries[0]
    assert [tag.name for tag in entry.tags] == [f"tag {number}" for number in range(8)]
    assert entry.more_tags == 12


def test_the_history_of_an_image_tells_of_this_image_alone(dataset: Dataset) -> None:
    images = [factories.make_image(dataset) for _ in range(2)]
    tag_all(images, "a", "b")
    apply(images[1], adding("c"))
    entry = get_image_history(images[0]).entries[0]
    assert len(get_image_history(images[0]).entries) == 1
    assert (entry.images, entry.added) == (1, 2)


def test_pages_follow_each_other_without_a_gap(dataset: Dataset, ana: User) -> None:
    image = factories.make_image(dataset)
    for number in range(7):
        apply_edits(image, [adding(f"tag {number}"), adding(f"tag {number}")], by=ana if number % 2 else None)
    seen, before = [], None
    while True:
        page = get_dataset_history(dataset, before, limit=3)
        seen += [entry.tags[0].name for entry in page.entries]
        before = page.next
        if before is None:
            break
    assert seen == [f"tag {number}" for number in reversed(range(7))]
    assert len(get_dataset_history(dataset, by=ana).entries) == 3
    assert get_dataset_history(dataset, source=Source.MODEL).entries == []
    assert get_people(dataset) == [ana]
    assert get_dataset_history(factories.make_dataset()).entries == []


def test_who_took_it_back_and_that_it_stands_again(image: Image, ana: User) -> None:
    change = tag_all([image], "a")
    undone = undo_change(change, by=ana, key=uuid.uuid4()).change
    assert undone is not None
    entries = {entry.id: entry for entry in get_image_history(image).entries}
    taken_back = entries[change.pk].taken_back
    assert taken_back is not None
    assert (taken_back.who, entries[undone.pk].undoes) == ("Ana", change.pk)
    assert entries[undone.pk].taken_back is None
    undo_change(undone, by=None, key=uuid.uuid4())
    entries = {entry.id: entry for entry in get_image_history(image).entries}
    assert entries[change.pk].taken_back is None
    assert entries[undone.pk].taken_back is not None


def test_what_an_undo_left_may_be_taken_back_later_and_where_nothing_is_left_that_is_said(
    client: Client, dataset: Dataset
) -> None:
    images = [factories.make_image(dataset) for _ in range(2)]
    change = tag_all(images, "a")
    removal = removing("a")
    apply(images[0], removal)
    address = f"/datasets/{dataset.pk}/history/"

    def press_undo() -> str:
        assert f'name="change" value="{change.pk}"' in client.get(address).content.decode()
        return client.post(f"{address}undo/", {"change": change.pk}, follow=True).content.decode()

    assert "1 picture put back, 1 left alone." in press_undo()
    undo_change(Change.objects.get(operations__key=removal.key), by=None, key=uuid.uuid4())
    assert [names_on(image) for image in images] == [["a"], []]
    assert "1 picture put back." in press_undo()
    assert [names_on(image) for image in images] == [[], []]
    assert "All of this is taken back already" in press_undo()


def test_a_page_costs_the_same_for_any_number_of_entries(dataset: Dataset, ana: User) -> None:
    image = factories.make_image(dataset)
    counts = []
    for many in (2, 40):
        for number in range(many):
            apply_edits(image, [adding(f"{many} {number}"), writing(f"{many} {number}", -1)][:1], by=ana)
        for read in (get_dataset_history, lambda _dataset: get_image_history(image), lambda _dataset: get_blame(image)):
            with CaptureQueriesContext(connection) as queries:
                read(dataset)
            counts.append(len(queries))
    assert counts[:3] == counts[3:]
    assert max(counts) < 10


def test_who_put_each_tag_there(image: Image, ana: User) -> None:
    factories.make_image_tag(image, "from before", added_by=ana, source=Source.SIDECAR)
    apply_edits(image, [adding("a"), adding("b"), adding("c")], by=ana, source=Source.MODEL, reason="0.93")
    apply(image, removing("b"), adding("b"), moving("c", "a"))
    undo_change(Change.objects.get(operations__kind=Kind.ADD, operations__tag_name="a"), by=None, key=uuid.uuid4())
    apply(image, adding("a", "c"))
    facts = [(blame.tag, blame.by, blame.source, blame.reason) for blame in get_blame(image)]
    assert facts == [
        ("from before", "Ana", "SIDECAR", ""),
        ("a", "", "PERSON", ""),
        ("c", "Ana", "MODEL", "0.93"),
        ("b", "", "PERSON", ""),
    ]


def test_the_texts_of_an_import_are_one_entry_that_can_be_taken_back(dataset: Dataset) -> None:
    files = [(f"{n}.jpg", drawn.encoded(seed=n)) for n in range(3)]
    items = bring_in(dataset, [*files, *((f"{n}.txt", b"smile, hat") for n in range(3))])
    pictures = [picture_of(item) for item in items[:3]]
    (entry,) = get_dataset_history(dataset).entries
    assert (entry.source, entry.images, entry.added) == ("SIDECAR", 3, 6)
    undo_change(Change.objects.get(pk=entry.id), by=None, key=uuid.uuid4())
    assert [names_on(picture) for picture in pictures] == [[], [], []]


# --- over the API -----------------------------------------------------------------------------------------------------


def undo(client: Client, change: int, **body: Any) -> Any:
    answer = {"key": str(uuid.uuid4()), **body}
    return client.post(f"/api/v1/changes/{change}/undo", answer, content_type="application/json")


def test_histories_and_undo_over_the_api(client: Client, dataset: Dataset) -> None:
    images = [factories.make_image(dataset) for _ in range(2)]
    change = tag_all(images, "a", "b")
    apply(images[0], removing("b"))
    page = client.get(f"/api/v1/datasets/{dataset.pk}/history?limit=1").json()
    assert [entry["removed"] for entry in page["entries"]] == [1]
    page = client.get(f"/api/v1/datasets/{dataset.pk}/history?before={page['next']}&source=BULK").json()
    assert [(entry["id"], entry["images"], entry["image"]["id"]) for entry in page["entries"]] == [
        (change.pk, 2, images[0].pk)
    ]
    assert len(client.get(f"/api/v1/images/{images[0].pk}/history").json()["entries"]) == 2
    assert [row["tag"] for row in client.get(f"/api/v1/images/{images[0].pk}/blame").json()["tags"]] == ["a"]
    undone = undo(client, change.pk).json()
    assert (undone["images"], undone["reverted"], undone["left"], undone["left_images"]) == (2, 3, 1, 1)
    assert [(kept["image_id"], kept["tag"]) for kept in undone["kept"]] == [(images[0].pk, "b")]
    assert "removed it" in undone["kept"][0]["why"]
    assert undone["next"] is None
    assert undo(client, undone["change"]).json()["images"] == 2
    assert (names_on(images[0]), names_on(images[1])) == (["a"], ["a", "b"])


def test_nothing_left_to_undo_is_a_409_with_a_sentence(client: Client, image: Image) -> None:
    change = tag_all([image], "a")
    assert undo(client, change.pk).status_code == 200
    answer = undo(client, change.pk)
    assert answer.status_code == 409
    assert "taken back already" in answer.json()["detail"]


@pytest.mark.parametrize(
    "address", ["/api/v1/images/999/history", "/api/v1/images/999/blame", "/api/v1/datasets/999/history"]
)
def test_what_is_not_there_is_not_found(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404
    assert undo(client, 999).status_code == 404


def test_a_picture_in_the_trash_has_no_history_of_its_own_but_stays_in_the_datasets(
    client: Client, image: Image
) -> None:
    tag_all([image], "a")
    move_to_trash(image.dataset, [image.pk], by=None)
    assert client.get(f"/api/v1/images/{image.pk}/history").status_code == 404
    assert len(client.get(f"/api/v1/datasets/{image.dataset.pk}/history").json()["entries"]) == 1


@pytest.mark.usefixtures("password_mode")
def test_who_is_not_signed_in_neither_reads_nor_undoes(client: Client, image: Image) -> None:
    change = tag_all([image], "a")
    assert client.get(f"/api/v1/images/{image.pk}/history").status_code == 401
    assert undo(client, change.pk).status_code == 401
    assert client.get(f"/datasets/{image.dataset.pk}/history/").status_code == 302
    client.force_login(factories.make_member(image.dataset, factories.make_user(username="Ben"), Role.REVIEWER))
    undone = undo(client, change.pk).json()["change"]
    assert Change.objects.get(pk=undone).done_by == User.objects.get(username="Ben")


@pytest.mark.parametrize(
    "body", [{}, {"key": "no key"}, {"key": str(uuid.uuid4()), "after": -1}, {"key": str(uuid.uuid4()), "after": 2**63}]
)
def test_what_is_no_undo_is_refused(client: Client, image: Image, body: dict[str, Any]) -> None:
    change = tag_all([image], "a")
    answer = client.post(f"/api/v1/changes/{change.pk}/undo", body, content_type="application/json")
    assert answer.status_code == 422
    assert names_on(image) == ["a"]


# --- on the page, without a script ------------------------------------------------------------------------------------


def test_the_page_tells_and_undoes_without_a_script(client: Client, dataset: Dataset, ana: User) -> None:
    images = [factories.make_image(dataset) for _ in range(2)]
    change = tag_all(images, "<b>smile</b>", "hat", by=ana)
    apply(images[0], removing("hat"))
    address = f"/datasets/{dataset.pk}/history/"
    assert address in client.get(f"/datasets/{dataset.pk}/").content.decode()
    text = client.get(address).content.decode()
    assert "&lt;b&gt;smile&lt;/b&gt;" in text
    assert "<b>smile" not in text
    assert "Because." in text
    key = str(uuid.uuid4())
    for _ in range(2):
        answer = client.post(f"{address}undo/", {"change": change.pk, "key": key}, follow=True)
    text = answer.content.decode()
    assert "2 pictures put back, 1 left alone." in text
    assert "removed it" in text
    assert "Taken back" in text
    assert "removed it" not in client.get(f"{address}?done=1").content.decode()
    assert (names_on(images[0]), names_on(images[1])) == ([], [])
    answer = client.post(f"{address}undo/", {"change": change.pk, "key": "nonsense"}, follow=True)
    assert Change.objects.filter(undoes=change).count() == 1


def test_the_page_filters_by_person_and_by_way(client: Client, dataset: Dataset, ana: User) -> None:
    image = factories.make_image(dataset)
    tag_all([image], "from-ana", by=ana)
    tag_all([image], "from-model", source=Source.MODEL)
    address = f"/datasets/{dataset.pk}/history/"

    def shown(query: str) -> list[bool]:
        text = client.get(f"{address}?{query}").content.decode()
        return ["from-ana" in text, "from-model" in text]

    assert shown("") == shown("by=nobody&how=nonsense&before=x") == [True, True]
    assert shown("by=Ana") == [True, False]
    assert shown("how=MODEL") == [False, True]
    assert shown("by=Ana&how=MODEL") == [False, False]
    # No database compares a text with a NUL in it.
    assert shown("by=%00") == [True, True]
    assert shown("by=An%00a") == [True, False]
    api = f"/api/v1/datasets/{dataset.pk}/history"
    assert client.get(f"{api}?by=%00").status_code == 404
    assert len(client.get(f"{api}?by=An%00a").json()["entries"]) == 1


def test_days_are_those_of_the_place_where_the_program_stands(client: Client, image: Image, settings: Settings) -> None:
    change = tag_all([image], "a")
    Change.objects.filter(pk=change.pk).update(done_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    settings.TIME_ZONE = "Asia/Tokyo"
    (row,) = client.get(f"/datasets/{image.dataset.pk}/history/").context["rows"]
    assert row["day"] == date(2026, 3, 2)


def test_a_change_of_another_dataset_is_not_found(client: Client, image: Image) -> None:
    change = tag_all([image], "a")
    other = factories.make_dataset()
    assert client.post(f"/datasets/{other.pk}/history/undo/", {"change": change.pk}).status_code == 404
    assert client.get("/datasets/999/history/").status_code == 404
    assert names_on(image) == ["a"]
