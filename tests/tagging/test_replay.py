"""Replaying the log of an image from nothing gives the words that are stored, whatever was done and by whom."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.models import Dataset, Image
from datasets.services.datasets import touch_dataset
from datasets.services.trash import move_to_trash, restore
from tagging.models import Caption, Change, ImageTag, Source, TagImplication, TagOperation
from tagging.queries.history import get_log
from tagging.queries.state import get_image_state
from tagging.replaying import Replayed, Step, carry_over, find_untouched, replay
from tagging.services.implying import TagImplied
from tagging.services.labelling import Edit, apply_edits
from tagging.services.putting import WordsOfImage, put_words
from tagging.services.undoing import NothingToUndo, undo_change
from tagging.services.vocabulary import get_tags
from tests import factories
from tests.tagging.doing import Kind, adding, apply, moving, names_on, removing, rows_on, writing

pytestmark = pytest.mark.django_db

NAMES = list("abcdefg")
names = st.sampled_from(NAMES)
places = st.one_of(st.none(), names)
whose = st.integers(0, 2)
commands = st.one_of(
    st.tuples(st.just("add"), whose, names, places),
    st.tuples(st.just("remove"), whose, names, st.sampled_from(["ask", "with_impliers", "keep_impliers"])),
    st.tuples(st.just("imply"), whose, names, names),
    st.tuples(st.just("move"), whose, names, places),
    st.tuples(st.just("group"), whose, st.lists(st.tuples(names, places), min_size=2, max_size=5)),
    st.tuples(st.just("squeeze"), whose, names, names, names),
    st.tuples(st.just("caption"), whose, st.sampled_from(["", "One.", "Two."])),
    st.tuples(st.just("put"), whose, st.lists(names, unique=True, max_size=6), st.sampled_from(["", "Put."])),
    st.tuples(st.just("undo"), whose, st.integers(1, 6)),
    st.tuples(st.just("undo"), whose, st.integers(1, 30)),
    st.tuples(st.just("trash"), whose),
)


@dataclass
class Play:
    """An image, three people, and words for what they do."""

    image: Image = field(default_factory=lambda: factories.make_image(factories.make_dataset()))
    people: list[User] = field(default_factory=lambda: [factories.make_user() for _ in range(3)])

    def do(self, command: str, who: int, *facts: object) -> None:
        action: Callable[..., None] = getattr(self, command)
        action(self.people[who], *facts)

    def edit(self, by: User, *edits: Edit) -> None:
        apply_edits(self.image, edits, by=by)

    def add(self, by: User, name: str, before: str | None) -> None:
        self.edit(by, adding(name, before))

    def remove(self, by: User, name: str, how: str = "ask") -> None:
        with suppress(TagImplied):
            is_both, is_alone = how == "with_impliers", how == "keep_impliers"
            self.edit(by, replace(removing(name), with_impliers=is_both, keep_impliers=is_alone))

    def imply(self, by: User, name: str, other: str) -> None:
        """From now on one tag says another; a circle among them must harm nobody."""
        if name != other:
            tag, implied = get_tags([name, other])
            TagImplication.objects.get_or_create(tag=tag, implies=implied)

    def move(self, by: User, name: str, before: str | None) -> None:
        self.edit(by, moving(name, before))

    def group(self, by: User, steps: list[tuple[str, str | None]]) -> None:
        """One action of many operations: a tag that is there is moved or removed, another one added."""
        group, there = uuid.uuid4(), names_on(self.image)
        edits = []
        for name, before in steps:
            kind = Kind.ADD if name not in there else Kind.MOVE if before else Kind.REMOVE
            edits.append(Edit(uuid.uuid4(), kind, name, before, group=group, keep_impliers=True))
        self.edit(by, *edits)

    def squeeze(self, by: User, first: str, second: str, third: str) -> None:
        """Move two tags before each other until there is no number left between them and a third."""
        self.edit(by, *map(adding, (first, second, third)))
        self.edit(by, *(moving((first, second)[turn % 2], third) for turn in range(70)))

    def caption(self, by: User, text: str) -> None:
        self.edit(by, writing(text, get_image_state(self.image).caption_version))

    def put(self, by: User, tags: list[str], caption: str) -> None:
        with transaction.atomic():
            touch_dataset(self.image.dataset_id)
            rows = list(ImageTag.objects.filter(image=self.image).select_related("tag").order_by("position", "pk"))
            has = Caption.objects.filter(image=self.image).first()
            put_words([WordsOfImage(self.image, tags, caption, rows, has)], by=by, source=Source.BULK)

    def undo(self, by: User, back: int) -> None:
        changes = list(Change.objects.filter(dataset=self.image.dataset).order_by("-pk")[:back])
        if changes:
            with suppress(NothingToUndo):
                undo_change(changes[-1], by=by, key=uuid.uuid4())

    def trash(self, by: User) -> None:
        """To the trash and back; in between somebody takes something back."""
        dataset: Dataset = self.image.dataset
        move_to_trash(dataset, [self.image.pk], by=by)
        self.undo(by, 3)
        restore(dataset, None, by=by)


def stored(image: Image) -> Replayed:
    state = get_image_state(image)
    return Replayed([tag.name for tag in state.tags], state.caption, state.caption_version)


def came(image: Image) -> list[tuple[object, ...]]:
    """How, by whom and when each tag came."""
    return [(name, *how) for name, _place, *how in rows_on(image)]


def check(image: Image) -> None:
    assert replay(get_log(image)) == stored(image)
    rows = ImageTag.objects.filter(image=image).values_list("position", flat=True)
    assert len(set(rows)) == len(rows), "two tags at one place"
    assert Image.objects.get(pk=image.pk).is_tagged == bool(rows or stored(image).caption)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(commands, max_size=14))
def test_a_replay_of_the_log_gives_what_is_stored(db: None, script: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        play = Play()
        for command in script:
            play.do(*command)
            check(play.image)
        transaction.set_rollback(True)


@pytest.mark.heavy
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(commands, max_size=40))
def test_a_replay_of_a_long_log_gives_what_is_stored(db: None, script: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        play = Play()
        for command in script:
            play.do(*command)
        check(play.image)
        transaction.set_rollback(True)


def test_places_that_are_numbered_anew_are_in_the_log(image: Image) -> None:
    play = Play(image)
    play.squeeze(play.people[0], "a", "b", "c")
    numbered = TagOperation.objects.filter(image=image, kind=Kind.NUMBER)
    assert numbered.exists()
    assert {operation.change.source for operation in numbered} == {Source.RULE}
    assert not numbered.filter(change__operations__kind=Kind.MOVE).exists(), "it is an entry of its own"
    check(image)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(commands, max_size=6), commands)
def test_taking_back_the_last_change_gives_what_was_there_before(
    db: None, script: list[tuple[str, int]], last: tuple[str, int]
) -> None:
    with transaction.atomic():
        play = Play()
        for command in script:
            play.do(*command)
        before, newest = stored(play.image), Change.objects.order_by("pk").last()
        came_before = came(play.image)
        if last[0] in {"add", "remove", "move", "group", "caption", "put"}:
            play.do(*last)
            changes = Change.objects.filter(pk__gt=newest.pk if newest else 0).exclude(source=Source.RULE)
            for change in changes.order_by("-pk"):
                with suppress(NothingToUndo):
                    assert undo_change(change, by=None, key=uuid.uuid4()).left == 0
            now = stored(play.image)
            assert (now.tags, now.caption) == (before.tags, before.caption)
            assert came(play.image) == came_before
        transaction.set_rollback(True)


def test_an_undone_undo_leads_to_the_very_same_state_again() -> None:
    def step(number: int, change: int, before: float | None, after: float | None, undoes: int | None = None) -> Step:
        return Step(number, change, "ADD" if before is None else "REMOVE", "a", before, after, undoes)

    log = [step(1, 10, None, 1.0)]
    assert [found.number for found in find_untouched(log, 10)] == [1]
    log.append(step(2, 11, 1.0, None, undoes=10))
    assert find_untouched(log, 10) == []
    assert [found.number for found in find_untouched(log, 11)] == [2]
    log.append(step(3, 12, None, 1.0, undoes=11))
    assert [found.number for found in find_untouched(log, 10)] == [1]
    assert find_untouched(log, 11) == []
    # Somebody else's removing and adding leads to an equal state, not to the same.
    log += [step(4, 13, 1.0, None), step(5, 14, None, 1.0)]
    assert find_untouched(log, 10) == find_untouched(log, 12) == []


@pytest.mark.parametrize(
    ("position", "carried"), [(0.0, 0.0), (512.0, 512.0), (1024.0, 1024.0), (1025.5, 2560.0), (2000.0, 4068.0)]
)
def test_a_place_keeps_its_neighbours_when_others_get_new_numbers(position: float, carried: float) -> None:
    assert carry_over(position, [(1024.0, 1024.0), (1025.0, 2048.0), (1026.0, 3072.0), (1028.0, 3096.0)]) == carried


def test_of_two_operations_of_one_key_the_log_has_one(image: Image) -> None:
    edit = adding("a")
    apply(image, edit, edit)
    apply(image, edit)
    assert len(get_log(image)) == 1
    check(image)
