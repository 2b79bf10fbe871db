"""Edits of the words on one image."""

from __future__ import annotations

import itertools
import random
import uuid
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from datasets.models import Dataset, Image
from tagging.models import Caption, ImageTag, Source, Tag, TagOperation
from tagging.queries.state import ImageState, get_image_state
from tagging.services import labelling
from tagging.services.labelling import CaptionTooLong, StaleCaption, apply_edits
from tagging.services.putting import WordsOfImage, put_words
from tagging.services.vocabulary import TagRefused
from tests import factories
from tests.tagging.doing import Kind, adding, apply, moving, names_on, removing, together, writing

pytestmark = pytest.mark.django_db


# --- add, remove, move ------------------------------------------------------------------------------------------------


def test_tags_stand_in_the_order_they_were_added(image: Image) -> None:
    state = apply(image, adding("zebra"), adding("apple"), adding("miku_(vocaloid)"))
    assert [tag.name for tag in state.tags] == ["zebra", "apple", "miku_(vocaloid)"]
    assert state == get_image_state(image)
    assert {tag.source for tag in state.tags} == {Source.PERSON}


@pytest.mark.parametrize(
    ("before", "order"),
    [
        ("a", ["x", "a", "b", "c"]),
        ("b", ["a", "x", "b", "c"]),
        ("c", ["a", "b", "x", "c"]),
        (None, ["a", "b", "c", "x"]),
    ],
)
def test_a_tag_goes_in_front_of_another(image: Image, before: str | None, order: list[str]) -> None:
    apply(image, adding("a"), adding("b"), adding("c"))
    apply(image, adding("x", before))
    assert names_on(image) == order


@pytest.mark.parametrize("before", ["gone", "", "x", "half \ud83d emoji", "nul\x00"])
def test_in_front_of_a_tag_that_is_not_there_is_at_the_end(image: Image, before: str) -> None:
    apply(image, adding("a"), adding("b"), adding("x", before))
    assert names_on(image) == ["a", "b", "x"]


def test_in_front_of_is_read_in_the_one_spelling(image: Image) -> None:
    apply(image, adding("caf\u00e9"), adding("x", " cafe\u0301 "))
    assert names_on(image) == ["x", "caf\u00e9"]


def test_adding_a_tag_that_is_there_changes_nothing(image: Image) -> None:
    apply(image, adding("a"), adding("b"))
    apply(image, adding("a"))
    apply(image, adding("  a ", before=None))
    assert names_on(image) == ["a", "b"]
    assert ImageTag.objects.filter(image=image).count() == 2


def test_upper_and_lower_case_are_two_tags(image: Image) -> None:
    apply(image, adding("Ohwx"), adding("ohwx"))
    assert names_on(image) == ["Ohwx", "ohwx"]


def test_removing(image: Image) -> None:
    apply(image, adding("a"), adding("b"), removing("a"))
    assert names_on(image) == ["b"]
    apply(image, removing("a"), removing("never"))
    assert names_on(image) == ["b"]


@pytest.mark.parametrize(
    ("tag", "before", "order"),
    [
        ("c", "a", ["c", "a", "b", "d"]),
        ("a", "c", ["b", "a", "c", "d"]),
        ("a", None, ["b", "c", "d", "a"]),
        ("a", "b", ["a", "b", "c", "d"]),
        ("b", "b", ["a", "b", "c", "d"]),
        ("d", None, ["a", "b", "c", "d"]),
        ("b", "gone", ["a", "c", "d", "b"]),
        ("gone", "a", ["a", "b", "c", "d"]),
    ],
)
def test_moving(image: Image, tag: str, before: str | None, order: list[str]) -> None:
    apply(image, *map(adding, "abcd"))
    apply(image, moving(tag, before))
    assert names_on(image) == order


