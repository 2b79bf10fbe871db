"""Of pictures that look alike one is kept with the words of all, and every step can be taken back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.models import Dataset, DistinctPair, Image
from datasets.queries.similar import get_similar_page
from datasets.services.keeping_apart import keep_apart
from datasets.services.trash import move_to_trash
from tagging.models import Caption, Source, TagOperation
from tagging.queries.duplicates import get_duplicates_page
from tagging.queries.state import get_image_state
from tagging.services.duplicates import GroupChanged, keep_one, undo_keep
from tagging.services.labelling import Edit, apply_edits
from tests import factories, images, uploading

pytestmark = pytest.mark.django_db

ADD, REMOVE, CAPTION = TagOperation.Kind.ADD, TagOperation.Kind.REMOVE, TagOperation.Kind.CAPTION


def alike(dataset: Dataset, *tags: str, dhash: int = 0b1111, **fields: Any) -> Image:
    """An image of one look, with tags and perhaps a caption."""
    caption = fields.pop("caption", "")
    image = factories.make_image(dataset, **{"dhash": dhash, "sharpness": 300.0, **fields})
    edits = [Edit(uuid.uuid4(), ADD, tag) for tag in tags]
    if caption:
        edits.append(Edit(uuid.uuid4(), CAPTION, text=caption))
    apply_edits(image, edits, by=None)
    return image


def names(image: Image) -> list[str]:
    return [tag.name for tag in get_image_state(image).tags]


def groups(dataset: Dataset) -> list[list[int]]:
    return [[image.pk for image in group.images] for group in get_similar_page(dataset).groups]


def address(dataset: Dataset, rest: str = "") -> str:
    return f"/api/v1/datasets/{dataset.pk}/near-duplicates{rest}"


# --- groups --------------------------------------------------------------------------------------------


def test_the_best_has_most_pixels_then_is_sharper_then_heavier_then_earlier(dataset: Dataset) -> None:
    first = alike(dataset, width=100, height=100)
    heavy = alike(dataset, width=100, height=100, byte_size=9000)
    sharp = alike(dataset, width=100, height=100, sharpness=400.0)
    large = alike(dataset, width=200, height=100, sharpness=10.0)
    later = alike(dataset, width=100, height=100)
    assert groups(dataset) == [[large.pk, sharp.pk, heavy.pk, first.pk, later.pk]]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"width": 2000}, "largest"),
        ({"sharpness": 900.0}, "sharpest"),
        ({"byte_size": 9000}, "heaviest"),
        ({}, "earliest"),
    ],
)
def test_the_page_says_why_the_best_is_the_best(dataset: Dataset, fields: dict[str, Any], reason: str) -> None:
    best = alike(dataset, **fields)
    alike(dataset)
    group = get_similar_page(dataset).groups[0]
    assert (group.images[0], group.reason) == (best, reason)


def test_a_picture_of_many_pixels_is_no_number_too_large(dataset: Dataset) -> None:
    large = alike(dataset, width=70_000, height=70_000)
    small = alike(dataset)
    assert groups(dataset) == [[large.pk, small.pk]]


def test_only_present_measured_images_of_this_dataset_are_in_groups(dataset: Dataset) -> None:
    here, there = alike(dataset), alike(dataset)
    trashed = alike(dataset)
    factories.make_image(dataset)
    alike(factories.make_dataset())
    alike(dataset, dhash=~0)
    move_to_trash(dataset, [trashed.pk], by=None)
    assert groups(dataset) == [[here.pk, there.pk]]
    assert get_similar_page(dataset).not_measured == 1


def test_groups_come_page_by_page_and_a_resolved_one_moves_none(dataset: Dataset) -> None:
    made = [[alike(dataset, dhash=0xFFFF << 15 * n).pk for _ in range(2)] for n in range(4)]
    page = get_similar_page(dataset, limit=2)
    assert ([[i.pk for i in g.images] for g in page.groups], page.total) == (made[:2], 4)
    move_to_trash(dataset, [made[0][1]], by=None)
    assert page.next is not None
    rest = get_similar_page(dataset, after=page.next, limit=2)
    assert ([[i.pk for i in g.images] for g in rest.groups], rest.next) == (made[2:], None)


def test_copies_of_a_real_picture_are_found_and_another_picture_is_not(dataset: Dataset) -> None:
    job = uploading.start(dataset)
    files = {
        "original.png": images.encoded("PNG", width=640, height=480, seed=3),
        "other.jpg": images.encoded("JPEG", width=640, height=480, seed=8),
        "worse.jpg": images.encoded("JPEG", width=640, height=480, seed=3, quality=40),
    }
    for name, content in files.items():
        assert uploading.bring(job, name, content).image is not None
    found = get_similar_page(dataset).groups
    assert [[image.original_name for image in group.images] for group in found] in (
        [["original.png", "worse.jpg"]],
        [["worse.jpg", "original.png"]],
    )


# --- keep one ------------------------------------------------------------------------------------------


def test_the_kept_one_gets_the_tags_of_the_others_after_its_own(dataset: Dataset) -> None:
    best, one, other = alike(dataset, "a", "b"), alike(dataset, "c", "a"), alike(dataset, "d", "c", "e")
    kept = keep_one(dataset, best.pk, [one.pk, other.pk], merge_tags=True, by=None)
    assert names(best) == ["a", "b", "c", "d", "e"]
    assert (kept.trash, kept.tags) == ([one.pk, other.pk], ["c", "d", "e"])
    assert set(Image.everything.in_trash()) == {one, other}
    given = TagOperation.objects.filter(image=best, change__source=Source.BULK)
    assert [operation.tag_name for operation in given.order_by("pk")] == ["c", "d", "e"]
    assert groups(dataset) == []


def test_a_caption_stays_and_only_a_missing_one_is_taken_from_the_longest(dataset: Dataset) -> None:
    mine, theirs = alike(dataset, caption="Mine."), alike(dataset, caption="A longer one of theirs.")
    keep_one(dataset, mine.pk, [theirs.pk], merge_tags=True, by=None)
    assert get_image_state(mine).caption == "Mine."
    bare, short, long = alike(dataset), alike(dataset, caption="Short."), alike(dataset, caption="The longest of all.")
    keep_one(dataset, bare.pk, [short.pk, long.pk], merge_tags=True, by=None)
    state = get_image_state(bare)
    assert (state.caption, state.tagged) == ("The longest of all.", True)


def test_a_caption_that_was_emptied_counts_as_none(dataset: Dataset) -> None:
    emptied, other = alike(dataset, caption="Was here."), alike(dataset, caption="Other.")
    apply_edits(emptied, [Edit(uuid.uuid4(), CAPTION, text="", version=1)], by=None)
    keep_one(dataset, emptied.pk, [other.pk], merge_tags=True, by=None)
    assert get_image_state(emptied).caption == "Other."


def test_tags_are_left_alone_where_that_is_wanted(dataset: Dataset) -> None:
    best, other = alike(dataset, "a"), alike(dataset, "b", caption="Theirs.")
    keep_one(dataset, best.pk, [other.pk], merge_tags=False, by=None)
    assert names(best) == ["a"]
    assert get_image_state(best).caption == ""


def test_nothing_goes_where_the_one_to_keep_is_gone(dataset: Dataset) -> None:
    best, other = alike(dataset), alike(dataset)
    move_to_trash(dataset, [best.pk], by=None)
    with pytest.raises(GroupChanged):
        keep_one(dataset, best.pk, [other.pk], merge_tags=True, by=None)
    assert Image.objects.filter(pk=other.pk).exists()


def test_nobody_elses_images_are_touched(dataset: Dataset) -> None:
    best, stranger = alike(dataset, "a"), alike(factories.make_dataset(), "b")
    kept = keep_one(dataset, best.pk, [stranger.pk, best.pk, 10**12], merge_tags=True, by=None)
    assert (kept.trash, names(best)) == ([], ["a"])
    assert Image.objects.filter(pk=stranger.pk).exists()
    keep_apart(dataset, [best.pk, stranger.pk])
    assert not DistinctPair.objects.exists()


# --- undo ----------------------------------------------------------------------------------------------


def test_undo_brings_the_others_back_and_takes_the_given_words_away(dataset: Dataset) -> None:
    best, other = alike(dataset, "a"), alike(dataset, "b", "c", caption="Theirs.")
    kept = keep_one(dataset, best.pk, [other.pk], merge_tags=True, by=None)
    assert undo_keep(dataset, kept, by=None) == 1
    state = get_image_state(best)
    assert ([tag.name for tag in state.tags], state.caption) == (["a"], "")
    assert names(other) == ["b", "c"]
    assert groups(dataset) == [[best.pk, other.pk]]


def test_undo_leaves_what_a_person_touched_since(dataset: Dataset) -> None:
    best, other = alike(dataset), alike(dataset, "moved", "untouched", "again", caption="Theirs.")
    kept = keep_one(dataset, best.pk, [other.pk], merge_tags=True, by=None)
    edits = [
        Edit(uuid.uuid4(), TagOperation.Kind.MOVE, "moved"),
        Edit(uuid.uuid4(), REMOVE, "again"),
        Edit(uuid.uuid4(), ADD, "again"),
        Edit(uuid.uuid4(), CAPTION, text="Written over.", version=1),
    ]
    apply_edits(best, edits, by=None)
    undo_keep(dataset, kept, by=None)
    assert names(best) == ["moved", "again"]
    assert Caption.objects.get(image=best).text == "Written over."


def test_undo_twice_does_nothing_more(dataset: Dataset) -> None:
    best, other = alike(dataset), alike(dataset, "b")
    kept = keep_one(dataset, best.pk, [other.pk], merge_tags=True, by=None)
    undo_keep(dataset, kept, by=None)
    apply_edits(best, [Edit(uuid.uuid4(), ADD, "b")], by=None)
    assert undo_keep(dataset, kept, by=None) == 0
    assert names(best) == ["b"]


def test_undo_restores_nothing_that_was_in_the_trash_before(dataset: Dataset) -> None:
    best, before, other = alike(dataset), alike(dataset), alike(dataset)
    move_to_trash(dataset, [before.pk], by=None)
    kept = keep_one(dataset, best.pk, [before.pk, other.pk], merge_tags=True, by=None)
    undo_keep(dataset, kept, by=None)
    assert list(Image.everything.in_trash()) == [before]


# --- keep all ------------------------------------------------------------------------------------------


def test_pictures_that_are_both_wanted_do_not_come_back(dataset: Dataset) -> None:
    pictures = [alike(dataset) for _ in range(3)]
    keep_apart(dataset, [picture.pk for picture in pictures])
    assert groups(dataset) == []
    new = alike(dataset)
    assert groups(dataset) == [[pictures[0].pk, new.pk]]
    keep_apart(dataset, [picture.pk for picture in pictures])
    assert DistinctPair.objects.count() == 3


# --- API and page --------------------------------------------------------------------------------------


def post(client: Client, path: str, body: object) -> Any:
    return client.post(path, data=body, content_type="application/json")


def test_the_api_lists_keeps_and_undoes(client: Client, dataset: Dataset) -> None:
    best, other = alike(dataset, "a", width=900), alike(dataset, "b")
    listed = client.get(address(dataset)).json()
    assert (listed["total"], listed["next"], listed["groups"][0]["reason"]) == (1, None, "largest")
    assert [image["id"] for image in listed["groups"][0]["images"]] == [best.pk, other.pk]
    assert listed["groups"][0]["images"][0]["gains_tags"] == ["b"]
    kept = post(client, address(dataset, "/keep"), {"keep": best.pk, "trash": [other.pk], "merge_tags": True})
    assert (kept.status_code, names(best)) == (200, ["a", "b"])
    assert post(client, address(dataset, "/undo"), kept.json()).json() == {"images": 1}
    assert names(best) == ["a"]
    both = {"images": [best.pk, other.pk]}
    assert post(client, address(dataset, "/distinct"), both).json() == {"images": 2}
    assert client.get(address(dataset)).json()["groups"] == []
    assert post(client, address(dataset, "/distinct/undo"), both).status_code == 204
    assert client.get(address(dataset)).json()["total"] == 1


def test_the_api_says_when_the_one_to_keep_is_gone(client: Client, dataset: Dataset) -> None:
    answer = post(client, address(dataset, "/keep"), {"keep": 10**9, "trash": [1]})
    assert answer.status_code == 409
    assert "deleted meanwhile" in answer.json()["detail"]
    assert post(client, address(dataset, "/keep"), {"keep": 1, "trash": [1] * 61}).status_code == 422


def test_who_may_only_look_changes_nothing(client: Client, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    best, other = alike(dataset), alike(dataset)

    def refuse(*_: object) -> None:
        raise PermissionDenied("You may look.")

    monkeypatch.setattr("datasets.asking.check_can_edit", refuse)
    for path, body in (
        ("/keep", {"keep": best.pk, "trash": [other.pk]}),
        ("/undo", {"keep": best.pk, "trash": [], "batch": str(uuid.uuid4())}),
        ("/distinct", {"images": [best.pk, other.pk]}),
        ("/distinct/undo", {"images": [best.pk, other.pk]}),
    ):
        assert post(client, address(dataset, path), body).status_code == 403, path
    assert groups(dataset) == [[best.pk, other.pk]]


def test_the_page_works_without_a_script(client: Client, dataset: Dataset) -> None:
    best, other = alike(dataset, "a", width=900), alike(dataset, "b")
    one, two = (alike(dataset, dhash=0xFFFF0000) for _ in range(2))
    page = f"/datasets/{dataset.pk}/duplicates/"
    text = client.get(page).content.decode()
    assert "2 groups" in text
    assert "largest" in text
    assert "+ <bdi>b</bdi>" in text
    form = {
        "group": [best.position, one.position],
        f"images-{best.position}": [best.pk, other.pk],
        f"keep-{best.position}": best.pk,
        f"merge-{best.position}": "1",
        f"images-{one.position}": [one.pk, two.pk],
        f"keep-{one.position}": two.pk,
    }
    done = client.post(page, {**form, "action": "keep-all"}, follow=True)
    assert "2 images moved to the trash." in done.content.decode()
    assert set(Image.everything.in_trash()) == {other, one}
    assert names(best) == ["a", "b"]
    back = client.post(f"{page}undo/", follow=True).content.decode()
    assert "2 images are back." in back
    assert names(best) == ["a"]
    client.post(page, {**form, "action": f"keep:{one.position}"})
    assert list(Image.everything.in_trash()) == [one]
    client.post(page, {**form, "action": f"distinct:{best.position}"})
    assert "No picture looks like another" in client.get(page).content.decode()


@pytest.mark.parametrize("action", ["", "keep:", "keep:x", "distinct:", "keep-all", "keep:7"])
def test_a_form_of_nonsense_does_nothing(client: Client, dataset: Dataset, action: str) -> None:
    best = alike(dataset)
    page = f"/datasets/{dataset.pk}/duplicates/"
    form = {"action": action, "after": "x", "group": ["7", "²"], "images-7": [best.pk, "²"], "keep-7": "99"}
    assert client.post(page, form).status_code == 302
    assert client.post(f"{page}undo/").status_code == 302
    assert Image.objects.filter(pk=best.pk).exists()


def test_the_page_says_how_many_are_not_measured(client: Client, dataset: Dataset) -> None:
    for _ in range(12):
        factories.make_image(dataset)
    assert "12 images were not measured yet" in client.get(f"/datasets/{dataset.pk}/duplicates/").content.decode()


def test_the_page_costs_the_same_for_any_number_of_groups(client: Client, dataset: Dataset) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            get_duplicates_page(dataset)
        return len(captured)

    for _ in range(2):
        alike(dataset, "a", caption="b")
    one_group = queries()
    for number in range(1, 20):
        for _ in range(2):
            alike(dataset, f"t{number}", dhash=hash_of(number))
    assert len(get_duplicates_page(dataset).groups) == 12
    assert queries() == one_group


def hash_of(number: int) -> int:
    return int.from_bytes(uuid.uuid5(uuid.NAMESPACE_OID, str(number)).bytes[:8], "big", signed=True)
