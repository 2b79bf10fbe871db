"""Taking back an entry of the history: where nobody touched the same word since, and nowhere else."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from datasets.models import Dataset, Image, ReviewState
from datasets.services.datasets import touch_dataset
from datasets.services.trash import empty_trash, move_to_trash, restore
from tagging.models import Change, ImageTag, Source, Tag, TagAlias, TagOperation
from tagging.queries.history import get_log
from tagging.queries.state import get_image_state
from tagging.replaying import replay
from tagging.services import undoing
from tagging.services.labelling import Edit, apply_edits
from tagging.services.putting import WordsOfImage, put_words
from tagging.services.undoing import NothingToUndo, Undone, undo_change
from tests import factories
from tests.tagging.doing import adding, apply, moving, names_on, removing, rows_on, together, writing

pytestmark = pytest.mark.django_db


def done(image: Image, *edits: Edit, by: User | None = None) -> Change:
    """Do something as one action, and return its entry."""
    group = uuid.uuid4()
    grouped = [Edit(e.key, e.kind, e.tag, e.before, e.text, e.version, group) for e in edits]
    apply_edits(image, grouped, by=by)
    return Change.objects.get(key=group)


def undo(change: Change, by: User | None = None, **extra: Any) -> Undone:
    return undo_change(change, by=by, key=extra.pop("key", uuid.uuid4()), **extra)


def put(images: list[Image], tags: list[str], caption: str = "", source: Source = Source.BULK) -> Change:
    """Give new images words as one entry."""
    group = uuid.uuid4()
    with transaction.atomic():
        touch_dataset(images[0].dataset_id)
        put_words([WordsOfImage(image, tags, caption) for image in images], by=None, source=source, group=group)
    return Change.objects.get(key=group)


def check_log(image: Image) -> None:
    state, replayed = get_image_state(image), replay(get_log(image))
    assert replayed.tags == [tag.name for tag in state.tags]
    assert (replayed.caption, replayed.caption_version) == (state.caption, state.caption_version)


def as_model(image: Image, *names: str, by: User | None = None) -> None:
    """Add tags as a model does."""
    apply_edits(image, list(map(adding, names)), by=by, source=Source.MODEL)


# --- how a tag came ---------------------------------------------------------------------------------------------------


def test_a_tag_comes_back_with_how_by_whom_and_when_it_had_come(image: Image) -> None:
    ana, ben = factories.make_user(), factories.make_user()
    as_model(image, "a", "b", by=ana)
    before = rows_on(image)
    removed = done(image, removing("a"), by=ben)
    after = rows_on(image)
    first = undo(removed, by=ben).change
    assert rows_on(image) == before
    assert first is not None
    undo(first, by=ben)
    assert rows_on(image) == after
    undo(removed, by=ben)
    assert rows_on(image) == before


def test_an_addition_that_is_taken_back_and_done_again_is_the_same_addition(image: Image) -> None:
    ana, ben = factories.make_user(), factories.make_user()
    added = done(image, adding("a"), adding("b"), by=ana)
    before = rows_on(image)
    undone = undo(added, by=ben).change
    assert undone is not None
    undo(undone, by=ben)
    assert rows_on(image) == before


def test_what_an_import_took_off_comes_back_as_it_was(image: Image) -> None:
    as_model(image, "a", "b")
    before = rows_on(image)
    group = uuid.uuid4()
    with transaction.atomic():
        touch_dataset(image.dataset_id)
        rows = list(ImageTag.objects.filter(image=image).select_related("tag").order_by("position"))
        put_words([WordsOfImage(image, ["c"], "", rows)], by=None, source=Source.SIDECAR, group=group)
    undo(Change.objects.get(key=group))
    assert rows_on(image) == before


def test_a_tag_that_went_and_came_in_one_action_is_again_what_it_was_before(image: Image) -> None:
    ana = factories.make_user()
    as_model(image, "a", "b")
    before = rows_on(image)
    change = done(image, removing("a"), adding("a"), by=ana)
    after = rows_on(image)
    undone = undo(change).change
    assert rows_on(image) == before
    assert undone is not None
    again = undo(undone).change
    assert rows_on(image) == after
    assert again is not None
    undo(again)
    assert rows_on(image) == before
    check_log(image)


def test_what_was_removed_before_the_log_kept_how_it_came_comes_back_by_who_takes_it_back(image: Image) -> None:
    ana = factories.make_user()
    as_model(image, "a", "b")
    before = rows_on(image)
    for takes_back in (undo, undo_word_by_word):
        change = done(image, removing("a"))
        change.operations.update(was_source=None, was_added_by=None, was_added_at=None)
        takes_back(change, by=ana)
        (name, place, source, by, _at), other = rows_on(image)
        assert (name, place, source, by) == ("a", before[0][1], Source.PERSON, ana.pk)
        assert other == before[1]


def test_of_an_account_that_is_gone_the_way_and_the_moment_come_back(image: Image) -> None:
    ana = factories.make_user()
    as_model(image, "a", by=ana)
    ((_name, place, _source, _by, at),) = rows_on(image)
    change = done(image, removing("a"))
    ana.delete()
    undo(change)
    assert rows_on(image) == [("a", place, Source.MODEL, None, at)]


def undo_word_by_word(change: Change, by: User | None = None) -> Undone:
    """Take back without the statements for many images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undoing, "take_back_untouched", lambda *_values, **_facts: (set(), 0))
        return undo(change, by=by)


