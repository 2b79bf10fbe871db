"""The rules of the vocabulary on one image: what follows is added, asked about, kept away and taken back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from datasets.models import Dataset, Image
from tagging.models import (
    Change,
    DatasetVocabulary,
    ImageTag,
    Source,
    Spelling,
    Tag,
    TagAlias,
    TagImplication,
    TagKeptAway,
    TagOperation,
)
from tagging.queries.history import get_blame, get_log
from tagging.queries.state import get_image_state
from tagging.queries.vocabulary import forget_vocabulary
from tagging.replaying import replay
from tagging.services.implying import TagImplied
from tagging.services.labelling import Edit, apply_edits
from tagging.services.rules import TagDeprecated
from tagging.services.undoing import undo_change
from tagging.services.vocabulary import bump_vocabulary
from tests import factories
from tests.tagging.doing import Kind, adding, apply, moving, names_on, removing

pytestmark = pytest.mark.django_db


def implies(name: str, *others: str) -> None:
    tag, _ = Tag.objects.get_or_create(name=name)
    for other in others:
        TagImplication.objects.create(tag=tag, implies=Tag.objects.get_or_create(name=other)[0])


def deprecate(name: str, successor: str = "") -> None:
    after = Tag.objects.get_or_create(name=successor)[0] if successor else None
    Tag.objects.update_or_create(name=name, defaults={"deprecated_at": timezone.now(), "successor": after})


def sources(image: Image) -> dict[str, str]:
    return {tag.name: tag.source for tag in get_image_state(image).tags}


def check_log(image: Image) -> None:
    assert replay(get_log(image)).tags == names_on(image)


def edit(kind: Kind, tag: str, **more: Any) -> Edit:
    return Edit(uuid.uuid4(), kind, tag, **more)


# --- What follows is added --------------------------------------------------------------------------------------------


def test_what_follows_stands_right_behind_its_tag_and_is_marked(image: Image) -> None:
    implies("kimono", "clothes", "japanese clothes")
    implies("japanese clothes", "japan")
    apply(image, adding("first"), adding("last"))
    apply(image, adding("kimono", before="last"))
    assert names_on(image) == ["first", "kimono", "clothes", "japanese clothes", "japan", "last"]
    assert sources(image) == {
        "first": Source.PERSON,
        "kimono": Source.PERSON,
        "clothes": Source.RULE,
        "japanese clothes": Source.RULE,
        "japan": Source.RULE,
        "last": Source.PERSON,
    }
    by = {tag.name: tag.implied_by for tag in get_image_state(image).tags}
    assert by["japan"] == ["kimono", "japanese clothes"]
    assert by["first"] == []
    assert {blame.tag: blame.source for blame in get_blame(image)}["japan"] == Source.RULE
    check_log(image)


def test_what_is_there_already_stays_where_and_what_it_is(image: Image) -> None:
    implies("kimono", "clothes")
    apply(image, adding("clothes"), adding("kimono"))
    assert sources(image) == {"clothes": Source.PERSON, "kimono": Source.PERSON}


def test_both_stand_in_one_entry_and_an_undo_takes_both(image: Image) -> None:
    implies("kimono", "clothes")
    apply(image, adding("plain"))
    apply(image, adding("kimono"))
    change = Change.objects.latest("pk")
    assert [operation.tag_name for operation in change.operations.order_by("pk")] == ["kimono", "clothes"]
    undone = undo_change(change, by=None, key=uuid.uuid4())
    assert (undone.reverted, undone.left) == (2, 0)
    assert names_on(image) == ["plain"]
    check_log(image)


def test_the_same_edit_sent_twice_adds_what_follows_once(image: Image) -> None:
    implies("kimono", "clothes")
    edits = adding("kimono")
    apply(image, edits)
    apply(image, edits)
    assert names_on(image) == ["kimono", "clothes"]
    assert TagOperation.objects.filter(image=image).count() == 2


def test_a_repeated_edit_is_taken_though_its_tag_is_not_used_any_more_by_now(image: Image) -> None:
    edits = adding("garb")
    apply(image, edits)
    deprecate("garb", "clothes")
    assert apply(image, edits).tags[0].name == "garb"
    with pytest.raises(TagDeprecated, match="clothes"):
        apply(image, adding("other"), adding("garb"))
    assert names_on(image) == ["garb"]


def test_there_is_room_behind_a_tag_however_often_something_was_put_there(image: Image) -> None:
    implies("a", "b", "c")
    apply(image, adding("x"), adding("y"))
    apply(image, *(moving(("x", "y")[turn % 2], "y" if turn % 2 == 0 else "x") for turn in range(3)))
    rows = ImageTag.objects.filter(image=image).order_by("position")
    first, second = rows
    second.position = first.position + 1e-12 * max(1.0, abs(first.position))
    ImageTag.objects.bulk_update([second], ["position"])
    apply(image, adding("a", before=second.tag.name))
    assert names_on(image) == [first.tag.name, "a", "b", "c", second.tag.name]
    assert len({row.position for row in ImageTag.objects.filter(image=image)}) == 5


# --- What follows is asked about --------------------------------------------------------------------------------------


@pytest.fixture
def dressed(image: Image) -> Image:
    """An image with a kimono, which is clothes."""
    implies("kimono", "clothes")
    apply(image, adding("kimono"), adding("plain"))
    assert names_on(image) == ["kimono", "clothes", "plain"]
    return image


def test_removing_what_follows_asks_and_changes_nothing(dressed: Image) -> None:
    with pytest.raises(TagImplied, match="kimono") as asked:
        apply(dressed, removing("plain"), removing("clothes"))
    assert asked.value.impliers == ["kimono"]
    assert names_on(dressed) == ["kimono", "clothes", "plain"]


def test_both_may_be_removed(dressed: Image) -> None:
    apply(dressed, edit(Kind.REMOVE, "clothes", with_impliers=True))
    assert names_on(dressed) == ["plain"]
    undo_change(Change.objects.latest("pk"), by=None, key=uuid.uuid4())
    assert names_on(dressed) == ["kimono", "clothes", "plain"]
    check_log(dressed)


def test_what_leaves_in_the_same_call_is_not_asked_about(dressed: Image) -> None:
    apply(dressed, removing("clothes"), removing("kimono"))
    assert names_on(dressed) == ["plain"]


def test_what_is_removed_alone_stays_away_from_this_image(dressed: Image) -> None:
    implies("yukata", "clothes")
    apply(dressed, edit(Kind.REMOVE, "clothes", keep_impliers=True))
    assert names_on(dressed) == ["kimono", "plain"]
    apply(dressed, adding("yukata"))
    assert names_on(dressed) == ["kimono", "plain", "yukata"], "no rule adds it again"
    other = factories.make_image(dressed.dataset)
    apply(other, adding("yukata"))
    assert names_on(other) == ["yukata", "clothes"]
    check_log(dressed)


@pytest.mark.parametrize("way", ["by hand", "by undo"])
def test_what_came_back_is_not_kept_away_any_more(dressed: Image, way: str) -> None:
    implies("yukata", "clothes")
    apply(dressed, edit(Kind.REMOVE, "clothes", keep_impliers=True))
    if way == "by hand":
        apply(dressed, adding("clothes"))
    else:
        undo_change(Change.objects.latest("pk"), by=None, key=uuid.uuid4())
    apply(dressed, edit(Kind.REMOVE, "clothes", with_impliers=True))
    apply(dressed, adding("yukata"))
    assert names_on(dressed) == ["plain", "yukata", "clothes"]
    assert TagKeptAway.objects.count() == 1


def test_removing_a_tag_that_follows_from_nothing_asks_nothing(dressed: Image) -> None:
    apply(dressed, removing("kimono"))
    assert names_on(dressed) == ["clothes", "plain"]
    apply(dressed, removing("clothes"))
    assert names_on(dressed) == ["plain"]


# --- Taking back on the desk ------------------------------------------------------------------------------------------


def test_an_edit_that_takes_back_an_addition_takes_what_came_along(image: Image) -> None:
    implies("kimono", "clothes")
    added = adding("kimono")
    apply(image, adding("plain"), added)
    back = edit(Kind.REMOVE, "kimono", undoes=added.key)
    apply(image, back)
    assert names_on(image) == ["plain"]
    apply(image, edit(Kind.ADD, "kimono", undoes=back.key))
    assert names_on(image) == ["plain", "kimono", "clothes"]
    assert sources(image)["clothes"] == Source.RULE
    check_log(image)


def test_what_came_along_stays_where_something_else_says_it_as_well(image: Image) -> None:
    implies("kimono", "clothes")
    implies("shirt", "clothes")
    added = adding("kimono")
    apply(image, added)
    apply(image, adding("shirt"))
    apply(image, edit(Kind.REMOVE, "kimono", undoes=added.key))
    assert names_on(image) == ["clothes", "shirt"]


def test_what_came_along_and_was_touched_since_stays(image: Image) -> None:
    implies("kimono", "clothes")
    added = adding("kimono")
    apply(image, adding("plain"), added)
    apply(image, moving("clothes", before="plain"))
    apply(image, edit(Kind.REMOVE, "kimono", undoes=added.key))
    assert names_on(image) == ["clothes", "plain"]


def test_a_removal_that_is_taken_back_brings_the_tag_as_it_was_whatever_the_rules_say_by_now(image: Image) -> None:
    apply(image, adding("red_dress"))
    removed = removing("red_dress")
    apply(image, removed)
    DatasetVocabulary.objects.create(dataset=image.dataset, spelling=Spelling.SPACES)
    deprecate("red_dress", "dress")
    apply(image, edit(Kind.ADD, "red_dress", undoes=removed.key))
    assert names_on(image) == ["red_dress"]


def test_only_the_very_operation_may_be_taken_back(image: Image) -> None:
    deprecate("garb", "clothes")
    other = factories.make_image(image.dataset)
    removed = removing("plain")
    apply(other, adding("plain"), removed)
    for key in (removed.key, uuid.uuid4()):
        with pytest.raises(TagDeprecated):
            apply(image, edit(Kind.ADD, "garb", undoes=key))


# --- Every way of typing ----------------------------------------------------------------------------------------------


def test_an_alias_and_the_datasets_spelling_hold_for_removing_and_moving_too(image: Image) -> None:
    DatasetVocabulary.objects.create(dataset=image.dataset, spelling=Spelling.SPACES)
    TagAlias.objects.create(name="miku", tag=Tag.objects.create(name="hatsune_miku"))
    apply(image, adding("miku"), adding("red_dress"))
    assert names_on(image) == ["hatsune miku", "red dress"]
    apply(image, moving("red_dress", before="hatsune miku"))
    assert names_on(image) == ["red dress", "hatsune miku"]
    apply(image, removing("miku"))
    assert names_on(image) == ["red dress"]


def test_words_that_are_there_are_not_respelled(image: Image) -> None:
    apply(image, adding("red_dress"), adding("plain"))
    DatasetVocabulary.objects.create(dataset=image.dataset, spelling=Spelling.SPACES)
    apply(image, moving("red_dress"))
    assert names_on(image) == ["plain", "red_dress"]
    apply(image, removing("red_dress"))
    assert names_on(image) == ["plain"]


def test_words_of_other_pictures_are_not_refused(image: Image) -> None:
    deprecate("garb", "clothes")
    deprecate("thing")
    apply_edits(image, [adding("garb"), adding("thing")], by=None, source=Source.BULK)
    assert names_on(image) == ["clothes", "thing"]


# --- The API ----------------------------------------------------------------------------------------------------------


def post(client: Client, image: Image, **operation: Any) -> tuple[int, dict[str, Any]]:
    body = {"operations": [{"key": str(uuid.uuid4()), **operation}]}
    response = client.post(f"/api/v1/images/{image.pk}/edits", body, content_type="application/json")
    return response.status_code, response.json()


def test_the_api_asks_what_is_meant(client: Client, dressed: Image) -> None:
    status, body = post(client, dressed, kind="remove", tag="clothes")
    assert (status, body["implied_by"], body["tag"]) == (409, ["kimono"], "clothes")
    assert "kimono" in body["detail"]
    status, body = post(client, dressed, kind="remove", tag="clothes", keep_impliers=True)
    assert (status, [tag["name"] for tag in body["tags"]]) == (200, ["kimono", "plain"])


def test_the_api_tells_what_follows(client: Client, dressed: Image) -> None:
    status, body = post(client, dressed, kind="add", tag="more")
    assert status == 200
    assert body["tags"][1].items() >= {"name": "clothes", "source": "RULE", "implied_by": ["kimono"]}.items()


def test_the_api_refuses_what_is_not_used_any_more_and_names_the_successor(client: Client, image: Image) -> None:
    deprecate("garb", "clothes")
    status, body = post(client, image, kind="add", tag="garb")
    assert (status, "“clothes”" in body["detail"]) == (422, True)


@pytest.fixture
def eyes(dataset: Dataset) -> Tag:
    """A tag that is used a lot."""
    forget_vocabulary()
    bump_vocabulary()
    return Tag.objects.create(name="blue eyes", vocabulary_count=400)


@pytest.mark.parametrize(
    "typed", ["blue eyess", "blue eys", "blue eyez", "bleu eyes", "lue eyes", "Blue eyes", "blue_eyes"]
)
def test_a_new_tag_that_is_one_letter_away_is_asked_about(client: Client, image: Image, eyes: Tag, typed: str) -> None:
    status, body = post(client, image, kind="add", tag=typed, is_meant=False)
    assert (status, body["meant"], body["tag"]) == (409, "blue eyes", typed)
    assert not Tag.objects.filter(name=typed).exists()
    status, _ = post(client, image, kind="add", tag=typed, is_meant=True)
    assert status == 200
    assert names_on(image) == [typed]
    other = factories.make_image(image.dataset)
    assert post(client, other, kind="add", tag=typed, is_meant=False)[0] == 200, "it is a tag now"


def test_all_slips_of_a_list_are_asked_about_at_once_and_nothing_of_it_is_stored(
    client: Client, image: Image, eyes: Tag
) -> None:
    names = ["reeds", "blue eyez", "blue eys"]
    edits = [{"key": str(uuid.uuid4()), "kind": "add", "tag": name, "is_meant": False} for name in names]
    response = client.post(f"/api/v1/images/{image.pk}/edits", {"operations": edits}, content_type="application/json")
    body = response.json()
    asked = [(each["key"], each["tag"], each["meant"]) for each in (body, *body["also"])]
    assert response.status_code == 409
    assert asked == [(edit["key"], edit["tag"], "blue eyes") for edit in edits[1:]]
    assert names_on(image) == []


@pytest.mark.parametrize("typed", ["blue eyes", "blu eys", "blue hair", "blue eyes2"])
def test_anything_else_is_not_asked_about(client: Client, image: Image, eyes: Tag, typed: str) -> None:
    assert post(client, image, kind="add", tag=typed, is_meant=False)[0] == 200


def test_what_is_pasted_is_not_asked_about(client: Client, image: Image, eyes: Tag) -> None:
    assert post(client, image, kind="add", tag="blue eys")[0] == 200


def test_a_tag_used_less_is_no_reason_to_ask_but_use_in_the_dataset_counts(client: Client, image: Image) -> None:
    forget_vocabulary()
    tag = Tag.objects.create(name="long hair", vocabulary_count=399)
    assert post(client, image, kind="add", tag="long hairr", is_meant=False)[0] == 200
    images = [factories.make_image(image.dataset) for _ in range(400)]
    rows = [ImageTag(image=each, tag=tag, position=1, source=Source.PERSON) for each in images]
    ImageTag.objects.bulk_create(rows)
    assert post(client, image, kind="add", tag="lon hair", is_meant=False)[1]["meant"] == "long hair"
    deprecate("long hair")
    assert post(client, image, kind="add", tag="lon hair", is_meant=False)[0] == 200
