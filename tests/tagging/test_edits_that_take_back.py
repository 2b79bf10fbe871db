"""Edits that say which edit they take back, as Ctrl+Z on the desk does: the history tells of it as of any undo."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.models import Dataset, Image
from tagging.models import Change, Source, TagImplication, TagOperation
from tagging.queries.history import Entry, get_blame, get_image_history, get_log
from tagging.queries.state import get_image_state
from tagging.replaying import replay
from tagging.services.labelling import Edit, apply_edits
from tagging.services.undoing import undo_change
from tagging.services.vocabulary import get_tags
from tests import factories
from tests.tagging.doing import adding, apply, moving, names_on, removing, rows_on, writing

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(db: None) -> User:
    return factories.make_user(username="Ana")


def change_of(edit: Edit) -> Change:
    return TagOperation.objects.get(key=edit.key).change


def entry_of(edit: Edit) -> Entry:
    operation = TagOperation.objects.select_related("image").get(key=edit.key)
    return {entry.id: entry for entry in get_image_history(operation.image).entries}[operation.change_id]


def back(edit: Edit, undone: Edit) -> Edit:
    return replace(edit, undoes=undone.key)


def test_the_history_tells_what_was_taken_back_and_done_again(image: Image, ana: User) -> None:
    added = adding("heron")
    removed = back(removing("heron"), added)
    again = back(adding("heron"), removed)
    for edit in (added, removed):
        apply_edits(image, [edit], by=ana)
    assert entry_of(removed).undoes == change_of(added).pk
    taken_back = entry_of(added).taken_back
    assert taken_back is not None
    assert taken_back.who == "Ana"
    apply_edits(image, [again], by=ana)
    assert entry_of(again).undoes == change_of(removed).pk
    assert entry_of(added).taken_back is None
    assert entry_of(removed).taken_back is not None


def test_a_tag_that_is_taken_back_on_the_desk_is_again_what_it_was(image: Image, ana: User) -> None:
    apply_edits(image, [adding("heron"), adding("lake")], by=None, source=Source.MODEL)
    before = rows_on(image)
    removed = removing("heron")
    put_back = back(adding("heron", before="lake"), removed)
    again = back(removing("heron"), put_back)
    apply_edits(image, [removed, put_back], by=ana)
    assert [(name, *how) for name, _place, *how in rows_on(image)] == [(name, *how) for name, _, *how in before]
    apply_edits(image, [again], by=ana)
    # Taken back as an entry of the history: in the other way, with the same end.
    undo_change(change_of(again), by=ana, key=uuid.uuid4())
    assert [(name, *how) for name, _place, *how in rows_on(image)] == [(name, *how) for name, _, *how in before]
    heron, _lake = get_blame(image)
    assert (heron.source, heron.by, heron.at, heron.is_put_back) == (Source.MODEL, "", before[0][4], True)


def test_what_came_along_is_again_what_it_was_too(image: Image, ana: User) -> None:
    kimono, clothes = get_tags(["kimono", "clothes"])
    TagImplication.objects.create(tag=kimono, implies=clothes)
    added = adding("kimono")
    apply_edits(image, [added], by=None, source=Source.MODEL)
    before = rows_on(image)
    assert [row[2] for row in before] == [Source.MODEL, Source.RULE]
    removed = back(removing("kimono"), added)
    apply_edits(image, [removed], by=ana)
    assert rows_on(image) == []
    apply_edits(image, [back(adding("kimono"), removed)], by=ana)
    assert rows_on(image) == before


names = st.sampled_from(list("abcde"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.booleans(), names, st.sampled_from(Source.values)), max_size=8),
    st.lists(names, min_size=1, max_size=4, unique=True),
    st.booleans(),
)
def test_whatever_is_removed_and_taken_back_on_the_desk_is_again_what_it_was(
    db: None, script: list[tuple[bool, str, str]], taken: list[str], at_once: bool
) -> None:
    with transaction.atomic():
        image, people = factories.make_image(factories.make_dataset()), [None, factories.make_user()]
        for turn, (is_new, name, source) in enumerate(script):
            apply_edits(image, [(adding if is_new else removing)(name)], by=people[turn % 2], source=Source(source))
        before, first = rows_on(image), names_on(image)
        there = [name for name in taken if name in first]
        removals = [removing(name) for name in there]
        # The last that went comes back first, in front of who stood behind it.
        backs = []
        for number in reversed(range(len(there))):
            left = [name for name in first if name not in there[:number]]
            following = left[left.index(there[number]) + 1 :]
            backs.append(back(adding(there[number], following[0] if following else None), removals[number]))
        for edits in [[*removals, *backs]] if at_once else [removals, backs]:
            apply_edits(image, edits, by=people[1])
        now = rows_on(image)
        assert [(name, *came) for name, _place, *came in now] == [(name, *came) for name, _place, *came in before]
        transaction.set_rollback(True)


def test_what_was_before_it_may_be_taken_back_after_it(image: Image) -> None:
    """The words are as they were before the move, the very same: nobody has touched what was added."""
    first, added = adding("lake"), adding("heron")
    moved = moving("heron", "lake")
    apply(image, first, added, moved, back(moving("heron"), moved))
    assert names_on(image) == ["lake", "heron"]
    assert undo_change(change_of(added), by=None, key=uuid.uuid4()).left == 0
    assert names_on(image) == ["lake"]


def test_captions_go_back_to_the_first_of_several_texts(image: Image) -> None:
    texts = [writing("A heron.", 0), writing("A heron. Mist.", 1), writing("A heron. Mist. Reeds.", 2)]
    cleared = back(writing("", 3), texts[0])
    apply(image, *texts, cleared)
    assert entry_of(cleared).undoes == change_of(texts[0]).pk
    assert entry_of(texts[0]).taken_back is not None
    assert entry_of(texts[2]).taken_back is None
    state = get_image_state(image)
    assert (replay(get_log(image)).caption, replay(get_log(image)).caption_version) == (
        state.caption,
        state.caption_version,
    )


def test_an_action_that_comes_in_parts_takes_back_as_one_entry(image: Image) -> None:
    pasted = [replace(adding(name), group=uuid.UUID(int=1)) for name in "abcd"]
    gone = [back(replace(removing(edit.tag), group=uuid.UUID(int=2)), edit) for edit in reversed(pasted)]
    apply(image, *pasted)
    apply(image, *gone[:2])
    apply(image, *gone[2:])
    assert names_on(image) == []
    assert Change.objects.get(key=uuid.UUID(int=2)).undoes == Change.objects.get(key=uuid.UUID(int=1))
    assert {change_of(edit).key for edit in gone} == {uuid.UUID(int=2)}


def test_what_leads_elsewhere_takes_nothing_back(image: Image) -> None:
    added, written = adding("heron"), writing("Mist.", 0)
    moved, rewritten = back(moving("heron"), added), back(writing("Fog.", 1), written)
    apply(image, added, adding("lake"), written, moved, rewritten)
    assert (change_of(moved).undoes, change_of(rewritten).undoes) == (None, None)
    assert entry_of(added).taken_back is None


def test_what_somebody_else_took_away_before_is_not_told_as_taken_back(image: Image) -> None:
    added = adding("heron")
    removed = back(removing("heron"), added)
    apply(image, added, removing("heron"), removed)
    assert change_of(removed).undoes is None
    assert entry_of(added).taken_back is None


def send(client: Client, image: Image, *operations: dict[str, str]) -> int:
    body = {"operations": [{"key": str(uuid.uuid4()), **operation} for operation in operations]}
    return client.post(f"/api/v1/images/{image.pk}/edits", body, content_type="application/json").status_code


def test_the_api_takes_the_key_of_an_operation_or_of_its_group(client: Client, image: Image) -> None:
    key, group = str(uuid.uuid4()), str(uuid.uuid4())
    send(client, image, {"kind": "add", "tag": "heron", "key": key, "group": group})
    for undoes in (key, group):
        assert send(client, image, {"kind": "remove", "tag": "heron", "undoes": undoes}) == 200
        assert send(client, image, {"kind": "add", "tag": "heron"}) == 200
    assert [change.undoes.key for change in Change.objects.exclude(undoes=None) if change.undoes] == [
        uuid.UUID(group)
    ] * 2
    history = client.get(f"/api/v1/images/{image.pk}/history").json()["entries"]
    assert [entry["undoes"] is not None for entry in history] == [False, True, False, True, False]


def test_keys_of_nothing_and_of_elsewhere_say_nothing(client: Client, image: Image, dataset: Dataset) -> None:
    elsewhere = adding("heron")
    apply(factories.make_image(factories.make_dataset()), elsewhere)
    beside = adding("heron")
    apply(factories.make_image(dataset), beside)
    apply(image, adding("heron"))
    for undoes in (uuid.uuid4(), elsewhere.key, beside.key):
        assert send(client, image, {"kind": "remove", "tag": "heron", "undoes": str(undoes)}) == 200
        assert send(client, image, {"kind": "add", "tag": "heron"}) == 200
    assert not Change.objects.exclude(undoes=None).exists()


def test_the_page_of_the_history_says_so(client: Client, image: Image) -> None:
    added = adding("heron")
    apply(image, added, back(removing("heron"), added))
    page = client.get(f"/datasets/{image.dataset_id}/history/").content.decode()
    assert "took something back" in page
    assert "Taken back" in page