# --- one image --------------------------------------------------------------------------------------------------------


def test_a_tag_that_was_removed_comes_back_to_its_place(image: Image) -> None:
    apply(image, *map(adding, "abc"))
    undone = undo(done(image, removing("b")))
    assert names_on(image) == ["a", "b", "c"]
    assert (undone.images, undone.reverted, undone.left, undone.kept) == (1, 1, 0, [])
    check_log(image)


def test_a_tag_comes_back_between_its_neighbours_after_all_got_new_numbers(image: Image) -> None:
    apply(image, adding("a"), adding("e"), *(adding(name, "e") for name in "bcdx"), adding("y"), adding("z"))
    removed = done(image, removing("x"))
    apply(image, *(moving("yz"[turn % 2], "e") for turn in range(90)), moving("y"), moving("z"))
    assert TagOperation.objects.filter(kind="NUMBER").exists()
    undo(removed)
    assert names_on(image) == list("abcdxeyz")
    check_log(image)


def test_a_tag_whose_place_is_taken_comes_back_in_front_of_who_took_it(image: Image) -> None:
    apply(image, adding("a"), adding("b"))
    removed = done(image, removing("a"))
    apply(image, adding("x", "b"))
    assert len(set(ImageTag.objects.filter(image=image).values_list("position", flat=True))) == 2
    undo(removed)
    assert names_on(image) == ["a", "x", "b"]
    check_log(image)


def test_what_was_moved_goes_back(image: Image) -> None:
    apply(image, *map(adding, "abc"))
    undo(done(image, moving("c", "a")))
    assert names_on(image) == ["a", "b", "c"]
    check_log(image)


def test_an_action_of_many_operations_is_taken_back_as_one(image: Image) -> None:
    apply(image, adding("a"), adding("b"), writing("Old."))
    change = done(
        image, adding("c", "a"), moving("c"), removing("a"), adding("a"), removing("b"), writing("New.", 1), adding("c")
    )
    assert undo(change).reverted == 6
    state = get_image_state(image)
    assert ([tag.name for tag in state.tags], state.caption, state.caption_version) == (["a", "b"], "Old.", 3)
    check_log(image)


def test_the_inverse_is_an_entry_of_its_own(image: Image) -> None:
    ana = factories.make_user()
    change = put([image], ["a"], "Prose.")
    undone = undo(change, by=ana)
    assert undone.change is not None
    assert (undone.change.undoes, undone.change.done_by, undone.change.source) == (change, ana, Source.PERSON)
    rows = TagOperation.objects.filter(change=undone.change).order_by("pk")
    assert [(row.kind, row.tag_name, row.before, row.after) for row in rows] == [
        ("REMOVE", "a", 1024.0, None),
        ("CAPTION", "", "Prose.", ""),
    ]
    state = get_image_state(image)
    assert (state.tags, state.caption, state.tagged, state.revision) == ([], "", False, 2)
    assert Image.objects.get(pk=image.pk).review_state == ReviewState.UNTAGGED


def test_undo_of_an_undo_is_redo_and_so_on(image: Image) -> None:
    apply(image, adding("a"), adding("b"))
    first = done(image, removing("a"), writing("Prose."))
    for _ in range(3):
        second = undo(first).change
        assert second is not None
        assert (names_on(image), get_image_state(image).caption) == (["a", "b"], "")
        third = undo(second).change
        assert third is not None
        assert (names_on(image), get_image_state(image).caption) == (["b"], "Prose.")
        with pytest.raises(NothingToUndo):
            undo(second)
    undo(first)
    assert names_on(image) == ["a", "b"]
    check_log(image)


# --- touched since ----------------------------------------------------------------------------------------------------


