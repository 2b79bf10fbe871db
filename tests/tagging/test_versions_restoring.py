"""The way back to a version, the pictures that it keeps for that, and another dataset from it."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from datasets import paths
from datasets.models import Dataset, Image, KeptPicture, ReviewState
from datasets.services.blobs import free_unneeded_blobs
from datasets.services.datasets import change_dataset
from datasets.services.trash import move_to_trash
from tagging.models import (
    DatasetVersion,
    Goal,
    QuickTag,
    Review,
    Source,
    Spelling,
    Tag,
    TagAlias,
    TagScope,
    VersionChunk,
    VersionRestore,
)
from tagging.queries.comparing import forecast_restore
from tagging.queries.history import get_dataset_history
from tagging.queries.version_state import read_rows, read_state
from tagging.queries.versions import read_images
from tagging.services.forking import begin_fork, fork
from tagging.services.goals import add_goal
from tagging.services.putting import put_words
from tagging.services.quick_tags import pin_tag
from tagging.services.restoring import VersionGone, go_on, restore
from tagging.services.reviewing import set_review
from tagging.services.spelling import get_spelling, set_spelling
from tagging.services.undoing import undo_change
from tagging.services.versions import (
    delete_version,
    drop_unneeded,
    freeze,
)
from tagging.trainers import frozen_form
from tests import factories, uploading
from tests.tagging.versioning import NONE, add, bring, lose_for_ever, remove, words, write


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


def test_a_fork_has_the_goals_and_settings_of_its_dataset(dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(trigger_word="ohwx", file_prefix="anna")
    dataset.refresh_from_db()
    image = bring(dataset, 1, "a,b,red dress")
    for name, filter, wanted in (("profile shots", "profile", 20), ("all", "", 100)):
        add_goal(dataset, name=name, filter=filter, wanted=wanted)
    pin_tag(dataset, "a", slot=3)
    pin_tag(dataset, "smile", slot=9)
    set_spelling(dataset, Spelling.UNDERSCORES)
    TagScope.objects.create(dataset=dataset, tag=Tag.objects.get(name="b"))
    version = freeze(dataset, name="good", by=None)
    Dataset.objects.filter(pk=dataset.pk).update(trigger_word="later", file_prefix="later")
    other = fork(version, name="Another", by=None)
    # The version says these two; the rest is as people set it.
    assert (other.trigger_word, other.file_prefix) == ("ohwx", "anna")
    goals = Goal.objects.filter(dataset=other).order_by("pk").values_list("name", "filter", "wanted")
    assert list(goals) == [("profile shots", "profile", 20), ("all", "", 100)]
    keys = QuickTag.objects.filter(dataset=other).order_by("slot").values_list("slot", "tag__name")
    assert list(keys) == [(3, "a"), (9, "smile")]
    assert get_spelling(other) == Spelling.UNDERSCORES
    assert words(other.images.get())[0] == ["a", "b", "red dress"]
    assert set(TagScope.objects.filter(tag__name="b").values_list("dataset", flat=True)) == {dataset.pk, other.pk}
    # The two stand alone from then on.
    Goal.objects.filter(dataset=dataset).delete()
    assert Goal.objects.filter(dataset=other).count() == 2
    assert Image.objects.filter(dataset=other, sha256=image.sha256).exists()


def test_a_fork_that_died_goes_on_with_its_key(dataset: Dataset) -> None:
    for position in (1, 600):
        add(factories.make_image(dataset, position=position), "a")
    version = freeze(dataset, name="good", by=None)
    key = uuid.uuid4()
    begun = begin_fork(version, name="Another", by=None, key=key)
    assert begun.dataset.images.count() == 0
    assert begin_fork(version, name="Another", by=None, key=key) == begun
    assert Dataset.objects.count() == 2