def test_two_hundred_moves_leave_the_order_that_they_say(image: Image) -> None:
    """Between the same two neighbours again and again: fractions run out after some thirty, and are numbered anew."""
    order = list("abcdefgh")
    apply(image, *map(adding, order))
    chance = random.Random(7)
    for number in range(200):
        tag = order.pop(-1) if number < 120 else order.pop(chance.randrange(len(order)))
        place = 1 if number < 120 else chance.randrange(len(order) + 1)
        apply(image, moving(tag, order[place] if place < len(order) else None))
        order.insert(place, tag)
        assert names_on(image) == order, number
    positions = list(ImageTag.objects.filter(image=image).order_by("position").values_list("position", flat=True))
    assert len(set(positions)) == len(order)
    assert all(b - a > 1e-7 for a, b in itertools.pairwise(positions))
    assert max(map(abs, positions)) < 1e9


def test_two_hundred_tags_put_first_one_after_the_other(image: Image) -> None:
    apply(image, adding("0"), *(adding(str(n), str(n - 1)) for n in range(1, 200)))
    assert names_on(image) == [str(n) for n in reversed(range(200))]


# --- captions ---------------------------------------------------------------------------------------------------------


def test_a_caption_counts_its_versions(image: Image) -> None:
    assert get_image_state(image).caption_version == 0
    assert apply(image, writing("One.", 0)).caption_version == 1
    state = apply(image, writing("Two.\nLines.", 1))
    assert (state.caption, state.caption_version) == ("Two.\nLines.", 2)


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_stale_caption_is_refused_and_nothing_of_the_call_is_applied(image: Image, version: int) -> None:
    apply(image, writing("One.", 0))
    apply(image, writing("Two.", 1), adding("kept"))
    revision = get_image_state(image).revision
    with pytest.raises(StaleCaption) as refusal:
        apply(image, adding("lost"), writing("Mine.", version), removing("kept"))
    assert (refusal.value.state.caption, refusal.value.state.caption_version) == ("Two.", 2)
    assert refusal.value.state == get_image_state(image)
    state = get_image_state(image)
    assert (state.caption, state.revision, names_on(image)) == ("Two.", revision, ["kept"])
    assert not Tag.objects.filter(name="lost").exists()
    assert TagOperation.objects.filter(image=image).count() == 3


def test_the_first_caption_of_two_people_stays(image: Image) -> None:
    apply(image, writing("First.", 0))
    with pytest.raises(StaleCaption, match="Nothing was overwritten"):
        apply(image, writing("Second.", 0))
    assert get_image_state(image).caption == "First."


def test_a_version_of_a_caption_that_is_not_there(image: Image) -> None:
    with pytest.raises(StaleCaption):
        apply(image, writing("Mine.", 4))
    assert not Caption.objects.exists()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  A.\n\n B. \n", "A.\n\n B."),
        ("nul\x00l", "null"),
        ("half \ud83d emoji", "half  emoji"),
        ("👩‍👩‍👧‍👦 你好 שלום", "👩‍👩‍👧‍👦 你好 שלום"),
        ("x" * 20_000, "x" * 20_000),
    ],
)
def test_what_is_stored_of_a_caption(image: Image, typed: str, stored: str) -> None:
    assert apply(image, writing(typed)).caption == stored


def test_a_caption_that_is_too_long(image: Image) -> None:
    with pytest.raises(CaptionTooLong, match="20001 characters; 20000 are kept"):
        apply(image, adding("lost"), writing("x" * 20_001))
    assert get_image_state(image).tags == []


# --- keys, revision, tagged -------------------------------------------------------------------------------------------


def test_the_same_key_twice_counts_once(image: Image) -> None:
    edit = adding("a")
    first = apply(image, edit, edit)
    apply(image, removing("a"))
    again = apply(image, edit)
    assert [tag.name for tag in first.tags] == ["a"]
    assert names_on(image) == []
    assert again.revision == first.revision + 1
    assert TagOperation.objects.filter(key=edit.key).count() == 1