def test_what_somebody_touched_since_stays_and_is_told(image: Image) -> None:
    ben = factories.make_user(username="Ben")
    change = done(image, *map(adding, "abcd"), writing("Mine."))
    apply_edits(image, [removing("b"), moving("c", "a"), writing("Ben's.", 1)], by=ben)
    apply_edits(image, [removing("d"), adding("d")], by=None, source=Source.RULE)
    undone = undo(change)
    state = get_image_state(image)
    assert ([tag.name for tag in state.tags], state.caption) == (["c", "d"], "Ben's.")
    assert (undone.images, undone.reverted, undone.left, undone.left_images) == (1, 1, 4, 1)
    told = {kept.tag: kept.why for kept in undone.kept}
    assert told["b"].startswith("Ben removed it, ")
    assert told["c"].startswith("Ben moved it, ")
    assert told["d"].startswith("A rule added it again, ")
    assert told[""].startswith("Ben wrote it anew, ")
    assert {(kept.image_id, kept.image_name) for kept in undone.kept} == {(image.pk, image.original_name)}
    check_log(image)


def test_an_operation_that_changed_nothing_touches_nothing(image: Image) -> None:
    change = done(image, adding("a"))
    apply(image, adding("a"), moving("a", "a"), removing("b"))
    assert undo(change).left == 0
    assert names_on(image) == []


def test_what_was_touched_and_taken_back_again_counts_as_untouched(image: Image) -> None:
    change = done(image, adding("a"), adding("b"))
    moved = done(image, moving("b", "a"))
    assert undo(change).left == 1
    undo(moved)
    assert undo(change).reverted == 1
    assert names_on(image) == []
    check_log(image)


def test_again_says_that_it_was_taken_back_and_by_whom(image: Image) -> None:
    change = done(image, adding("a"))
    undo(change, by=factories.make_user(username="Ana"))
    before = TagOperation.objects.count()
    with pytest.raises(NothingToUndo, match=r"taken back already: Ana, "):
        undo(change)
    assert TagOperation.objects.count() == before


def test_what_changed_nothing_has_nothing_to_take_back(image: Image) -> None:
    apply(image, adding("a"))
    with pytest.raises(NothingToUndo, match="changed nothing"):
        undo(done(image, adding("a")))


def test_a_tag_that_left_the_vocabulary_comes_back_to_it(image: Image) -> None:
    apply(image, adding("a"))
    removed = done(image, removing("a"))
    Tag.objects.all().delete()
    undo(removed)
    assert names_on(image) == ["a"]


def test_words_that_are_not_as_logged_are_left_alone(image: Image) -> None:
    change = done(image, adding("a"), adding("b"))
    ImageTag.objects.filter(tag__name="a").delete()
    undone = undo(change)
    assert (undone.reverted, [kept.tag for kept in undone.kept]) == (1, ["a"])
    assert "history" in undone.kept[0].why


# --- the same key, the trash, many images -----------------------------------------------------------------------------


def test_the_same_key_twice_counts_once_and_answers_the_same(image: Image) -> None:
    change, key = done(image, adding("a"), adding("b")), uuid.uuid4()
    apply(image, moving("b", "a"))
    first, again = undo(change, key=key), undo(change, key=key)
    assert first == again
    assert (again.reverted, again.left) == (1, 1)
    assert Change.objects.filter(undoes=change).count() == 1
    # Late, after somebody did it again: it does not count a second time.
    assert first.change is not None
    undo(first.change)
    undo(change, key=key)
    assert names_on(image) == ["b", "a"]


def test_a_key_of_something_else_is_not_taken_over(image: Image) -> None:
    ana, ben = factories.make_user(), factories.make_user()
    first, second = done(image, adding("a")), done(image, adding("b"))
    key = uuid.uuid4()
    undo(first, by=ana, key=key)
    undo(second, by=ben, key=key)
    assert {(row.undoes, row.done_by) for row in Change.objects.exclude(undoes=None)} == {(first, ana), (second, ben)}
    assert names_on(image) == []


def test_an_edit_does_not_join_an_undo_by_its_key(image: Image) -> None:
    key = uuid.uuid4()
    change = done(image, adding("a"))
    undo_change(change, by=None, key=key)
    edit = replace(adding("b"), group=key)
    apply(image, edit)
    assert TagOperation.objects.get(key=edit.key).change.undoes is None
    assert [row.tag_name for row in TagOperation.objects.filter(change__undoes=change)] == ["a"]


def test_images_in_the_trash_are_undone_too_and_those_deleted_for_ever_are_told(dataset: Dataset) -> None:
    images = [factories.make_image(dataset) for _ in range(3)]
    change = put(images, ["a"])
    move_to_trash(dataset, [images[0].pk], by=None)
    assert undo(change).images == 3
    restore(dataset, None, by=None)
    assert names_on(images[0]) == []
    move_to_trash(dataset, [image.pk for image in images], by=None)
    empty_trash(dataset, None, by=None)
    with pytest.raises(NothingToUndo, match="deleted for ever"):
        undo(change)


