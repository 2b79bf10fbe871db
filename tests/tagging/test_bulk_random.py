"""Random actions on random images: preview, run, log and undo agree, exactly."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.models import Dataset, Image
from tagging.models import BulkJob, Caption, Change, ImageTag, Source, Tag, TagCategory
from tagging.queries.history import get_log
from tagging.queries.state import get_image_state
from tagging.replaying import replay
from tagging.services import undoing
from tagging.services.bulk.actions import Action, settle_action
from tagging.services.bulk.arranging import rearrange
from tagging.services.bulk.jobs import start_action, start_undo
from tagging.services.bulk.previewing import preview_action
from tagging.services.bulk.running import run_job
from tagging.services.bulk.targets import Target
from tagging.services.bulk.working_out import Worker
from tagging.services.labelling import Edit, apply_edits
from tagging.services.undoing import NothingToUndo, Undone, undo_change
from tests import factories
from tests.tagging.doing import Kind, adding, apply, moving, names_on, removing, writing

pytestmark = pytest.mark.django_db

NAMES = ["a", "b", "c d", "c_d", "E", "e"]
names = st.sampled_from(NAMES)
some = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
texts = st.sampled_from(["", "One cat.", "Two cats and a dog.", "…"])
places: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from([{"place": "front"}, {"place": "end"}]),
    st.builds(lambda name: {"place": "after", "after": name}, names),
)
actions = st.one_of(
    st.builds(lambda tags, place: Action("add", tags=tags, **place), some, places),
    st.builds(lambda tags: Action("remove", tags=tags), some),
    st.builds(lambda tags, into: Action("replace", tags=tags, into=into), some, some),
    st.builds(
        lambda order: Action("sort", categories=tuple(order)), st.permutations(["", "character", "artist"]).map(tuple)
    ),
    st.just(Action("deduplicate")),
    st.builds(
        lambda renames, pattern: Action(
            "mend", renames=tuple(renames.items()), pattern=pattern, replacement="dog" if pattern else "", why="Mended"
        ),
        st.dictionaries(names, st.lists(names, max_size=2, unique=True).map(tuple), min_size=1, max_size=3),
        st.sampled_from(["", "cat", "s?$"]),
    ),
    st.sampled_from(
        [
            Action("caption", pattern="cat(s?)", replacement=r"dog\1"),
            Action("caption", pattern=r"\w+", replacement=""),
            Action("caption", pattern="…", replacement=""),
        ]
    ),
)
# What people do before and after: which image, and what.
edits = st.tuples(
    st.integers(0, 2),
    st.one_of(
        st.tuples(st.just("add"), names, st.one_of(st.none(), names)),
        st.tuples(st.just("remove"), names),
        st.tuples(st.just("move"), names, st.one_of(st.none(), names)),
        st.tuples(st.just("squeeze"), names, names, names),
        st.tuples(st.just("caption"), texts),
    ),
)
# Of each tag: its name, its place, and how, by whom and when it came.
Row = tuple[str, float, str, int | None, datetime]
Words = tuple[list[Row], str, bool]
WAYS = list(Source)


def make_people() -> list[User | None]:
    """Return nobody and two people."""
    return [None, factories.make_user(), factories.make_user()]


@dataclass
class Play:
    """Three images, and words for what is done to them."""

    dataset: Dataset = field(default_factory=factories.make_dataset)
    images: list[Image] = field(default_factory=list)
    people: list[User | None] = field(default_factory=make_people)
    turn: int = 0

    def __post_init__(self) -> None:
        self.images = [factories.make_image(self.dataset) for _ in range(3)]

    def apply(self, image: Image, *edits: Edit) -> None:
        """Edit, each time in another way and as somebody else."""
        self.turn += 1
        by, source = self.people[self.turn % len(self.people)], WAYS[self.turn % len(WAYS)]
        apply_edits(image, edits, by=by, source=source)

    def edit(self, number: int, edit: tuple[Any, ...]) -> None:
        image, (kind, *facts) = self.images[number], edit
        if kind == "caption":
            self.apply(image, writing(facts[0], get_image_state(image).caption_version))
        elif kind == "squeeze":
            first, second, third = facts
            self.apply(image, *map(adding, facts))
            self.apply(image, *(moving((first, second)[turn % 2], third) for turn in range(53)))
        else:
            self.apply(image, {"add": adding, "remove": removing, "move": moving}[kind](*facts))

    def words(self) -> list[Words]:
        """Everything that an undo has to bring back."""
        found = []
        for image in self.images:
            rows = ImageTag.objects.filter(image=image).order_by("position", "pk")
            text = Caption.objects.filter(image=image).values_list("text", flat=True).first() or ""
            is_tagged = Image.objects.values_list("is_tagged", flat=True).get(pk=image.pk)
            facts = ("tag__name", "position", "source", "added_by", "added_at")
            found.append((list(rows.values_list(*facts)), text, is_tagged))
        return found

    def words_of_any_play(self) -> list[tuple[object, ...]]:
        """The same, to be compared with that of another play, which is at another moment."""
        return [([row[:-1] for row in tags], text, is_tagged) for tags, text, is_tagged in self.words()]

    def check_logs(self) -> None:
        for image in self.images:
            state, replayed = get_image_state(image), replay(get_log(image))
            assert replayed.tags == [tag.name for tag in state.tags]
            assert (replayed.caption, replayed.caption_version) == (state.caption, state.caption_version)
            assert state.tagged == bool(state.tags or state.caption)

    def run(self, action: Action) -> BulkJob:
        job = start_action(self.dataset, Target(filter=""), action, key=uuid.uuid4(), by=None)
        return self.finish(job)

    def undo(self, change: Change) -> BulkJob:
        return self.finish(start_undo(change, key=uuid.uuid4(), by=None))

    def finish(self, job: BulkJob) -> BulkJob:
        run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.error) == ("DONE", "")
        return job


def set_categories() -> None:
    """Some names have a category, as the sorting needs it."""
    for name, category in (("a", "character"), ("E", "character"), ("b", "artist")):
        found, _made = TagCategory.objects.get_or_create(name=category)
        Tag.objects.update_or_create(name=name, defaults={"category": found})


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(edits, max_size=10), actions)
def test_an_action_does_what_its_preview_said_and_its_undo_restores_exactly(
    db: None, script: list[tuple[int, tuple[Any, ...]]], action: Action
) -> None:
    with transaction.atomic():
        set_categories()
        play = Play()
        for edit in script:
            play.edit(*edit)
        check_round_trip(play, action)
        transaction.set_rollback(True)


@pytest.mark.heavy
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(edits, max_size=20), actions)
def test_many_actions_do_what_their_previews_said(
    db: None, script: list[tuple[int, tuple[Any, ...]]], action: Action
) -> None:
    with transaction.atomic():
        set_categories()
        play = Play()
        for edit in script:
            play.edit(*edit)
        check_round_trip(play, action)
        transaction.set_rollback(True)


def check_round_trip(play: Play, action: Action) -> None:
    before = play.words()
    told = preview_action(play.dataset, Target(filter=""), action)
    worker = Worker(settle_action(action, play.dataset.pk))
    read = worker.read([image.pk for image in play.images], whole=True)
    wanted = [(worker.wanted(words), worker.text(words)) for words in read]
    job = play.run(action)
    after = play.words()
    play.check_logs()
    # The database's own way to add and remove gives what is worked out image by image.
    assert [([name for name, *_facts in tags], text) for tags, text, _tagged in after] == wanted
    assert (told.images, told.changed) == (3, job.changed)
    assert job.changed == sum(one != other for one, other in zip(before, after, strict=True))
    assert (job.change is None) == (job.changed == 0)
    if job.change is None:
        return
    back = play.undo(job.change)
    assert play.words() == before
    play.check_logs()
    assert back.change is not None
    assert back.changed == job.changed
    play.undo(back.change)
    assert play.words() == after
    play.check_logs()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(edits, max_size=8),
    st.lists(actions, min_size=1, max_size=3),
    st.lists(edits, max_size=4),
    st.integers(1, 3),
)
def test_both_ways_to_take_back_do_the_same(
    db: None,
    before: list[tuple[int, tuple[Any, ...]]],
    doing: list[Action],
    after: list[tuple[int, tuple[Any, ...]]],
    which: int,
) -> None:
    check_both_ways(before, doing, after, which)


@pytest.mark.heavy
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(edits, max_size=12),
    st.lists(actions, min_size=1, max_size=4),
    st.lists(edits, max_size=8),
    st.integers(1, 4),
)
def test_both_ways_to_take_back_do_the_same_after_much(
    db: None,
    before: list[tuple[int, tuple[Any, ...]]],
    doing: list[Action],
    after: list[tuple[int, tuple[Any, ...]]],
    which: int,
) -> None:
    check_both_ways(before, doing, after, which)


def check_both_ways(
    before: list[tuple[int, tuple[Any, ...]]],
    doing: list[Action],
    after: list[tuple[int, tuple[Any, ...]]],
    which: int,
) -> None:
    with transaction.atomic():
        set_categories()
        told, people = [], make_people()
        for is_quick in (True, False):
            play = Play(people=people)
            for edit in before:
                play.edit(*edit)
            changes = [job.change for job in map(play.run, doing) if job.change is not None]
            for edit in after:
                play.edit(*edit)
            if changes:
                undone = take_back(changes[-which % len(changes)], is_quick, play)
                told.append((undone, play.words_of_any_play()))
                play.check_logs()
        assert told[:1] == told[1:]
        transaction.set_rollback(True)


def take_back(change: Change, is_quick: bool, play: Play) -> object:
    """Take back, with the statements for many images or without them; returns what is told, image by place."""
    patch = pytest.MonkeyPatch()
    if not is_quick:
        patch.setattr(undoing, "take_back_untouched", lambda *_values, **_facts: (set(), 0))
    undone = Undone()
    with patch.context(), suppress(NothingToUndo):
        undone = undo_change(change, by=None, key=uuid.uuid4())
    patch.undo()
    numbers = {image.pk: number for number, image in enumerate(play.images)}
    # Who did what since; the minute may be another one.
    kept = [(numbers[each.image_id], each.tag, each.why.partition(",")[0]) for each in undone.kept]
    return (undone.images, undone.reverted, undone.left, undone.left_images, kept, undone.change is None)


@given(
    st.lists(st.tuples(names, st.floats(-1e6, 1e6)), max_size=6, unique_by=lambda tag: tag[0]),
    st.lists(names, max_size=6, unique=True),
)
def test_a_rearranging_leads_to_the_order_that_is_wanted(tags: list[tuple[str, float]], wanted: list[str]) -> None:
    there = sorted(tags, key=lambda tag: tag[1])
    places = dict(there)
    for step in rearrange(there, wanted):
        assert places.get(step.name) == step.before
        if step.after is None:
            del places[step.name]
        else:
            places[step.name] = step.after
    order = [name for name, _place in there]
    assert sorted(places, key=lambda name: (places[name], order.index(name) if name in order else 0)) == wanted
    if order != wanted:
        assert len(set(places.values())) == len(places) or set(wanted) < set(order)


def test_what_stays_in_its_order_keeps_its_place() -> None:
    there = [("a", 1.0), ("b", 2.0), ("c", 3.0)]
    assert [tuple(step) for step in rearrange(there, ["a", "x", "c"])] == [("b", 2.0, None), ("x", None, 2.0)]
    assert [tuple(step) for step in rearrange(there, ["b", "a", "c"])] == [("b", 2.0, 1.0), ("a", 1.0, 2.0)]
    assert rearrange(there, ["a", "b", "c"]) == []
    close = [("a", 1.0), ("b", 1.0 + 1e-12)]
    assert [step.after for step in rearrange(close, ["a", "x", "b"])] == [1024.0, 2048.0, 3072.0]


def test_one_of_many_operations_of_a_sort_goes_back_to_the_very_number(dataset: Dataset) -> None:
    set_categories()
    image = factories.make_image(dataset)
    apply(image, *map(adding, ["c d", "b", "e", "a", "E"]))
    apply(image, moving("e", "b"), moving("a", "e"))
    rows = ImageTag.objects.filter(image=image)
    before = dict(rows.values_list("tag__name", "position"))
    action = Action("sort", categories=("character", "artist"))
    job = start_action(dataset, Target(filter=""), action, key=uuid.uuid4(), by=None)
    run_job(job.pk)
    assert names_on(image) == ["a", "E", "b", "c d", "e"]
    change = Change.objects.get(key=job.key)
    assert set(change.operations.values_list("kind", flat=True)) == {Kind.MOVE}
    undo_change(change, by=None, key=uuid.uuid4())
    assert dict(rows.values_list("tag__name", "position")) == before