def test_a_caption_sent_twice_is_not_stale(image: Image) -> None:
    edit = writing("Mine.", 0)
    apply(image, edit)
    assert apply(image, edit, adding("a")).caption_version == 1
    assert names_on(image) == ["a"]


def test_the_revision_grows_with_every_call_that_edits(image: Image) -> None:
    edits = (adding("a"), adding("b"), moving("a"), removing("a"), writing("A."))
    assert [apply(image, edit).revision for edit in edits] == [1, 2, 3, 4, 5]
    assert apply(image).revision == 5
    nothing = (adding("b"), moving("b", "b"), removing("a"), moving("a"))
    assert [apply(image, edit).revision for edit in nothing] == [5] * 4


@pytest.mark.parametrize(
    ("edits", "tagged"),
    [
        ([adding("a")], True),
        ([adding("a"), removing("a")], False),
        ([writing("A.")], True),
        ([writing("A."), writing("", 1)], False),
        ([writing("  ")], False),
        ([writing("\u200b \ufeff")], False),
        ([writing("A."), adding("a"), writing("", 1)], True),
        ([removing("a")], False),
    ],
)
def test_tagged_says_whether_there_is_a_word(image: Image, edits: list[labelling.Edit], tagged: bool) -> None:
    edits = [replace(edit, key=uuid.uuid4()) for edit in edits]
    assert apply(image, *edits).tagged is tagged
    image.refresh_from_db()
    assert image.is_tagged is tagged


def test_the_dataset_counts_a_change(dataset: Dataset, image: Image) -> None:
    apply(image, adding("a"))
    before = dataset.revision
    dataset.refresh_from_db()
    assert dataset.revision == before + 1


@pytest.mark.parametrize("typed", ["a, b", " \u200b", "x" * 201])
def test_what_cannot_be_a_tag_undoes_the_whole_call(image: Image, typed: str) -> None:
    with pytest.raises(TagRefused):
        apply(image, adding("lost"), adding(typed))
    assert names_on(image) == []
    assert not TagOperation.objects.exists()


# --- the record -------------------------------------------------------------------------------------------------------


def test_each_edit_is_recorded_with_what_takes_it_back(image: Image) -> None:
    user = factories.make_user()
    edits = [
        adding("a"),
        adding("b"),
        moving("b", "a"),
        removing("a"),
        writing("One."),
        writing("Two.", 1),
        adding("b"),
    ]
    apply_edits(image, edits, by=user)
    rows = list(TagOperation.objects.filter(image=image).order_by("pk"))
    assert [row.key for row in rows] == [edit.key for edit in edits]
    assert {row.change.done_by for row in rows} == {user}
    assert {row.change.source for row in rows} == {Source.PERSON}
    facts = [(row.kind, row.tag_name, row.before, row.after) for row in rows]
    assert facts == [
        (Kind.ADD, "a", None, 1024.0),
        (Kind.ADD, "b", None, 2048.0),
        (Kind.MOVE, "b", 2048.0, 0.0),
        (Kind.REMOVE, "a", 1024.0, None),
        (Kind.CAPTION, "", None, "One."),
        (Kind.CAPTION, "", "One.", "Two."),
        (Kind.ADD, "b", 0.0, 0.0),
    ]


def test_who_put_a_tag_there(image: Image) -> None:
    user = factories.make_user()
    apply_edits(image, [adding("a")], by=user, source=Source.BULK)
    row = ImageTag.objects.get(image=image)
    assert (row.added_by, row.source) == (user, Source.BULK)


def test_first_words_are_put_and_recorded_at_once(image: Image, django_assert_max_num_queries: Any) -> None:
    names = [f"tag {number}" for number in range(40)]
    with django_assert_max_num_queries(14):
        put_words([WordsOfImage(image, names, "Prose.")], by=None, source=Source.SIDECAR)
    state = get_image_state(image)
    assert names_on(image) == names
    assert (state.caption, state.caption_version, state.tagged, state.revision) == ("Prose.", 1, True, 1)
    assert TagOperation.objects.filter(image=image, change__source=Source.SIDECAR).count() == 41
    apply(image, adding("x", "tag 1"))
    assert names_on(image)[:3] == ["tag 0", "x", "tag 1"]


