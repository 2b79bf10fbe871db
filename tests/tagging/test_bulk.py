"""Actions on many images: what each of them makes of tags, captions, history and reviews."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from datasets.models import Dataset, Image, ReviewState
from datasets.services.trash import move_to_trash
from tagging.models import (
    BulkJob,
    Caption,
    ImageTag,
    Review,
    Source,
    Tag,
    TagAlias,
    TagCategory,
    TagImplication,
    TagKeptAway,
    TagOperation,
)
from tagging.queries.history import get_log
from tagging.queries.state import get_image_state
from tagging.replaying import replay
from tagging.services.bulk.actions import Action, BulkRefused
from tagging.services.bulk.jobs import start_action, start_undo
from tagging.services.bulk.previewing import preview_action
from tagging.services.bulk.running import run_job
from tagging.services.bulk.targets import Target
from tagging.services.labelling import apply_edits
from tagging.services.rules import TagDeprecated
from tests import factories
from tests.tagging.doing import adding, apply, moving, names_on, removing, rows_on, writing

pytestmark = pytest.mark.django_db

ALL = Target(filter="")


def run(dataset: Dataset, kind: str, target: Target = ALL, by: User | None = None, **facts: Any) -> BulkJob:
    """Do an action, after a look at its preview, which has to say the same."""
    action = Action(kind, **facts)  # type: ignore[arg-type]
    told = preview_action(dataset, target, action)
    job = start_action(dataset, target, action, key=uuid.uuid4(), by=by)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("DONE", "")
    assert (told.images, told.changed) == (job.total, job.changed)
    for example in told.sample:
        state = get_image_state(example.image)
        assert (example.after.tags, example.after.caption) == ([tag.name for tag in state.tags], state.caption)
    for image in Image.everything.filter(dataset=dataset):
        check(image)
    return job


def undo(job: BulkJob) -> BulkJob:
    """Take a job's entry back."""
    assert job.change is not None
    back = start_undo(job.change, key=uuid.uuid4(), by=None)
    run_job(back.pk)
    back.refresh_from_db()
    return back


def check(image: Image) -> None:
    """The log says what is stored."""
    state, replayed = get_image_state(image), replay(get_log(image))
    assert replayed.tags == [tag.name for tag in state.tags]
    assert (replayed.caption, replayed.caption_version) == (state.caption, state.caption_version)
    assert state.tagged == bool(state.tags or state.caption)


def images_with(dataset: Dataset, *lists: str) -> list[Image]:
    """Images with these tags, a letter each."""
    images = []
    for letters in lists:
        image = factories.make_image(dataset)
        apply(image, *map(adding, letters))
        images.append(image)
    return images


# --- taken back -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "facts"),
    [("remove", {"tags": ("a", "A")}), ("replace", {"tags": ("A",), "into": ("x",)}), ("deduplicate", {})],
)
def test_tags_that_went_come_back_as_what_they_were(dataset: Dataset, kind: str, facts: dict[str, Any]) -> None:
    [image] = images_with(dataset, "")
    ana = factories.make_user()
    apply_edits(image, [adding("a"), adding("b")], by=None, source=Source.MODEL)
    apply_edits(image, [adding("A")], by=ana, source=Source.SIDECAR)
    before = rows_on(image)
    job = run(dataset, kind, by=factories.make_user(), **facts)
    after = rows_on(image)
    assert after != before
    back = undo(job)
    assert rows_on(image) == before
    undo(back)
    assert rows_on(image) == after


# --- add --------------------------------------------------------------------------------------------------------------


def test_tags_come_at_the_end_of_every_image_that_lacks_them(dataset: Dataset) -> None:
    one, two, three = images_with(dataset, "ab", "y", "")
    ana = factories.make_user()
    job = run(dataset, "add", by=ana, tags=("x", "y"))
    assert [names_on(image) for image in (one, two, three)] == [["a", "b", "x", "y"], ["y", "x"], ["x", "y"]]
    assert (job.total, job.changed) == (3, 3)
    row = ImageTag.objects.get(image=two, tag__name="x")
    assert (row.source, row.added_by) == (Source.BULK, ana)
    assert job.change is not None
    assert (job.change.key, job.change.source, job.change.done_by) == (job.key, Source.BULK, ana)
    assert job.change.reason == "Added to many: x, y"


def test_tags_come_in_front(dataset: Dataset) -> None:
    one, two = images_with(dataset, "ab", "")
    run(dataset, "add", tags=("x", "y"), place="front")
    assert [names_on(image) for image in (one, two)] == [["x", "y", "a", "b"], ["x", "y"]]


def test_tags_come_behind_a_tag_or_at_the_end_where_it_is_not(dataset: Dataset) -> None:
    one, two = images_with(dataset, "abc", "bc")
    run(dataset, "add", tags=("x", "y"), place="after", after="a")
    assert [names_on(image) for image in (one, two)] == [["a", "x", "y", "b", "c"], ["b", "c", "x", "y"]]


