"""Tags that are renamed, merged and split: exact numbers first, then operations that can be taken back."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.models import Dataset, Image
from datasets.services.trash import move_to_trash
from tagging.models import Change, ImageTag, QuickTag, Source, Tag, TagAlias, TagCategory, TagImplication
from tagging.queries.history import get_log
from tagging.queries.rewording import InDataset
from tagging.queries.state import get_image_state
from tagging.replaying import replay
from tagging.services import rewriting
from tagging.services.labelling import apply_edits
from tagging.services.rewording import Kind, Reworded, Rewording, RewordingRefused, carry_out, forecast
from tagging.services.undoing import undo_change
from tests import factories
from tests.tagging.doing import adding, apply, moving, names_on, removing, rows_on

pytestmark = pytest.mark.django_db


def renaming(tag: str, new: str, **facts: Any) -> Rewording:
    return Rewording(Kind.RENAME, tag, (new,), **facts)


def merging(tag: str, other: str, **facts: Any) -> Rewording:
    return Rewording(Kind.MERGE, tag, (other,), **facts)


def splitting(tag: str, *parts: str, **facts: Any) -> Rewording:
    return Rewording(Kind.SPLIT, tag, parts, **facts)


def do(rewording: Rewording, **facts: Any) -> Reworded:
    return carry_out(rewording, by=None, key=facts.pop("key", None) or uuid.uuid4(), **facts)


def tagged(dataset: Dataset, *names: str) -> Image:
    image = factories.make_image(dataset)
    apply(image, *map(adding, names))
    return image


def rows_of(image: Image) -> list[tuple[str, float]]:
    rows = ImageTag.objects.filter(image=image).order_by("position", "pk")
    return list(rows.values_list("tag__name", "position"))


def check_log(image: Image) -> None:
    replayed, state = replay(get_log(image)), get_image_state(image)
    assert (replayed.tags, replayed.caption) == ([tag.name for tag in state.tags], state.caption)


def undo_all(newest: int) -> None:
    for change in Change.objects.filter(pk__gt=newest).exclude(source=Source.RULE).order_by("-pk"):
        assert undo_change(change, by=None, key=uuid.uuid4()).left == 0


def newest() -> int:
    change = Change.objects.order_by("pk").last()
    return change.pk if change else 0


def test_a_merge_puts_the_other_tag_at_the_same_place_and_where_both_are_takes_one_away(dataset: Dataset) -> None:
    only, both = tagged(dataset, "a", "grin", "z"), tagged(dataset, "smile", "grin", "z")
    place = rows_of(only)[1][1]
    assert do(merging("grin", "smile")) == Reworded(2, 0, is_done=True)
    assert rows_of(only)[1] == ("smile", place)
    assert names_on(both) == ["smile", "z"]
    check_log(only)
    check_log(both)
    assert Image.objects.get(pk=only.pk).revision > only.revision


def test_the_old_name_becomes_an_alias_or_is_gone(dataset: Dataset) -> None:
    tagged(dataset, "grin", "smirk")
    Tag.objects.create(name="smile")
    do(merging("grin", "smile"))
    do(merging("smirk", "smile", keep_alias=False))
    assert list(TagAlias.objects.values_list("name", "tag__name")) == [("grin", "smile")]
    assert set(Tag.objects.values_list("name", flat=True)) == {"smile"}
    image = tagged(dataset, "grin")
    assert names_on(image) == ["smile"]


def test_aliases_implications_and_quick_tags_follow(dataset: Dataset) -> None:
    words = {name: Tag.objects.create(name=name) for name in ("grin", "smile", "face", "laugh", "teeth", "mouth")}
    TagAlias.objects.create(name="grinning", tag=words["grin"])
    for tag, implies in [
        ("grin", "teeth"),
        ("laugh", "grin"),
        ("grin", "smile"),
        ("smile", "face"),
        ("face", "mouth"),
        # Through `face` this one would lead in a circle: smile, face, mouth, smile.
        ("mouth", "grin"),
    ]:
        TagImplication.objects.create(tag=words[tag], implies=words[implies])
    other = factories.make_dataset()
    QuickTag.objects.create(dataset=dataset, slot=3, tag=words["grin"])
    QuickTag.objects.create(dataset=other, slot=1, tag=words["grin"])
    QuickTag.objects.create(dataset=other, slot=2, tag=words["smile"])
    TagImplication.objects.filter(tag=words["mouth"]).delete()
    TagImplication.objects.create(tag=words["face"], implies=words["grin"])
    told = forecast(merging("grin", "smile"))
    assert (told.aliases, told.implications, told.lost_implications, told.quick_tags) == (1, 2, 2, 2)
    assert (told.goes, told.becomes_alias, told.images) == (True, True, 0)
    do(merging("grin", "smile"))
    assert set(TagAlias.objects.values_list("name", "tag__name")) == {("grinning", "smile"), ("grin", "smile")}
    implications = set(TagImplication.objects.values_list("tag__name", "implies__name"))
    assert implications == {("smile", "teeth"), ("laugh", "smile"), ("smile", "face"), ("face", "mouth")}
    assert set(QuickTag.objects.values_list("dataset", "slot", "tag__name")) == {
        (dataset.pk, 3, "smile"),
        (other.pk, 2, "smile"),
    }


def test_what_follows_from_the_new_tag_is_added_but_where_a_person_took_it_away(dataset: Dataset) -> None:
    smile, face = Tag.objects.create(name="smile"), Tag.objects.create(name="face")
    TagImplication.objects.create(tag=smile, implies=face)
    TagImplication.objects.create(tag=face, implies=Tag.objects.create(name="body"))
    plain, has_one = tagged(dataset, "grin", "z"), tagged(dataset, "face", "grin")
    away = tagged(dataset, "smile")
    apply(away, replace(removing("face"), keep_impliers=True))
    apply(away, removing("smile"), adding("grin"))
    start = newest()
    do(merging("grin", "smile"))
    assert names_on(plain) == ["smile", "z", "face", "body"]
    assert names_on(has_one) == ["face", "body", "smile"]
    assert "face" not in names_on(away)
    assert ImageTag.objects.get(image=plain, tag=face).source == Source.RULE
    for image in (plain, has_one, away):
        check_log(image)
    undo_all(start)
    assert names_on(plain) == ["grin", "z"]


def test_numbers_are_exact_for_each_dataset(dataset: Dataset) -> None:
    other = factories.make_dataset(name="Another")
    for _ in range(3):
        tagged(dataset, "grin")
    tagged(dataset, "grin", "smile")
    tagged(other, "grin")
    move_to_trash(other, [tagged(other, "grin", "smile").pk], by=None)
    told = forecast(merging("grin", "smile"))
    assert set(told.datasets) == {
        InDataset(dataset.pk, dataset.name, 4, 1, 0),
        InDataset(other.pk, "Another", 1, 0, 1),
    }
    assert (told.images, told.both, told.in_trash) == (5, 1, 1)
    here = forecast(merging("grin", "smile", dataset=other))
    assert here.datasets == [InDataset(other.pk, "Another", 1, 0, 1)]
    assert (here.goes, here.aliases) == (False, 0)
    assert do(merging("grin", "smile")) == Reworded(6, 0, is_done=True)


def test_in_one_dataset_the_word_stays_for_the_others(dataset: Dataset) -> None:
    other = factories.make_dataset()
    here, there = tagged(dataset, "grin"), tagged(other, "grin")
    QuickTag.objects.create(dataset=dataset, slot=1, tag=Tag.objects.get(name="grin"))
    do(renaming("grin", "smile", dataset=dataset))
    assert (names_on(here), names_on(there)) == (["smile"], ["grin"])
    assert QuickTag.objects.get().tag.name == "smile"
    assert not TagAlias.objects.exists()


def test_a_renamed_tag_is_what_the_old_one_was(dataset: Dataset) -> None:
    image = tagged(dataset, "miku", "solo")
    category = TagCategory.objects.get(number=4)
    Tag.objects.filter(name="miku").update(category=category, vocabulary_count=7, description="A singer.")
    told = forecast(renaming("miku", "hatsune_miku"))
    assert (told.new, told.images, told.both) == (("hatsune_miku",), 1, 0)
    do(renaming("miku", "hatsune_miku"))
    new = Tag.objects.get(name="hatsune_miku")
    assert (new.category, new.vocabulary_count, new.description) == (category, 7, "A singer.")
    assert names_on(image) == ["hatsune_miku", "solo"]
    change = Change.objects.order_by("pk").last()
    assert change is not None
    assert (change.reason, change.source) == ("“miku” renamed to “hatsune_miku”", Source.BULK)
    # Its own alias may become the name.
    do(renaming("hatsune_miku", "miku"))
    assert names_on(image) == ["miku", "solo"]
    assert list(TagAlias.objects.values_list("name", "tag__name")) == [("hatsune_miku", "miku")]


def test_what_cannot_be_done_is_refused_with_what_to_do(dataset: Dataset) -> None:
    tagged(dataset, "grin", "smile")
    TagAlias.objects.create(name="smiling", tag=Tag.objects.get(name="smile"))
    for rewording, words in [
        (renaming("nothing", "new"), "no tag “nothing”"),
        (renaming("smiling", "new"), "Name the tag"),
        (renaming("grin", "grin"), "its name already"),
        (renaming("grin", "smile"), "Merge “grin” into it instead"),
        (renaming("grin", "smiling"), "is an alias of “smile”"),
        (merging("grin", "grin"), "into itself"),
        (merging("grin", "new"), "Rename “grin” instead"),
        (splitting("grin", "smile"), "two to 9"),
        (splitting("grin", "smile", "smiling"), "two to 9"),
        (splitting("grin", "smile", "grin"), "own parts"),
        (splitting("grin", "smile", "new", filter='tag:"'), "is not closed"),
        (merging("grin", "smile", filter="solo"), "Only a split"),
    ]:
        with pytest.raises(RewordingRefused, match=words):
            forecast(rewording)
        with pytest.raises(RewordingRefused, match=words):
            do(rewording)
    # An alias says which tag is meant.
    assert forecast(merging("grin", "smiling")).into == ("smile",)


def test_a_split_puts_the_parts_at_the_place_of_the_whole_on_the_images_of_a_filter(dataset: Dataset) -> None:
    some, others = tagged(dataset, "a", "red_dress", "z"), tagged(dataset, "red_dress", "b", "red")
    last, untouched = tagged(dataset, "z", "red_dress"), tagged(dataset, "red_dress", "other")
    split = splitting("red_dress", "red", "dress", dataset=dataset, filter="-other")
    told = forecast(split)
    assert (told.images, told.both, told.new) == (3, 1, ("dress",))
    assert do(split) == Reworded(3, 0, is_done=True)
    assert names_on(some) == ["a", "red", "dress", "z"]
    assert names_on(others) == ["dress", "b", "red"]
    assert names_on(last) == ["z", "red", "dress"]
    assert names_on(untouched) == ["red_dress", "other"]
    for image in (some, others, last):
        check_log(image)
    assert Tag.objects.filter(name="red_dress").exists()


def test_where_no_number_is_left_between_two_tags_the_parts_have_room_all_the_same(dataset: Dataset) -> None:
    image = tagged(dataset, "a", "b", "c")
    apply(image, *(moving(("a", "b")[turn % 2], "c") for turn in range(46)))
    before = rows_of(image)
    start = newest()
    do(splitting(before[1][0], *"uvwxyz"))
    assert names_on(image) == [before[0][0], *"uvwxyz", "c"]
    assert len({place for _, place in rows_of(image)}) == 8
    check_log(image)
    undo_all(start)
    assert names_on(image) == [name for name, _ in before]
    check_log(image)


def test_an_undo_brings_the_word_back_as_it_was_and_the_alias_away(dataset: Dataset) -> None:
    image, category = tagged(dataset, "x", "grin", "y"), TagCategory.objects.get(number=5)
    Tag.objects.filter(name="grin").update(category=category, description="Teeth show.")
    Tag.objects.create(name="smile")
    before, start = rows_of(image), newest()
    do(merging("grin", "smile"))
    (change,) = Change.objects.filter(pk__gt=start)
    undone = undo_change(change, by=None, key=uuid.uuid4())
    assert rows_of(image) == before
    tag = Tag.objects.get(name="grin")
    assert (tag.category, tag.description) == (category, "Teeth show.")
    assert not TagAlias.objects.filter(name="grin").exists()
    assert undone.change is not None
    undo_change(undone.change, by=None, key=uuid.uuid4())
    assert rows_of(image) == [("x", before[0][1]), ("smile", before[1][1]), ("y", before[2][1])]
    check_log(image)


@pytest.mark.parametrize("reword", [merging("grin", "smile"), splitting("grin", "smile", "teeth")])
def test_other_words_for_a_tag_came_as_it_had_come_and_so_does_it_again(dataset: Dataset, reword: Rewording) -> None:
    image, ana = factories.make_image(dataset), factories.make_user()
    apply_edits(image, [adding("grin")], by=ana, source=Source.MODEL)
    before, start = rows_on(image), newest()
    Tag.objects.create(name="smile")
    do(reword)
    assert names_on(image) == list(reword.into)
    assert {tuple(came) for _name, _place, *came in rows_on(image)} == {before[0][2:]}
    undo_all(start)
    assert rows_on(image) == before


def test_a_run_that_stopped_goes_on_under_the_same_entry(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "_IMAGES_AT_ONCE", 2)
    images = [tagged(dataset, "grin") for _ in range(5)]
    key, order, start = uuid.uuid4(), renaming("grin", "smile"), newest()
    first = do(order, key=key, seconds=0)
    assert first == Reworded(2, 3, is_done=False)
    going_on = renaming("grin", "smile", is_begun=True)
    results = [do(going_on, key=key, seconds=0) for _ in range(3)]
    assert [result.images for result in results] == [2, 1, 0]
    assert results[-1].is_done
    assert [names_on(image) for image in images] == [["smile"]] * 5
    assert Change.objects.filter(pk__gt=start).count() == 1
    assert TagAlias.objects.filter(name="grin", tag__name="smile").exists()


NAMES = list("abcde")
names = st.sampled_from(NAMES)
edits = st.lists(st.tuples(st.sampled_from(["add", "remove", "move"]), names, st.none() | names), max_size=8)
orders = st.one_of(
    st.tuples(names, st.sampled_from([*NAMES, "new", "other"])).map(lambda two: merging(*two)),
    st.tuples(names, st.sampled_from(["new", "other"])).map(lambda two: renaming(*two)),
    st.tuples(names, st.lists(st.sampled_from([*NAMES, "new"]), min_size=2, max_size=3, unique=True)).map(
        lambda two: splitting(two[0], *two[1])
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(edits, min_size=1, max_size=4), st.lists(orders, min_size=1, max_size=3))
def test_whatever_is_reworded_the_numbers_were_right_and_an_undo_restores_every_place(
    db: None, scripts: list[list[tuple[str, str, str | None]]], asked: list[Rewording]
) -> None:
    with transaction.atomic():
        made = [factories.make_dataset() for _ in range(2)]
        images = [factories.make_image(made[number % 2]) for number in range(len(scripts))]
        people = [None, factories.make_user()]
        for image, script in zip(images, scripts, strict=True):
            for turn, (action, name, before) in enumerate(script):
                edit = {"add": adding, "move": moving}.get(action, lambda tag, _: removing(tag))(name, before)
                apply_edits(image, [edit], by=people[turn % 2], source=list(Source)[turn % 5])
        for rewording in asked:
            _reword_and_back(rewording, images)
        transaction.set_rollback(True)


def _reword_and_back(rewording: Rewording, images: list[Image]) -> None:
    before, start = [rows_on(image) for image in images], newest()
    try:
        told = forecast(rewording)
    except RewordingRefused:
        return
    assert do(rewording).images == told.images
    after = [rows_on(image) for image in images]
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == told.images
    for image in images:
        check_log(image)
        assert rewording.tag not in names_on(image)
    undo_all(start)
    assert [rows_on(image) for image in images] == before
    for image in images:
        check_log(image)