def test_an_edit_costs_the_same_on_an_image_of_many_tags(image: Image) -> None:
    apply(image, adding("a"))
    counts = []
    for name in ("b", "c"):
        with CaptureQueriesContext(connection) as queries:
            apply(image, adding(name))
        counts.append(len(queries))
        apply(image, *(adding(f"more {n}") for n in range(60)))
    assert counts[0] == counts[1] <= 20


# --- at the same moment -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shared_database")
class TestEightPeopleAtOnce:
    """Real threads with connections of their own, on the database that the program runs on."""

    def test_different_tags_all_stay(self) -> None:
        image = factories.make_image(factories.make_dataset())
        rounds = 6

        def work(person: int) -> None:
            for number in range(rounds):
                apply(image, adding(f"{person}-{number}"), adding("shared"))

        assert together(work) == [None] * 8
        state = get_image_state(image)
        assert sorted(names_on(image)) == sorted(["shared", *(f"{p}-{n}" for p in range(8) for n in range(rounds))])
        assert state.revision == 8 * rounds
        for person in range(8):
            mine = [name for name in names_on(image) if name.startswith(f"{person}-")]
            assert mine == [f"{person}-{number}" for number in range(rounds)]
        positions = ImageTag.objects.filter(image=image).values_list("position", flat=True)
        assert len(set(positions)) == len(positions)

    def test_adding_removing_and_moving_lose_nothing(self) -> None:
        image = factories.make_image(factories.make_dataset())
        apply(image, *(adding(f"old {person}") for person in range(8)))

        def work(person: int) -> None:
            apply(image, adding(f"new {person}", f"old {person}"))
            apply(image, moving(f"new {person}", "old 0"))
            apply(image, removing(f"old {person}"))

        assert together(work) == [None] * 8
        assert sorted(names_on(image)) == [f"new {person}" for person in range(8)]
        assert TagOperation.objects.filter(image=image).count() == 8 + 8 * 3

    def test_of_eight_captions_one_is_kept_and_seven_people_hear_of_it(self) -> None:
        image = factories.make_image(factories.make_dataset())
        for version in range(3):
            results = together(partial(self._write, image, version))
            refused = [result for result in results if isinstance(result, StaleCaption)]
            kept = [result for result in results if not isinstance(result, Exception)]
            assert (len(refused), len(kept)) == (7, 1), results
            state = get_image_state(image)
            assert (state.caption, state.caption_version) == (kept[0].caption, version + 1)
            assert {refusal.state.caption for refusal in refused} == {state.caption}

    @staticmethod
    def _write(image: Image, version: int, person: int) -> ImageState:
        return apply(image, writing(f"{version}-{person}", version))

    def test_the_same_key_from_all_counts_once(self) -> None:
        image = factories.make_image(factories.make_dataset())
        edits = [adding(f"tag {number}") for number in range(5)]
        results = together(lambda person: apply(image, *edits))
        assert not [result for result in results if isinstance(result, Exception)], results
        assert names_on(image) == [edit.tag for edit in edits]
        assert TagOperation.objects.count() == 5
        assert get_image_state(image).revision == 1

    def test_the_same_new_words_in_eight_datasets(self) -> None:
        images = [factories.make_image(factories.make_dataset()) for _ in range(8)]

        def work(person: int) -> None:
            for number in range(5):
                names = [f"word {number}-{n}" for n in range(10)]
                random.Random(person).shuffle(names)
                put_words([WordsOfImage(images[person], names, "")], by=None, source=Source.SIDECAR)

        assert together(work) == [None] * 8
        assert Tag.objects.count() == 50
        assert all(len(names_on(image)) == 50 for image in images)