def test_a_tag_comes_where_no_number_is_left_between_two(dataset: Dataset) -> None:
    (image,) = images_with(dataset, "abc")
    apply(image, *(moving("ab"[turn % 2], "c") for turn in range(51)))
    before = names_on(image)
    places = dict(ImageTag.objects.filter(image=image).values_list("tag__name", "position"))
    job = run(dataset, "add", tags=("x",), place="after", after=before[1])
    assert names_on(image) == [*before[:2], "x", before[2]]
    undo(job)
    assert dict(ImageTag.objects.filter(image=image).values_list("tag__name", "position")) == places


def test_an_image_that_has_the_tag_is_untouched(dataset: Dataset) -> None:
    one, two = images_with(dataset, "x", "a")
    revision = Image.objects.get(pk=one.pk).revision
    job = run(dataset, "add", tags=("x",))
    assert (job.total, job.changed) == (2, 1)
    assert Image.objects.get(pk=one.pk).revision == revision
    assert Image.objects.get(pk=two.pk).revision == revision + 1


def test_an_action_that_changes_nothing_leaves_no_entry(dataset: Dataset) -> None:
    images_with(dataset, "x", "x")
    job = run(dataset, "add", tags=("x",))
    assert (job.changed, job.change) == (0, None)


def test_aliases_and_implications_hold_and_are_marked(dataset: Dataset) -> None:
    (image,) = images_with(dataset, "a")
    heron, bird, animal = (Tag.objects.create(name=name) for name in ("heron", "bird", "animal"))
    TagAlias.objects.create(name="grey heron", tag=heron)
    TagImplication.objects.create(tag=heron, implies=bird)
    TagImplication.objects.create(tag=bird, implies=animal)
    run(dataset, "add", tags=("grey heron",))
    sources = dict(ImageTag.objects.filter(image=image).values_list("tag__name", "source"))
    assert names_on(image) == ["a", "heron", "bird", "animal"]
    assert (sources["heron"], sources["bird"], sources["animal"]) == ("BULK", "RULE", "RULE")


@pytest.mark.parametrize("place", ["end", "after"])
def test_a_rule_adds_nothing_that_a_person_took_away_for_good(dataset: Dataset, place: str) -> None:
    one, two, three = images_with(dataset, "ab", "ab", "ab")
    heron, bird = (Tag.objects.create(name=name) for name in ("heron", "bird"))
    TagImplication.objects.create(tag=heron, implies=bird)
    for image in (one, three):
        apply(image, adding("bird"), removing("bird"))
        TagKeptAway.objects.create(operation=TagOperation.objects.filter(image=image, kind="REMOVE").latest("pk"))
    apply(three, adding("bird"), removing("bird"))  # since then somebody had it there again
    run(dataset, "add", tags=("heron",), place=place, after="b" if place == "after" else "")
    assert [names_on(image) for image in (one, two, three)] == [
        ["a", "b", "heron"],
        ["a", "b", "heron", "bird"],
        ["a", "b", "heron", "bird"],
    ]


def test_a_deprecated_tag_is_refused_and_its_successor_named(dataset: Dataset) -> None:
    images_with(dataset, "a")
    new = Tag.objects.create(name="red dress")
    Tag.objects.create(name="reddress", deprecated_at=timezone.now(), successor=new)
    with pytest.raises(TagDeprecated, match="red dress"):
        start_action(dataset, ALL, Action("add", tags=("reddress",)), key=uuid.uuid4(), by=None)
    assert not BulkJob.objects.exists()


def test_adding_gives_images_words_and_asks_for_another_look(dataset: Dataset) -> None:
    bare, seen = images_with(dataset, "", "a")
    Image.objects.filter(pk=seen.pk).update(review_state=ReviewState.APPROVED)
    run(dataset, "add", tags=("x",))
    states = [Image.objects.get(pk=image.pk).review_state for image in (bare, seen)]
    assert states == [ReviewState.IN_PROGRESS, ReviewState.READY]
    assert Review.objects.get(image=seen).state == ReviewState.READY
    assert set(Image.objects.values_list("changed_at_revision", flat=True)) == {
        Dataset.objects.get(pk=dataset.pk).revision
    }


# --- remove, replace --------------------------------------------------------------------------------------------------


def test_tags_go_and_an_image_without_words_is_untagged(dataset: Dataset) -> None:
    one, two, three = images_with(dataset, "axb", "x", "a")
    apply(two, writing("Prose."))
    four = images_with(dataset, "x")[0]
    job = run(dataset, "remove", tags=("x", "nowhere"))
    assert [names_on(image) for image in (one, two, three, four)] == [["a", "b"], [], ["a"], []]
    assert job.changed == 3
    assert Image.objects.get(pk=two.pk).is_tagged
    assert Image.objects.get(pk=four.pk).review_state == ReviewState.UNTAGGED


def test_a_deprecated_tag_can_be_removed(dataset: Dataset) -> None:
    (image,) = images_with(dataset, "ab")
    Tag.objects.filter(name="a").update(deprecated_at=timezone.now())
    run(dataset, "remove", tags=("a",))
    assert names_on(image) == ["b"]


