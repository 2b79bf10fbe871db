"""Tags on the keys 1 to 9, those added last, one question a picture, and the text that a trainer reads."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from datasets.models import Dataset, Image
from tagging.models import QuickTag, Source, TagAlias, TagCategory
from tagging.queries.quick_tags import get_quick_tags, get_recent_tags
from tagging.services.implications import deprecate_tag
from tagging.services.labelling import apply_edits
from tagging.services.quick_tags import NoSlotLeft, NoSuchSlot, pin_tag, unpin_tag
from tagging.services.vocabulary import TagRefused, get_tags
from tagging.tokens import TokenCounts
from tests import factories, images
from tests.tagging.doing import adding, apply, bring_in, picture_of, removing, together, writing
from tests.tagging.exporting import export, files_of

pytestmark = pytest.mark.django_db


def pinned(dataset: Dataset) -> dict[int, str]:
    """What is on which key."""
    return {slot: tag.name for slot, tag in get_quick_tags(dataset).items()}


# --- The keys ---------------------------------------------------------------------------------------------------------


def test_a_tag_without_a_key_takes_the_first_that_is_free_and_stays_there(dataset: Dataset) -> None:
    pin_tag(dataset, "sky", slot=2)
    pin_tag(dataset, "lake")
    pin_tag(dataset, "snow")
    pin_tag(dataset, "lake")
    assert pinned(dataset) == {1: "lake", 2: "sky", 3: "snow"}
    unpin_tag(dataset, 1)
    unpin_tag(dataset, 1)
    assert pinned(dataset) == {2: "sky", 3: "snow"}


def test_a_pinned_tag_changes_places_and_a_new_one_takes_the_place(dataset: Dataset) -> None:
    for name in ("sky", "lake", "snow"):
        pin_tag(dataset, name)
    pin_tag(dataset, "snow", slot=1)
    assert pinned(dataset) == {1: "snow", 2: "lake", 3: "sky"}
    pin_tag(dataset, "snow", slot=9)
    assert pinned(dataset) == {2: "lake", 3: "sky", 9: "snow"}
    pin_tag(dataset, "fog", slot=2)
    assert pinned(dataset) == {2: "fog", 3: "sky", 9: "snow"}


def test_other_spellings_pin_the_tag_that_they_mean(dataset: Dataset) -> None:
    TagAlias.objects.create(name="skies", tag=get_tags(["sky"])[0])
    pin_tag(dataset, "  skies ")
    pin_tag(dataset, "sky", slot=4)
    assert pinned(dataset) == {4: "sky"}


def test_each_dataset_has_keys_of_its_own(dataset: Dataset) -> None:
    other = factories.make_dataset()
    pin_tag(dataset, "sky")
    pin_tag(other, "lake")
    assert (pinned(dataset), pinned(other)) == ({1: "sky"}, {1: "lake"})


def test_what_cannot_be_pinned_is_refused_and_nothing_changes(dataset: Dataset) -> None:
    for number in range(9):
        pin_tag(dataset, f"tag {number}")
    before, revision = pinned(dataset), Dataset.objects.get(pk=dataset.pk).revision
    with pytest.raises(NoSlotLeft, match="All nine"):
        pin_tag(dataset, "tenth")
    with pytest.raises(NoSuchSlot):
        pin_tag(dataset, "tenth", slot=10)
    with pytest.raises(NoSuchSlot):
        unpin_tag(dataset, 0)
    with pytest.raises(TagRefused):
        pin_tag(dataset, "a, b", slot=1)
    assert pinned(dataset) == before
    assert Dataset.objects.get(pk=dataset.pk).revision == revision


def test_eight_people_who_pin_at_once_get_eight_keys(shared_database: None) -> None:
    dataset = factories.make_dataset()
    results = together(lambda person: pin_tag(dataset, f"tag {person}"))
    assert results == [None] * 8
    assert sorted(pinned(dataset).items()) == sorted(enumerate_from_one(pinned(dataset).values()))
    assert sorted(pinned(dataset).values()) == [f"tag {person}" for person in range(8)]


def enumerate_from_one(names: Any) -> list[tuple[int, str]]:
    return list(enumerate(names, start=1))


def test_two_who_change_places_at_once_lose_no_tag(shared_database: None) -> None:
    dataset = factories.make_dataset()
    names = ["sky", "lake", "snow"]
    for name in names:
        pin_tag(dataset, name)
    results = together(lambda person: pin_tag(dataset, names[person % 3], slot=1 + (person * 2) % 3))
    assert results == [None] * 8
    assert sorted(pinned(dataset)) == [1, 2, 3]
    assert sorted(pinned(dataset).values()) == sorted(names)


def test_pinning_counts_as_a_change_so_that_open_pages_ask_again(
    dataset: Dataset, django_capture_on_commit_callbacks: Any
) -> None:
    revision = Dataset.objects.get(pk=dataset.pk).revision
    with django_capture_on_commit_callbacks() as callbacks:
        pin_tag(dataset, "sky")
        unpin_tag(dataset, 1)
    assert Dataset.objects.get(pk=dataset.pk).revision == revision + 2
    assert len(callbacks) >= 2


def test_the_keys_over_the_api(client: Client, dataset: Dataset) -> None:
    tag = get_tags(["sky"])[0]
    tag.category = TagCategory.objects.create(name="place", colour="blue")
    tag.save()
    address = f"/api/v1/datasets/{dataset.pk}/quick-tags"
    sky = {"slot": 1, "name": "sky", "category": "place", "colour": "blue"}
    assert client.post(address, {"tag": "sky"}, content_type="application/json").json() == {"tags": [sky]}
    moved = client.put(f"{address}/3", {"tag": "sky"}, content_type="application/json")
    assert moved.json() == client.get(address).json() == {"tags": [{**sky, "slot": 3}]}
    refused = client.put(f"{address}/3", {"tag": ","}, content_type="application/json")
    assert (refused.status_code, "comma" in refused.json()["detail"]) == (422, True)
    assert client.put(f"{address}/0", {"tag": "x"}, content_type="application/json").status_code == 422
    assert client.delete(f"{address}/3").json() == {"tags": []}
    for number in range(9):
        client.post(address, {"tag": f"tag {number}"}, content_type="application/json")
    full = client.post(address, {"tag": "tenth"}, content_type="application/json")
    assert (full.status_code, "nine" in full.json()["detail"]) == (409, True)


def test_who_may_not_edit_reads_the_keys_but_changes_none(
    client: Client, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin_tag(dataset, "sky")

    def refuse(*_: Any) -> None:
        raise PermissionDenied("You may look.")

    monkeypatch.setattr("datasets.asking.check_can_edit", refuse)
    address = f"/api/v1/datasets/{dataset.pk}/quick-tags"
    assert client.post(address, {"tag": "x"}, content_type="application/json").status_code == 403
    assert client.put(f"{address}/1", {"tag": "x"}, content_type="application/json").status_code == 403
    assert client.delete(f"{address}/1").status_code == 403
    assert client.get(address).json()["tags"][0]["name"] == "sky"
    assert client.get(f"/api/v1/datasets/{dataset.pk + 1}/quick-tags").status_code == 404
    assert QuickTag.objects.count() == 1


# --- The last ones ----------------------------------------------------------------------------------------------------


def test_recent_tags_are_what_this_person_added_here_by_hand_the_newest_first(dataset: Dataset) -> None:
    anna, ben = factories.make_user(), factories.make_user()
    image = factories.make_image(dataset)
    elsewhere = factories.make_image(factories.make_dataset())
    apply_edits(image, [adding("sky"), adding("lake")], by=anna)
    apply_edits(image, [adding("fog")], by=ben)
    apply_edits(elsewhere, [adding("far")], by=anna)
    apply_edits(image, [adding("from a file")], by=anna, source=Source.SIDECAR)
    apply_edits(image, [removing("sky"), adding("snow"), adding("sky")], by=anna)
    assert [tag.name for tag in get_recent_tags(dataset, anna)] == ["sky", "snow", "lake"]
    assert [tag.name for tag in get_recent_tags(dataset, ben)] == ["fog"]
    assert get_recent_tags(dataset, None) == []


def test_recent_tags_are_twelve_at_most(client: Client, dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    apply(image, *[adding(f"tag {number}") for number in range(20)])
    names = [tag["name"] for tag in client.get(f"/api/v1/datasets/{dataset.pk}/recent-tags").json()["tags"]]
    assert names == [f"tag {number}" for number in range(19, 7, -1)]


# --- One question a picture -------------------------------------------------------------------------------------------


def test_pictures_to_ask_lack_the_tag_and_come_in_dataset_order(client: Client, dataset: Dataset) -> None:
    rows = [factories.make_image(dataset) for _ in range(7)]
    factories.make_image_tag(rows[1], "sky")
    factories.make_image_tag(rows[2], "lake")
    Image.objects.filter(pk=rows[4].pk).update(trashed_at="2026-01-01T00:00Z")
    TagAlias.objects.create(name="skies", tag=get_tags(["sky"])[0])
    address = f"/api/v1/datasets/{dataset.pk}/asking"
    wanted = [rows[number].pk for number in (0, 2, 3, 5, 6)]
    for spelling in ("sky", "skies"):
        page = client.get(address, {"tag": spelling}).json()
        assert page == {"images": wanted, "next": None, "total": 5}
    assert client.get(address, {"tag": "sky", "tagged": "true"}).json()["total"] == 6
    assert client.get(address, {"tag": "never used"}).json()["total"] == 6
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        page = client.get(f"{address}?tag=sky&limit=2&after={after}").json()
        found += page["images"]
        after = page["next"]
    assert found == wanted


# --- What the trainer reads -------------------------------------------------------------------------------------------


def read(client: Client, dataset: Dataset, tags: list[str], caption: str) -> dict[str, Any]:
    """Ask for the text of these words."""
    address = f"/api/v1/datasets/{dataset.pk}/caption-text"
    response = client.post(address, {"tags": tags, "caption": caption}, content_type="application/json")
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize(
    ("tags", "caption"),
    [
        (["zebra", "ohwx", "apple"], "A line\nbreak."),
        (["miku_(vocaloid)", "“sky”"], ""),
        ([], "ohwx stands there."),
        ([], "Prose, with a comma."),
        ([], ""),
        (["東京", "🐱"], "  ends in a blank "),
    ],
)
def test_the_text_is_what_the_export_writes_byte_for_byte(client: Client, tags: list[str], caption: str) -> None:
    dataset = factories.make_dataset(file_prefix="cat", trigger_word="ohwx")
    image = picture_of(bring_in(dataset, [("a.jpg", images.encoded(seed=1))])[0])
    apply(image, *[adding(tag) for tag in tags], *([writing(caption)] if caption else []))
    written = files_of(export(dataset))["cat/cat-0001.txt"]
    state = client.get(f"/api/v1/images/{image.pk}/tags").json()
    shown = read(client, dataset, [tag["name"] for tag in state["tags"]], state["caption"]["text"])
    assert shown["text"].encode() == written
    # Also before it is saved, as it stands in the page.
    assert read(client, dataset, tags, caption)["text"].encode() == written


def test_the_trigger_word_stands_first_and_once_and_the_tags_keep_their_order(client: Client) -> None:
    dataset = factories.make_dataset(trigger_word="ohwx")
    text = read(client, dataset, ["zebra", "ohwx", "apple"], "Prose.")["text"]
    assert text == "ohwx, zebra, apple, Prose."


def test_counts_are_there_or_null_and_the_text_is_there_all_the_same(
    client: Client, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagging.queries.reading.count_tokens", lambda *_, **__: TokenCounts(76, None))
    assert read(client, dataset, ["sky"], "") == {"text": "sky", "clip": {"count": 76, "limit": 75}, "t5": None}


def test_the_setting_names_the_vocabulary(client: Client, dataset: Dataset, settings: Any, tmp_path: Any) -> None:
    settings.T5_TOKENIZER = str(tmp_path / f"{uuid.uuid4()}.json")
    answer = read(client, dataset, ["sky"], "")
    assert (answer["text"], answer["t5"]) == ("sky", None)


def test_a_tag_that_is_not_used_any_more_is_not_pinned_and_its_successor_is_named(dataset: Dataset) -> None:
    [sky, heaven] = get_tags(["sky", "heaven"])
    deprecate_tag(heaven, sky)
    with pytest.raises(TagRefused, match="“sky” takes its place"):
        pin_tag(dataset, "heaven")
    assert not QuickTag.objects.exists()
