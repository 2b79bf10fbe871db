"""The filter language: what is read, what is found, and what it says of a mistake."""

from __future__ import annotations

import pytest

from datasets.models import Dataset, Image, ReviewState
from tagging.filters import And, Caption, FilterError, Is, Name, Node, Not, State, Tag, parse_filter
from tagging.models import Caption as CaptionRow
from tagging.queries import filtering
from tagging.queries.filtering import BadFilter, read_filter
from tests import factories


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("", []),
        ("  ", []),
        ("lake", [Tag("lake")]),
        ('lake "blue sky"', [Tag("lake"), Tag("blue sky")]),
        ("tag:lake TAG:hat", [Tag("lake"), Tag("hat")]),
        ('tag:"blue sky"', [Tag("blue sky")]),
        ("-hat", [Not(Tag("hat"))]),
        ('-tag:"red hat"', [Not(Tag("red hat"))]),
        ('"-hat"', [Tag("-hat")]),
        ('"say ""hello"""', [Tag('say "hello"')]),
        ("miku_*", [Tag("miku_*")]),
        # Tags of the field have colons.
        ("re:zero :d 2:1", [Tag("re:zero"), Tag(":d"), Tag("2:1")]),
        ("is:untagged -is:tagged", [Is("untagged"), Not(Is("tagged"))]),
        ("state:READY state:in_progress", [State("ready"), State("in-progress")]),
        ('caption:"by the lake" name:IMG*', [Caption("by the lake"), Name("IMG*")]),
    ],
)
def test_a_text_becomes_a_tree(text: str, nodes: list[Node]) -> None:
    assert parse_filter(text) == And(tuple(nodes))


@pytest.mark.parametrize(
    ("text", "code", "start", "end"),
    [
        ('lake "blue', "unclosed", 5, 10),
        ("lake -", "empty", 5, 6),
        ("tag: lake", "empty", 0, 4),
        ('""', "empty", 0, 2),
        ("lake state:done", "state", 5, 15),
        ("is:pretty", "is", 0, 9),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, code: str, start: int, end: int) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert (caught.value.code, caught.value.start, caught.value.end) == (code, start, end)


def test_a_mistake_is_told_in_a_sentence(db: None) -> None:
    with pytest.raises(BadFilter) as caught:
        read_filter("state:done")
    assert str(caught.value) == (
        "state: knows untagged, in-progress, ready, approved, changes-requested; “done” is none of them."
    )
    with pytest.raises(BadFilter, match="quote at 6"):
        read_filter('lake "blue')


@pytest.fixture
def pictures(dataset: Dataset) -> Dataset:
    def make(name: str, *tags: str, state: ReviewState = ReviewState.UNTAGGED) -> Image:
        image = factories.make_image(dataset, original_name=name, review_state=state)
        for tag in tags:
            factories.make_image_tag(image, tag)
        return image

    make("a.jpg", "blue_sky", "Miku_(vocaloid)", state=ReviewState.READY)
    make("b_1.jpg", "blue sky", "100%", state=ReviewState.IN_PROGRESS)
    make("B 2.jpg", "bluesky", "re:zero")
    captioned = make("d.jpg")
    CaptionRow.objects.create(image=captioned, text="A boat on the Lake.")
    Image.objects.filter(pk=captioned.pk).update(is_tagged=True)
    make("e.jpg", "Zebra", "äpfel")
    make("f.jpg")
    return dataset


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "a.jpg b_1.jpg B 2.jpg d.jpg e.jpg f.jpg"),
        ("blue_sky", "a.jpg b_1.jpg"),
        ('"Blue Sky"', "a.jpg b_1.jpg"),
        ("blue*sky", "a.jpg b_1.jpg B 2.jpg"),
        ("miku*", "a.jpg"),
        ("MIKU_(VOCALOID)", "a.jpg"),
        ("zebra Zebra ZEBRA", "e.jpg"),
        ("äpfel", "e.jpg"),
        ("100%", "b_1.jpg"),
        ("1%", ""),
        ("re:zero", "B 2.jpg"),
        ("nowhere", ""),
        ("-nowhere", "a.jpg b_1.jpg B 2.jpg d.jpg e.jpg f.jpg"),
        ("blue_sky -miku*", "b_1.jpg"),
        ("-blue_sky is:tagged", "B 2.jpg d.jpg e.jpg"),
        ("is:untagged", "f.jpg"),
        ("state:ready", "a.jpg"),
        ("-state:untagged", "a.jpg b_1.jpg"),
        ("caption:lake", "d.jpg"),
        ("-caption:lake is:tagged", "a.jpg b_1.jpg B 2.jpg e.jpg"),
        ("name:b", "b_1.jpg B 2.jpg"),
        ("name:b_*.jpg", "b_1.jpg B 2.jpg"),
        ('name:"*.png"', ""),
    ],
)
def test_a_filter_finds_what_it_says(pictures: Dataset, text: str, names: str) -> None:
    found = Image.objects.filter(read_filter(text), dataset=pictures).in_order()
    assert " ".join(image.original_name for image in found) == names


def test_a_pattern_of_more_words_than_a_statement_takes_finds_the_same(
    pictures: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtering, "_MOST_WORDS", 1)
    for text, names in {"blue*sky": "a.jpg b_1.jpg B 2.jpg", "-tag:*": "d.jpg f.jpg"}.items():
        found = Image.objects.filter(read_filter(text), dataset=pictures).in_order()
        assert " ".join(image.original_name for image in found) == names
