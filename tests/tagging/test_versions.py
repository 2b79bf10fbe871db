"""Versions: a state that never changes, what is different from it, and the way back to it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from datasets import paths
from datasets.models import Dataset, Image, KeptPicture, ReviewState
from datasets.services.blobs import free_unneeded_blobs
from datasets.services.datasets import change_dataset
from datasets.services.trash import empty_trash, move_to_trash
from tagging.models import (
    DatasetVersion,
    Review,
    Source,
    Tag,
    TagAlias,
    TagCategory,
    VersionChunk,
    VersionIsFixed,
    VersionRestore,
)
from tagging.queries.comparing import compare, forecast_restore
from tagging.queries.history import get_dataset_history
from tagging.queries.state import get_image_state
from tagging.queries.version_state import State, read_rows, read_state
from tagging.queries.versions import VersionDamaged, read_dataset, read_images
from tagging.services.forking import begin_fork, fork
from tagging.services.labelling import Edit, apply_edits
from tagging.services.putting import put_words
from tagging.services.restoring import VersionGone, go_on, restore
from tagging.services.reviewing import set_review
from tagging.services.sorting import sort_tags
from tagging.services.undoing import undo_change
from tagging.services.versions import (
    BadVersionName,
    VersionNameTaken,
    delete_version,
    drop_unneeded,
    freeze,
    version_for_export,
)
from tagging.services.writing import Kind
from tagging.trainers import frozen_form
from tests import factories, images, uploading

NONE = timedelta(0)


def bring(dataset: Dataset, seed: int, words: str = "") -> Image:
    """Import a real picture with these tags."""
    content = images.encoded(seed=seed, width=64, height=48)
    item = uploading.bring(uploading.start(dataset), f"picture{seed}.jpg", content)
    assert item.image is not None
    add(item.image, *filter(None, words.split(",")))
    return item.image


def add(image: Image, *names: str) -> None:
    """Put tags onto an image as a person."""
    apply_edits(image, [Edit(uuid.uuid4(), Kind.ADD, tag=name) for name in names], by=None)


def remove(image: Image, name: str) -> None:
    """Take a tag off an image as a person."""
    apply_edits(image, [Edit(uuid.uuid4(), Kind.REMOVE, tag=name)], by=None)


def write(image: Image, text: str) -> None:
    """Write a caption as a person."""
    version = get_image_state(image).caption_version
    apply_edits(image, [Edit(uuid.uuid4(), Kind.CAPTION, text=text, version=version)], by=None)


def words(image: Image) -> tuple[list[str], str]:
    """The tags in order, and the caption."""
    state = get_image_state(image)
    return [tag.name for tag in state.tags], state.caption


def lose_for_ever(dataset: Dataset, *gone: Image) -> None:
    """Delete images for ever and free what nobody needs."""
    move_to_trash(dataset, [image.pk for image in gone], by=None)
    empty_trash(dataset, None, by=None)
    free_unneeded_blobs(older_than=NONE)


def without_head(state: State) -> list[object]:
    """What a state says of its images."""
    return list(state.images())


def test_a_version_says_what_the_dataset_said(dataset: Dataset) -> None:
    first, second = factories.make_image(dataset, sharpness=3.25, dhash=-(2**63)), factories.make_image(dataset)
    add(first, "red dress", "1girl")
    write(second, "Zwei Zeilen\nmit “Zeichen” 😀")
    factories.make_image(dataset, trashed_at="2024-01-01T00:00:00Z")
    version = freeze(dataset, name=" First   training ", note="before the lesson", by=None)
    one, two = read_images(version)
    assert (version.number, version.name, version.images, version.tags, version.captions) == (
        1,
        "First training",
        2,
        2,
        1,
    )
    assert [tag.name for tag in one.tags] == ["red dress", "1girl"]
    assert (one.sharpness, one.dhash, one.review_state) == (3.25, -(2**63), "IN_PROGRESS")
    assert two.caption == "Zwei Zeilen\nmit “Zeichen” 😀"
    assert [each.sha256 for each in (one, two)] == [first.sha256, second.sha256]
    assert read_dataset(version).file_prefix == dataset.file_prefix
    assert [one, two] == without_head(read_state(dataset.pk))


def test_a_version_cannot_be_changed(dataset: Dataset) -> None:
    version = freeze(dataset, name="first", by=None)
    version.name = "other"
    with pytest.raises(VersionIsFixed):
        version.save()
    with pytest.raises(VersionIsFixed):
        DatasetVersion.objects.filter(pk=version.pk).update(name="other")
    maker = factories.make_user()
    theirs = freeze(dataset, name="second", by=maker)
    maker.delete()
    assert DatasetVersion.objects.get(pk=theirs.pk).made_by is None


def test_names_are_unique_in_a_dataset_whatever_their_case(dataset: Dataset) -> None:
    freeze(dataset, name="First", by=None)
    with pytest.raises(VersionNameTaken, match="Choose another name"):
        freeze(dataset, name="FIRST", by=None)
    freeze(factories.make_dataset(), name="First", by=None)
    with pytest.raises(BadVersionName):
        freeze(dataset, name=" \u200b ", by=None)
    with pytest.raises(BadVersionName, match="121"):
        freeze(dataset, name="x" * 121, by=None)


def test_asked_twice_with_one_key_is_one_version(dataset: Dataset) -> None:
    key = uuid.uuid4()
    assert freeze(dataset, name="a", by=None, key=key) == freeze(dataset, name="a", by=None, key=key)


def test_an_export_takes_the_version_that_says_the_same(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    first = version_for_export(dataset, None)
    assert (first.is_automatic, first.name, first.title) == (True, "", "Version 1")
    assert version_for_export(dataset, None) == first
    add(image, "red")
    second = version_for_export(dataset, None)
    assert second != first
    remove(image, "red")
    # The state of the first, but for the review: an image without words is untagged again.
    assert version_for_export(dataset, None) == first


def test_another_category_of_a_tag_is_another_state(dataset: Dataset) -> None:
    add(factories.make_image(dataset), "red")
    first = version_for_export(dataset, None)
    colour = TagCategory.objects.create(name="colour")
    sort_tags([Tag.objects.get(name="red").pk], colour, by=None)
    second = version_for_export(dataset, None)
    assert second != first
    assert next(read_images(second)).tags[0].category == "colour"


def test_versions_share_what_they_have_in_common(dataset: Dataset) -> None:
    pictures = [factories.make_image(dataset, position=position) for position in (1, 511, 512, 1030)]
    first = freeze(dataset, name="first", by=None)
    add(pictures[2], "red")
    second = freeze(dataset, name="second", by=None)
    assert len(first.chunks) == 3
    assert [a == b for a, b in zip(first.chunks, second.chunks, strict=True)] == [True, False, True]
    assert VersionChunk.objects.count() == 4
    delete_version(first, by=None)
    assert set(VersionChunk.objects.values_list("digest", flat=True)) == set(second.chunks)
    assert [image.position for image in read_images(second)] == [1, 511, 512, 1030]


def test_somebody_who_edits_meanwhile_does_not_tear_a_version(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, read = factories.make_image(dataset), read_state
    read_states: list[bool] = []

    def read_while_somebody_edits(dataset_id: int) -> State:
        state = read(dataset_id)
        read_states.append(connection.in_atomic_block)
        if len(read_states) < 3:
            add(image, f"word {len(read_states)}")
        return state

    monkeypatch.setattr("tagging.services.versions.read_state", read_while_somebody_edits)
    version = freeze(dataset, name="busy", by=None)
    assert len(read_states) == 3
    assert (version.tags, version.digest) == (2, read(dataset.pk).digest)


def test_who_never_stops_editing_is_waited_for_under_the_lock(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, read, turns = factories.make_image(dataset), read_state, iter(range(9))

    def read_while_somebody_edits(dataset_id: int) -> State:
        state, turn = read(dataset_id), next(turns)
        if turn < 3:
            add(image, f"word {turn}")
        return state

    monkeypatch.setattr("tagging.services.versions.read_state", read_while_somebody_edits)
    assert freeze(dataset, name="busy", by=None).tags == 3
    assert next(turns) == 4


def test_reading_takes_a_query_a_part(dataset: Dataset) -> None:
    for position in range(1, 2000, 300):
        factories.make_image(dataset, position=position)
    version = freeze(dataset, name="first", by=None)
    with CaptureQueriesContext(connection) as queries:
        assert sum(1 for _image in read_images(version)) == 7
    assert len(queries) == len(version.chunks) == 4
    VersionChunk.objects.filter(digest=version.chunks[2]).delete()
    with pytest.raises(VersionDamaged):
        list(read_images(version))


def test_a_part_of_a_later_form_is_not_misread() -> None:
    later = frozen_form.pack(b'[2,["?"]]')
    with pytest.raises(frozen_form.UnknownForm):
        frozen_form.read_rows(later)


# --- What is different ----------------------------------------------------------------------------------------


def test_a_comparison_tells_images_words_and_counts(dataset: Dataset) -> None:
    kept, going = factories.make_image(dataset), factories.make_image(dataset)
    add(kept, "a", "b", "c")
    add(going, "a")
    write(kept, "old")
    older = freeze(dataset, name="older", by=None)
    remove(kept, "a")
    add(kept, "d")
    write(kept, "new")
    move_to_trash(dataset, [going.pk], by=None)
    coming = factories.make_image(dataset)
    change_dataset(dataset, name=dataset.name, file_prefix=dataset.file_prefix, trigger_word="ohwx", by=None)
    newer = freeze(dataset, name="newer", by=None)
    difference = compare(older, newer)
    (change,) = difference.changed
    assert (change.added, change.removed, change.is_reordered) == (("d",), ("a",), False)
    assert (change.caption_before, change.caption_after) == ("old", "new")
    assert [image.sha256 for image in difference.added] == [coming.sha256]
    assert [image.sha256 for image in difference.removed] == [going.sha256]
    assert [(count.name, count.before, count.after) for count in difference.tag_counts] == [("a", 2, 0), ("d", 0, 1)]
    assert [(change.what, change.before, change.after) for change in difference.head] == [("trigger_word", "", "ohwx")]
    assert compare(newer, dataset).is_empty
    back = compare(dataset, older)
    assert (len(back.added), len(back.removed), len(back.changed)) == (1, 1, 1)


def test_another_order_of_tags_is_a_change(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    add(image, "a", "b")
    older = freeze(dataset, name="older", by=None)
    apply_edits(image, [Edit(uuid.uuid4(), Kind.MOVE, tag="b", before="a")], by=None)
    (change,) = compare(older, dataset).changed
    assert (change.added, change.removed, change.is_reordered) == ((), (), True)


# --- The way back ---------------------------------------------------------------------------------------------


def test_a_restore_brings_everything_back_and_says_so(data_dir: Path, dataset: Dataset) -> None:
    stays, trashed, lost = bring(dataset, 1, "a,b"), bring(dataset, 2, "c"), bring(dataset, 3, "d")
    write(stays, "a caption")
    set_review(stays, ReviewState.READY, by=None)
    version = freeze(dataset, name="good", by=None)
    remove(stays, "a")
    write(stays, "")
    add(stays, "z")
    lose_for_ever(dataset, lost)
    added = bring(dataset, 4, "e")
    change_dataset(dataset, name=dataset.name, file_prefix="other", trigger_word="ohwx", by=None)
    move_to_trash(dataset, [trashed.pk], by=None)
    forecast = forecast_restore(version)
    restored = restore(version, by=None)
    dataset.refresh_from_db()
    assert read_state(dataset.pk).digest == version.digest
    told = (restored.words, restored.returned, restored.remade, restored.trashed, restored.lost)
    assert told == (len(forecast.difference.changed), forecast.returned, forecast.remade, forecast.trashed, 0)
    assert told == (1, 1, 1, 1, 0)
    assert restored.is_done
    added.refresh_from_db()
    assert added.trashed_at is not None
    assert words(stays) == (["a", "b"], "a caption")


def test_the_words_of_a_restore_are_one_entry_and_go_back_with_it(dataset: Dataset) -> None:
    pictures = [factories.make_image(dataset, position=position) for position in (1, 600, 1200)]
    for image in pictures:
        add(image, "a")
    version = freeze(dataset, name="good", by=None)
    for image in pictures:
        remove(image, "a")
        add(image, "b")
        write(image, "text")
    restored = restore(version, by=None)
    (entry, *_older) = get_dataset_history(dataset).entries
    assert restored.change is not None
    assert (entry.id, entry.images, entry.reason) == (restored.change.pk, 3, "“good” restored")
    assert entry.source == Source.BULK
    undo_change(restored.change, by=None, key=uuid.uuid4())
    assert all(words(image) == (["b"], "text") for image in pictures)


def test_what_a_restore_left_behind_is_a_version_itself(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    version = freeze(dataset, name="good", by=None)
    add(image, "later")
    digest = read_state(dataset.pk).digest
    restored = restore(version, by=None)
    assert restored.before is not None
    assert (restored.before.digest, restored.before.is_automatic) == (digest, True)
    assert "good" in restored.before.note
    restore(restored.before, by=None)
    assert read_state(dataset.pk).digest == digest


def test_words_come_back_as_they_were_whatever_the_vocabulary_says_now(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    add(image, "grey")
    version = freeze(dataset, name="good", by=None)
    remove(image, "grey")
    Tag.objects.get(name="grey").delete()
    gray = Tag.objects.create(name="gray")
    TagAlias.objects.create(name="grey", tag=gray)
    restore(version, by=None)
    assert words(image) == (["grey"], "")


def test_a_restore_that_died_goes_on_where_it_was(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [factories.make_image(dataset, position=position) for position in (1, 600, 1200)]
    for image in pictures:
        add(image, "a")
    version = freeze(dataset, name="good", by=None)
    for image in pictures:
        remove(image, "a")
    key, turns = uuid.uuid4(), iter(range(9))

    def dying(*values: object, **named: object) -> object:
        if next(turns) == 1:
            raise KeyboardInterrupt
        return put_words(*values, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("tagging.services.restoring.put_words", dying)
    with pytest.raises(KeyboardInterrupt):
        restore(version, by=None, key=key)
    assert [words(image)[0] for image in pictures] == [["a"], [], []]
    half = VersionRestore.objects.get(key=key)
    assert (half.done, half.is_done) == (1, False)
    monkeypatch.undo()
    restored = restore(version, by=None, key=key)
    assert restored.pk == half.pk
    assert read_state(dataset.pk).digest == version.digest
    assert (restored.words, VersionRestore.objects.count()) == (3, 1)
    assert sum(entry.reason == "“good” restored" for entry in get_dataset_history(dataset).entries) == 1


def test_a_restore_does_a_part_at_a_time_where_it_is_asked_to(dataset: Dataset) -> None:
    pictures = [factories.make_image(dataset, position=position) for position in (1, 600, 1200)]
    for image in pictures:
        add(image, "a")
    version = freeze(dataset, name="good", by=None)
    for image in pictures:
        remove(image, "a")
    key, calls = uuid.uuid4(), 1
    while not restore(version, by=None, key=key, seconds=0).is_done:
        calls += 1
    assert calls == 4
    assert read_state(dataset.pk).digest == version.digest


def test_parts_in_which_nothing_is_different_are_passed_over(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [factories.make_image(dataset, position=position) for position in (1, 600, 1200)]
    version = freeze(dataset, name="good", by=None)
    add(pictures[1], "a")
    looked_at: list[list[str]] = []

    def reading(dataset_id: int, sha256s: list[str]) -> list[frozen_form.Row]:
        looked_at.append(sha256s)
        return read_rows(dataset_id, sha256s)

    monkeypatch.setattr("tagging.services.restoring.read_rows", reading)
    restore(version, by=None)
    assert looked_at == [[pictures[1].sha256]]
    assert read_state(dataset.pk).digest == version.digest


def test_pictures_that_come_during_a_restore_stay(dataset: Dataset) -> None:
    add(factories.make_image(dataset), "a")
    version = freeze(dataset, name="good", by=None)
    key = uuid.uuid4()
    early = factories.make_image(dataset)
    restore(version, by=None, key=key, seconds=0)
    late = factories.make_image(dataset)
    assert restore(version, by=None, key=key).trashed == 1
    assert list(dataset.images.filter(pk__in=[early.pk, late.pk])) == [late]


def test_the_place_comes_back_of_a_picture_that_was_imported_again(data_dir: Path, dataset: Dataset) -> None:
    first, _second = bring(dataset, 1, "a"), bring(dataset, 2, "b")
    version = freeze(dataset, name="good", by=None)
    lose_for_ever(dataset, first)
    again = bring(dataset, 1, "c")
    assert (again.sha256, again.position) == (first.sha256, 3)
    restore(version, by=None)
    assert read_state(dataset.pk).digest == version.digest


def test_a_review_comes_back_and_its_step_is_written_down(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    add(image, "a")
    Image.objects.filter(pk=image.pk).update(review_state="APPROVED")
    version = freeze(dataset, name="good", by=None)
    add(image, "b")
    restore(version, by=None)
    image.refresh_from_db()
    assert image.review_state == "APPROVED"
    step = Review.objects.latest("pk")
    assert (step.state, step.reason) == ("APPROVED", "“good” restored")


def test_a_version_that_is_deleted_meanwhile_ends_a_restore_with_a_sentence(dataset: Dataset) -> None:
    pictures = [factories.make_image(dataset, position=position) for position in (1, 600)]
    version = freeze(dataset, name="good", by=None)
    for image in pictures:
        add(image, "a")
    restoring_it = restore(version, by=None, seconds=0)
    delete_version(version, by=None)
    with pytest.raises(VersionGone, match="stays"):
        go_on(restoring_it)


# --- Pictures that versions keep --------------------------------------------------------------------------------


def test_a_version_keeps_its_pictures_until_it_is_deleted(data_dir: Path, dataset: Dataset) -> None:
    image = bring(dataset, 1)
    original = paths.original_path(data_dir, image.sha256, image.format)
    first, second = freeze(dataset, name="first", by=None), freeze(dataset, name="second", by=None)
    lose_for_ever(dataset, image)
    assert original.is_file()
    delete_version(first, by=None)
    free_unneeded_blobs(older_than=NONE)
    assert original.is_file()
    delete_version(second, by=None)
    assert (KeptPicture.objects.count(), VersionChunk.objects.count()) == (0, 0)
    free_unneeded_blobs(older_than=NONE)
    assert not original.is_file()


def test_a_deleted_dataset_takes_its_versions_and_pictures_along(data_dir: Path, dataset: Dataset) -> None:
    image = bring(dataset, 1, "a")
    version = freeze(dataset, name="first", by=None)
    add(image, "b")
    restore(version, by=None)
    dataset.delete()
    free_unneeded_blobs(older_than=NONE)
    assert not any(path.parts[0] == "blobs" for path in uploading.stored_files(data_dir))
    assert not DatasetVersion.objects.exists()


def test_what_a_deletion_that_died_left_is_dropped_with_the_next(dataset: Dataset) -> None:
    factories.make_image(dataset)
    version = freeze(dataset, name="first", by=None)
    DatasetVersion.objects.filter(pk=version.pk).delete()
    assert VersionChunk.objects.exists()
    drop_unneeded(dataset.pk)
    assert (KeptPicture.objects.count(), VersionChunk.objects.count()) == (0, 0)


def test_a_picture_whose_file_is_gone_against_all_rules_is_told_and_the_rest_comes_back(
    data_dir: Path, dataset: Dataset
) -> None:
    one, two = bring(dataset, 1, "a"), bring(dataset, 2, "b")
    version = freeze(dataset, name="good", by=None)
    lose_for_ever(dataset, one, two)
    paths.original_path(data_dir, one.sha256, one.format).unlink()
    restored = restore(version, by=None)
    assert (restored.remade, restored.lost) == (1, 1)
    assert [image.sha256 for image in dataset.images.all()] == [two.sha256]


# --- Another dataset from a version ------------------------------------------------------------------------------


def test_a_fork_is_what_the_version_was_and_stands_alone(data_dir: Path, dataset: Dataset) -> None:
    first, second = bring(dataset, 1, "a,b"), bring(dataset, 2, "c")
    write(second, "text")
    version = freeze(dataset, name="good", by=None)
    lose_for_ever(dataset, first)
    other = fork(version, name="Another", by=None)
    assert list(read_state(other.pk).images()) == list(read_images(version))
    assert (other.file_prefix, other.name) == (dataset.file_prefix, "Another")
    (copy,) = other.versions.all()
    assert "good" in copy.name
    assert read_state(other.pk).digest == copy.digest
    dataset.delete()
    free_unneeded_blobs(older_than=NONE)
    assert all(paths.original_path(data_dir, image.sha256, image.format).is_file() for image in other.images.all())
    # What comes next has a place of its own.
    assert bring(other, 3).position == 3


def test_a_fork_that_died_goes_on_with_its_key(dataset: Dataset) -> None:
    for position in (1, 600):
        add(factories.make_image(dataset, position=position), "a")
    version = freeze(dataset, name="good", by=None)
    key = uuid.uuid4()
    begun = begin_fork(version, name="Another", by=None, key=key)
    assert begun.dataset.images.count() == 0
    assert begin_fork(version, name="Another", by=None, key=key) == begun
    assert Dataset.objects.count() == 2
