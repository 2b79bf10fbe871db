"""What a filter box offers, and the tags of what a filter finds."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from datasets.models import Dataset, Image
from datasets.services.datasets import touch_dataset
from datasets.services.trash import move_to_trash, restore
from tagging.filters import parse_filter
from tagging.filters.completing import Unfinished, unfinished_at, write_tag, write_value
from tagging.filters.tree import PARTS, By, Tag
from tagging.models import TagOperation
from tagging.queries import image_tags_held
from tagging.queries.completions import get_completions
from tagging.queries.tag_counts import get_tag_counts
from tagging.services.labelling import Edit, apply_edits
from tests import factories


@pytest.mark.parametrize(
    ("text", "key", "typed", "span"),
    [
        ("|", "", "", (0, 0)),
        ("la|", "", "la", (0, 2)),
        ("la|ke", "", "la", (0, 4)),
        ("lake |", "", "", (5, 5)),
        ("lake -ha|t", "", "ha", (6, 9)),
        ("lake OR (mi|", "", "mi", (9, 11)),
        ("lake OR|", "", "OR", (5, 7)),
        ("NOT st|", "", "st", (4, 6)),
        ("state:|", "state", "", (0, 6)),
        ("a state:re|ady b", "state", "re", (2, 13)),
        ('tag:"blue s|', "tag", "blue s", (0, 11)),
        ('a "blue s|ky" b', "", "blue s", (2, 12)),
        ("(miku_(vo|", "", "miku_(vo", (1, 9)),
        ("is:pretty la|", "", "la", (10, 12)),
        ("a)) b|", "", "b", (4, 5)),
        ("a | b", "", "", (2, 2)),
        ("-|", "", "", (1, 1)),
        ("-|a", "", "", (1, 2)),
    ],
)
def test_what_is_being_written_is_found(text: str, key: str, typed: str, span: tuple[int, int]) -> None:
    found = unfinished_at(text.replace("|", ""), text.index("|"))
    assert found == Unfinished(key, typed, *span)


@pytest.mark.parametrize("name", ["lake", "blue sky", "miku_(x)", "-x", "or", "a*b", "what?", "(o)", 'say "x"', "by:a"])
def test_a_name_is_written_so_that_it_means_itself(name: str) -> None:
    node = parse_filter(write_tag(name))
    assert isinstance(node, Tag)
    assert node.pattern.replace("\\*", "*").replace("\\?", "?") in {name, name.replace(" ", "_")}
    person = parse_filter(write_value("by", name))
    assert isinstance(person, By)
    assert person.pattern.replace("\\*", "*").replace("\\?", "?") == name


def _texts(dataset: Dataset, text: str) -> list[str]:
    return [item.text for item in get_completions(dataset, text, len(text)).items]


@pytest.fixture
def pictures(dataset: Dataset) -> list[Image]:
    made = [factories.make_image(dataset, format=kind) for kind in ["JPEG", "JPEG", "PNG"]]
    for image in made:
        factories.make_image_tag(image, "blue sky")
    factories.make_image_tag(made[0], "bird")
    return made


def test_tags_are_offered_with_their_counts(dataset: Dataset, pictures: list[Image]) -> None:
    found = get_completions(dataset, "x -bl", 5)
    assert (found.start, found.end) == (3, 5)
    assert [(item.text, item.label, item.count) for item in found.items] == [("blue_sky", "blue sky", 3)]
    assert _texts(dataset, "b")[:3] == ["by:", "bucket:", "blue_sky"] or "bird" in _texts(dataset, "b")
    assert _texts(dataset, "tag:bi") == ["tag:bird"]


def test_every_key_is_offered_where_nothing_is_written(dataset: Dataset, pictures: list[Image]) -> None:
    found = _texts(dataset, "")
    assert {"tag:", "is:", "state:", "bucket:"} <= set(found)
    assert "blue_sky" in found


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("is:un", ["is:untagged"]),
        ("state:", [f"state:{s}" for s in ("untagged", "in-progress", "ready", "approved", "changes-requested")]),
        ("format:p", ["format:png"]),
        ("has:", [f"has:{part}" for part in PARTS]),
        ("cut:", ["cut:kohya@1024>20", "cut:diffusion-pipe@1024>20"]),
        ("source:mo", ["source:model"]),
        ("ar:", ["ar:1:1", "ar:2:3", "ar:3:2", "ar:16:9", "ar:>2"]),
        ("bucket:", ["bucket:1152x896"]),
        ("caption:x", []),
    ],
)
def test_values_are_offered(dataset: Dataset, pictures: list[Image], text: str, texts: list[str]) -> None:
    assert _texts(dataset, text) == texts


def test_values_have_counts(dataset: Dataset, pictures: list[Image]) -> None:
    found = get_completions(dataset, "format:", 7).items
    assert [(item.label, item.count) for item in found][:2] == [("jpeg", 2), ("png", 1)]
    assert {item.label: item.count for item in get_completions(dataset, "is:", 3).items}["tagged"] == 3


def test_who_worked_here_is_offered_and_nobody_else(dataset: Dataset, pictures: list[Image]) -> None:
    ann = factories.make_user(username="ann lee")
    factories.make_user(username="anton")
    edit = Edit(key=uuid.uuid4(), kind=TagOperation.Kind.ADD, tag="hat")
    apply_edits(pictures[0], [edit], by=ann)
    assert _texts(dataset, "by:an") == ['by:"ann lee"']


def _counts(dataset: Dataset, filter: str = "", **how: object) -> dict[str, int]:
    return {tag.name: tag.count for tag in get_tag_counts(dataset, filter=filter, **how).tags}  # type: ignore[arg-type]


def test_tags_of_what_is_filtered_are_counted(dataset: Dataset, pictures: list[Image]) -> None:
    other = factories.make_image(factories.make_dataset())
    factories.make_image_tag(other, "blue sky")
    assert _counts(dataset) == {"blue sky": 3, "bird": 1}
    assert _counts(dataset, "format:jpeg") == {"blue sky": 2, "bird": 1}
    assert _counts(dataset, "-bird") == {"blue sky": 2}
    assert _counts(dataset, "nowhere") == {}
    assert _counts(dataset, holding="BLUE_") == {"blue sky": 3}
    assert _counts(dataset, limit=1) == {"blue sky": 3}
    assert get_tag_counts(dataset, filter="bird").images == 1


@pytest.mark.parametrize("most_changed", [2_000, 0])
def test_counts_follow_what_changes(
    dataset: Dataset, pictures: list[Image], monkeypatch: pytest.MonkeyPatch, most_changed: int
) -> None:
    monkeypatch.setattr(image_tags_held, "MOST_CHANGED", most_changed)
    assert _counts(dataset) == {"blue sky": 3, "bird": 1}
    edits = [
        Edit(key=uuid.uuid4(), kind=TagOperation.Kind.ADD, tag="hat"),
        Edit(key=uuid.uuid4(), kind=TagOperation.Kind.REMOVE, tag="bird"),
    ]
    apply_edits(pictures[0], edits, by=None)
    assert _counts(dataset) == {"blue sky": 3, "hat": 1}
    move_to_trash(dataset, [pictures[0].pk], by=None)
    assert _counts(dataset) == {"blue sky": 2}
    restore(dataset, [pictures[0].pk], by=None)
    assert _counts(dataset) == {"blue sky": 3, "hat": 1}


def test_counting_reads_the_tags_once(dataset: Dataset, pictures: list[Image]) -> None:
    get_tag_counts(dataset)
    touch_dataset(dataset.pk)
    with CaptureQueriesContext(connection) as queries:
        get_tag_counts(dataset, filter="bird")
    reads = [query["sql"] for query in queries if 'FROM "tagging_imagetag" INNER JOIN' in query["sql"]]
    assert reads == []


def test_a_large_change_is_read_behind_the_questions(
    dataset: Dataset, pictures: list[Image], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(image_tags_held, "MOST_CHANGED", 0)
    settings.SUGGESTIONS_IN_BACKGROUND = True
    began: list[object] = []
    monkeypatch.setattr("threading.Thread.start", lambda thread: began.append(thread))
    # It will run in this very thread, whose connection is the test's.
    monkeypatch.setattr(connections, "close_all", lambda: None)
    get_tag_counts(dataset)
    apply_edits(pictures[0], [Edit(key=uuid.uuid4(), kind=TagOperation.Kind.ADD, tag="hat")], by=None)
    assert _counts(dataset) == {"blue sky": 3, "bird": 1}
    assert _counts(dataset) == {"blue sky": 3, "bird": 1}
    assert len(began) == 1
    began[0].run()  # type: ignore[attr-defined]
    assert _counts(dataset) == {"blue sky": 3, "bird": 1, "hat": 1}


def test_both_are_asked_over_http(client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    offered = client.get(f"/api/v1/datasets/{dataset.pk}/filter-completions", {"text": "-bir", "at": "4"}).json()
    assert offered == {"start": 1, "end": 4, "items": [{"text": "bird", "label": "bird", "count": 1}]}
    counted = client.get(f"/api/v1/datasets/{dataset.pk}/tag-counts", {"filter": "bird", "q": "sky"}).json()
    assert counted == {"images": 1, "tags": [{"name": "blue sky", "category": "", "colour": "", "count": 1}]}
    # PostgreSQL refuses NUL.
    assert client.get(f"/api/v1/datasets/{dataset.pk}/tag-counts", {"filter": "bird", "q": "s\0ky"}).json() == counted
    bad = client.get(f"/api/v1/datasets/{dataset.pk}/tag-counts", {"filter": "is:x"})
    assert (bad.status_code, bad.json()["end"]) == (422, 4)
    assert client.get("/api/v1/datasets/0/tag-counts").status_code == 404