def test_many_images_go_in_parts_that_can_be_gone_on_with(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "_IMAGES_AT_ONCE", 4)
    images = [factories.make_image(dataset) for _ in range(10)]
    change, key = put(images, ["a", "b"], "Prose."), uuid.uuid4()
    apply(images[9], removing("a"))
    first = undo(change, key=key, seconds=0)
    assert (first.images, first.next) == (4, images[3].pk)
    assert [bool(names_on(image)) for image in images] == [False] * 4 + [True] * 6
    # Died, and asked for again from the start: what was done is told again, once in the log.
    whole = undo(change, key=key)
    assert (whole.images, whole.reverted, whole.left, whole.next) == (10, 29, 1, None)
    assert not any(names_on(image) for image in images)
    assert TagOperation.objects.filter(change__undoes=change).count() == 29
    assert Change.objects.filter(undoes=change).count() == 1


def test_a_hundred_images_cost_as_many_queries_as_one(dataset: Dataset) -> None:
    counts = []
    for many in (1, 100):
        change = put([factories.make_image(dataset) for _ in range(many)], ["a", "b", "c"], "Prose.")
        with CaptureQueriesContext(connection) as queries:
            undone = undo(change)
        counts.append(len(queries))
        assert undone.images == many
        redo = undone.change
        assert redo is not None
        with CaptureQueriesContext(connection) as queries:
            assert undo(redo).images == many
        counts.append(len(queries))
    # Some databases take fewer parameters in a statement than a hundred images need.
    assert max(counts) < 40


# --- words that were read before --------------------------------------------------------------------------------------


def test_a_job_that_read_the_words_before_a_persons_edit_merges(image: Image) -> None:
    apply(image, *map(adding, "abc"), writing("Old."))
    image.refresh_from_db()
    rows = list(ImageTag.objects.filter(image=image).select_related("tag").order_by("position"))
    job = WordsOfImage(image, ["a", "new", "b"], "From the job.", rows, image.caption, read_at_revision=image.revision)
    apply(image, removing("a"), adding("mine", "b"), writing("A person's.", 1))
    with transaction.atomic():
        touch_dataset(image.dataset_id)
        put_words([job], by=None, source=Source.MODEL)
    state = get_image_state(image)
    assert [tag.name for tag in state.tags] == ["mine", "b", "new"], "c was to go, a is gone, new was to come"
    assert (state.caption, state.caption_version) == ("A person's.", 2)
    check_log(image)


def test_a_job_that_read_another_spelling_brings_nothing_back_that_a_person_removed(image: Image) -> None:
    apply(image, *map(adding, ["hat", "smile"]))
    TagAlias.objects.create(name="smiling", tag=Tag.objects.get(name="smile"))
    image.refresh_from_db()
    rows = list(ImageTag.objects.filter(image=image).select_related("tag").order_by("position"))
    job = WordsOfImage(image, ["hat", "smiling", "new"], "", rows, None, read_at_revision=image.revision)
    apply(image, removing("smile"))
    with transaction.atomic():
        touch_dataset(image.dataset_id)
        put_words([job], by=None, source=Source.MODEL)
    assert names_on(image) == ["hat", "new"]


def test_a_job_that_read_what_is_there_still_writes_as_it_meant(image: Image) -> None:
    apply(image, *map(adding, "abc"))
    image.refresh_from_db()
    rows = list(ImageTag.objects.filter(image=image).select_related("tag").order_by("position"))
    gone = factories.make_image(image.dataset)
    jobs = [
        WordsOfImage(image, ["c", "a"], "Prose.", rows, None, read_at_revision=image.revision),
        WordsOfImage(gone, ["x"], "", read_at_revision=0),
    ]
    move_to_trash(image.dataset, [gone.pk], by=None)
    empty_trash(image.dataset, None, by=None)
    with transaction.atomic():
        touch_dataset(image.dataset_id)
        put_words(jobs, by=None, source=Source.MODEL)
    assert names_on(image) == ["c", "a"]
    assert get_image_state(image).caption == "Prose."
    check_log(image)


# --- at the same moment -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shared_database")
def test_eight_people_who_undo_the_same_at_once_undo_it_once() -> None:
    dataset = factories.make_dataset()
    images = [factories.make_image(dataset) for _ in range(20)]
    for image in images:
        apply(image, adding("stays"))
    group = uuid.uuid4()
    for image in images:
        apply_edits(image, [Edit(uuid.uuid4(), TagOperation.Kind.ADD, "a", group=group)], by=None)
    change = Change.objects.get(key=group)
    results = together(lambda person: undo(change))
    assert sum(isinstance(result, Undone) and result.images == 20 for result in results) == 1, results
    assert sum(isinstance(result, NothingToUndo) for result in results) == 7, results
    assert all(names_on(image) == ["stays"] for image in images)
    assert TagOperation.objects.filter(change__undoes=change).count() == 20