def test_tags_come_in_the_place_of_others(dataset: Dataset) -> None:
    one, two, three = images_with(dataset, "abcd", "dxb", "ac")
    run(dataset, "replace", tags=("b", "d"), into=("x", "y"))
    assert [names_on(image) for image in (one, two, three)] == [["a", "x", "y", "c"], ["y", "x"], ["a", "c"]]


def test_a_tag_may_be_replaced_by_itself_and_more(dataset: Dataset) -> None:
    (image,) = images_with(dataset, "abc")
    run(dataset, "replace", tags=("b",), into=("b", "x"))
    assert names_on(image) == ["a", "b", "x", "c"]


# --- captions ---------------------------------------------------------------------------------------------------------


def test_captions_are_rewritten_by_a_pattern(dataset: Dataset) -> None:
    one, two, three = images_with(dataset, "", "", "a")
    apply(one, writing("A cat and a cat."))
    apply(two, writing("A dog."))
    job = run(dataset, "caption", pattern=r"\b(c)at\b", replacement=r"\1row")
    assert (job.total, job.changed) == (3, 1)
    assert Caption.objects.get(image=one).text == "A crow and a crow."
    assert Caption.objects.get(image=one).version == 2
    assert undo(job).changed == 1
    assert (Caption.objects.get(image=one).text, Caption.objects.get(image=one).version) == ("A cat and a cat.", 3)
    assert not Caption.objects.filter(image=three).exists()


def test_a_caption_that_becomes_empty_is_none(dataset: Dataset) -> None:
    (image,) = images_with(dataset, "")
    apply(image, writing("Gone."))
    run(dataset, "caption", pattern=".+", replacement=" ")
    assert not Image.objects.get(pk=image.pk).is_tagged


# --- sort, de-duplicate, copy -----------------------------------------------------------------------------------------


def test_tags_are_sorted_by_category_and_keep_their_order_inside(dataset: Dataset) -> None:
    (image,) = images_with(dataset, "dabce")
    character, artist = (TagCategory.objects.get_or_create(name=name)[0] for name in ("character", "artist"))
    Tag.objects.filter(name__in="ce").update(category=character)
    Tag.objects.filter(name="d").update(category=artist)
    run(dataset, "sort", categories=("character", "", "artist"))
    assert names_on(image) == ["c", "e", "a", "b", "d"]


def test_twins_are_left_out_and_the_first_stays(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    apply(image, *map(adding, ["blue sky", "Tree", "blue_sky", "tree", "Blue_Sky"]))
    run(dataset, "deduplicate")
    assert names_on(image) == ["blue sky", "Tree"]


def test_the_tags_of_one_image_come_to_the_others(dataset: Dataset) -> None:
    one, two, three = images_with(dataset, "ab", "bc", "")
    run(dataset, "copy", from_image=one.pk)
    assert [names_on(image) for image in (one, two, three)] == [["a", "b"], ["b", "c", "a"], ["a", "b"]]


# --- targets ----------------------------------------------------------------------------------------------------------


def test_a_filter_does_not_lose_what_the_action_itself_changes(dataset: Dataset) -> None:
    images = images_with(dataset, *"ax" * 5)
    job = run(dataset, "add", Target(filter="-heron"), tags=("heron",))
    assert (job.total, job.changed) == (10, 10)
    assert all("heron" in names_on(image) for image in images)


def test_a_selection_and_what_is_left_out(dataset: Dataset) -> None:
    one, two, three = images_with(dataset, "a", "a", "b")
    stranger = factories.make_image(factories.make_dataset())
    run(dataset, "add", Target(images=[one.pk, three.pk, stranger.pk, 10**15]), tags=("x",))
    run(dataset, "add", Target(filter="a", except_images=[one.pk]), tags=("y",))
    assert [names_on(image) for image in (one, two, three)] == [["a", "x"], ["a", "y"], ["b", "x"]]
    assert names_on(stranger) == []


def test_what_is_in_the_trash_is_left_alone(dataset: Dataset) -> None:
    one, two = images_with(dataset, "a", "b")
    job = start_action(dataset, ALL, Action("add", tags=("x",)), key=uuid.uuid4(), by=None)
    move_to_trash(dataset, [two.pk], by=None)
    run_job(job.pk)
    assert [names_on(image) for image in (one, two)] == [["a", "x"], ["b"]]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"kind": "add"}, "Say which tags"),
        ({"kind": "add", "tags": ("x",), "place": "after"}, "behind which tag"),
        ({"kind": "replace", "tags": ("x",)}, "come in their place"),
        ({"kind": "sort"}, "which category"),
        ({"kind": "sort", "categories": ("nowhere",)}, "no category “nowhere”"),
        ({"kind": "copy", "from_image": 7}, "no tags"),
    ],
)
def test_what_lacks_something_is_refused_in_a_sentence(dataset: Dataset, facts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BulkRefused, match=sentence):
        start_action(dataset, ALL, Action(**facts), key=uuid.uuid4(), by=None)
