"""Versions: a state that never changes, and what is different from it."""

from __future__ import annotations

import uuid
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from datasets.models import Dataset, KeptPicture
from datasets.services.datasets import change_dataset
from datasets.services.trash import move_to_trash
from tagging.models import (
    DatasetVersion,
    ExportJob,
    Tag,
    TagCategory,
    VersionChunk,
    VersionIsFixed,
    VersionRestore,
)
from tagging.queries.comparing import compare
from tagging.queries.history import get_dataset_history
from tagging.queries.version_state import State, read_state
from tagging.queries.versions import VersionDamaged, read_dataset, read_images
from tagging.queries.versions_page import get_versions
from tagging.services.labelling import Edit, apply_edits
from tagging.services.restoring import restore
from tagging.services.sorting import sort_tags
from tagging.services.versions import (
    BadVersionName,
    VersionError,
    VersionInUse,
    VersionNameTaken,
    delete_version,
    freeze,
    version_for_export,
)
from tagging.services.writing import Kind
from tagging.trainers import frozen_form
from tests import factories
from tests.tagging.doing import together
from tests.tagging.versioning import add, remove, write


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
    factories.make_image(dataset)
    freeze(dataset, name="with a part", by=None)
    part = VersionChunk.objects.get()
    with pytest.raises(VersionIsFixed):
        part.save()
    with pytest.raises(VersionIsFixed):
        VersionChunk.objects.update(digest=part.digest)
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


def test_the_key_of_a_version_elsewhere_is_refused_in_words(dataset: Dataset) -> None:
    key = uuid.uuid4()
    freeze(factories.make_dataset(), name="first", by=None, key=key)
    with pytest.raises(VersionError, match="this key"):
        freeze(dataset, name="first", by=None, key=key)


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
    later = b'[2,["?"]]'
    with pytest.raises(frozen_form.UnknownForm):
        frozen_form.rows_of(frozen_form.unpack(frozen_form.pack(later), frozen_form.digest_of(later)))


@pytest.mark.parametrize("stored", [frozen_form.pack(b"[1]"), b"", b"no compressed part"])
def test_a_part_that_is_not_what_was_written_is_not_believed(dataset: Dataset, stored: bytes) -> None:
    factories.make_image(dataset)
    version = freeze(dataset, name="first", by=None)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tagging_versionchunk SET content = %s", [stored])
    with pytest.raises(VersionDamaged, match="not what was written"):
        list(read_images(version))
    with pytest.raises(VersionDamaged):
        compare(version, dataset)


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


# --- At the same time --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shared_database")
def test_two_who_freeze_and_restore_at_once_do_it_once() -> None:
    dataset = factories.make_dataset()
    pictures = [factories.make_image(dataset, position=position) for position in (1, 600, 1200)]
    for image in pictures:
        add(image, "a")
    key = uuid.uuid4()
    first, second = together(lambda _who: freeze(dataset, name="good", by=None, key=key), people=2)
    assert first == second
    for image in pictures:
        remove(image, "a")
        add(image, "b")
    restored = together(lambda _who: restore(first, by=None, key=key), people=2)
    assert {each.pk for each in restored} == {VersionRestore.objects.get().pk}
    assert VersionRestore.objects.get().words == 3
    assert read_state(dataset.pk).digest == first.digest
    assert sum(entry.reason == "“good” restored" for entry in get_dataset_history(dataset).entries) == 1


def delete_or_freeze(version: DatasetVersion, name: str, who: int) -> DatasetVersion | None:
    """What the two people of the next test do."""
    if who:
        return freeze(version.dataset, name=name, by=None)
    delete_version(version, by=None)
    return None


@pytest.mark.usefixtures("shared_database")
def test_a_version_made_while_another_is_deleted_has_all_its_parts_and_pictures() -> None:
    dataset = factories.make_dataset()
    for position in (1, 600, 1200):
        factories.make_image(dataset, position=position)
    version = freeze(dataset, name="0", by=None)
    for turn in range(1, 6):
        _none, made = together(partial(delete_or_freeze, version, str(turn)), people=2)
        assert isinstance(made, DatasetVersion), made
        version = DatasetVersion.objects.get(name=str(turn))
        assert len(list(read_images(version))) == KeptPicture.objects.count() == 3


def test_a_version_that_was_exported_stays(dataset: Dataset) -> None:
    factories.make_image(dataset)
    version = freeze(dataset, name="good", by=None)
    facts = {"dataset": dataset, "version": version, "profile": "kohya", "options": {}, "total": 1}
    export = ExportJob.objects.create(key=uuid.uuid4(), **facts)
    (row,), _next = get_versions(dataset)
    assert [told.profile for told in row.exports] == ["kohya sd-scripts"]
    with pytest.raises(VersionInUse, match="good"):
        delete_version(version, by=None)
    assert len(list(read_images(version))) == 1
    export.delete()
    delete_version(version, by=None)
    ExportJob.objects.create(key=uuid.uuid4(), **{**facts, "version": freeze(dataset, name="next", by=None)})
    dataset.delete()
    assert not DatasetVersion.objects.exists()
