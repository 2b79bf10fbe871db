"""The filter language: what is read, what is found, and what it says of a mistake."""

from __future__ import annotations

import pathlib
import re
from datetime import date

import pytest

from datasets.models import Dataset, Image, ReviewState
from tagging.filters import FilterError, parse_filter, write_filter
from tagging.filters.tokens import NUMBER_KEYS, WORD_KEYS
from tagging.filters.tree import (
    Ago,
    And,
    Bucket,
    By,
    Caption,
    Category,
    Dimensions,
    Format,
    From,
    Has,
    Is,
    Name,
    Node,
    Not,
    Number,
    On,
    Or,
    Path,
    Ratio,
    State,
    Tag,
    all_of,
)
from tagging.models import Caption as CaptionRow
from tagging.models import Tag as TagRow
from tagging.models import TagAlias
from tagging.queries import filtering, tags_named
from tagging.queries.filtering import BadFilter, read_filter
from tests import factories

A, B, C = Tag("a"), Tag("b"), Tag("c")


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
        # A list of tags, pasted.
        ("a, b,", [A, B]),
        ("path:set/a by:ann category:character", [Path("set/a"), By("ann"), Category("character")]),
        ("has:caption has:tags format:JPG source:model", [Has("caption"), Has("tags"), Format("jpeg"), From("model")]),
        ("tags:5 tags:=5 tags:==5", [Number("tags", 5, 5)] * 3),
        ("tags:>5 tags:>=6 tags:6..", [Number("tags", 6, None)] * 3),
        ("tags:<5 tags:<=4 tags:..4", [Number("tags", None, 4)] * 3),
        ("tags:!=7 -tags:!=7", [Not(Number("tags", 7, 7)), Number("tags", 7, 7)]),
        ("w:512..1024 width:> 5", [Number("w", 512, 1024), Number("w", 6, None)]),
        ("size:<2MB size:1.5kb", [Number("size", None, 1_999_999), Number("size", 1500, 1500)]),
        ("size:>=1MiB size:20", [Number("size", 1 << 20, None), Number("size", 20, 20)]),
        ("size:512x512 size:512:512", [Dimensions(512, 512)] * 2),
        ("bucket:1344x768 target:1344:768", [Bucket(1344, 768)] * 2),
        ("ar:>1 ar:<=3:2", [Ratio(1.0, None, with_low=False), Ratio(None, 1.5)]),
        ("ar:1..16:9", [Ratio(1.0, 16 / 9)]),
        ("at:2026-11-01", [On(date(2026, 11, 1), date(2026, 11, 1))]),
        ("at:>2026-11-01 at:<2026-11-01", [On(date(2026, 11, 2), None), On(None, date(2026, 10, 31))]),
        ("at:2026-11-01..2026-11-05", [On(date(2026, 11, 1), date(2026, 11, 5))]),
        ("at:<7d at:>12h at:2w", [Ago(168), Ago(12, longer=True), Ago(336)]),
    ],
)
def test_a_text_becomes_a_tree(text: str, nodes: list[Node]) -> None:
    assert parse_filter(text) == all_of(nodes)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a b OR c", Or((And((A, B)), C))),
        ("a OR b c", Or((A, And((B, C))))),
        ("a and (b or c)", And((A, Or((B, C))))),
        ("NOT a b", And((Not(A), B))),
        ("not not a", A),
        ("NOT(a OR b)", Not(Or((A, B)))),
        ("-(a b)", Not(And((A, B)))),
        ("!a !(b)", And((Not(A), Not(B)))),
        ("(a)AND(b)", And((A, B))),
        ("((a)) (b (c))", And((A, B, C))),
        ('"or" tag:and', And((Tag("or"), Tag("and")))),
        # Signs that are tags.
        ("! !? !!", And((Tag("!"), Tag("!?"), Tag("!!")))),
        ("-- --x", And((Not(Tag("-")), Not(Tag("-x"))))),
    ],
)
def test_conditions_are_joined_as_they_are_written(text: str, node: Node) -> None:
    assert parse_filter(text) == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("miku_(vocaloid)", Tag("miku_(vocaloid)")),
        ("(miku_(vocaloid) OR a)", Or((Tag("miku_(vocaloid)"), A))),
        ("(a OR x_(y_(z)))", Or((A, Tag("x_(y_(z))")))),
        (r"miku_\(vocaloid\)", Tag("miku_(vocaloid)")),
        ("tag:(o)_(o)", Tag("(o)_(o)")),
        ('"(o)_(o)"', Tag("(o)_(o)")),
        (":)", Tag(":)")),
        ("(:) OR ;-( OR =))", Or((Tag(":)"), Tag(";-("), Tag("=)")))),
        ("-:(", Not(Tag(":("))),
        ("x_(y", Tag("x_(y")),
        ("(tags:>5)", Number("tags", 6, None)),
    ],
)
def test_parentheses_of_a_tag_stay_with_it(text: str, node: Node) -> None:
    assert parse_filter(text) == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("tag:cat", Tag("cat")),
        ("caption:cat name:cat path:cat", And((Caption("cat"), Name("cat"), Path("cat")))),
        ("size:512:512", Dimensions(512, 512)),
        ("target:832:1216", Bucket(832, 1216)),
        ("tags:=13 tags:!=7", And((Number("tags", 13, 13), Not(Number("tags", 7, 7))))),
        ("chars:<100 chars:>=30", And((Number("chars", None, 99), Number("chars", 30, None)))),
        ("width:>512 height:=1024", And((Number("w", 513, None), Number("h", 1024, 1024)))),
        ("tag:'orange cat'", Tag("orange cat")),
        (r'''tag:"orange \"cat\""''', Tag('orange "cat"')),
        ("tag:'orange \"cat\"'", Tag('orange "cat"')),
        ("tag:*cat tag:ca?", And((Tag("*cat"), Tag("ca?")))),
        (r"tag:a\*b\?", Tag(r"a\*b\?")),
        ("tag:cat AND (tag:orange OR tag:white)", And((Tag("cat"), Or((Tag("orange"), Tag("white")))))),
        ("NOT tag:cat AND tag:dog or tag:a", Or((And((Not(Tag("cat")), Tag("dog"))), A))),
    ],
)
def test_what_taggui_reads_is_read(text: str, node: Node) -> None:
    assert parse_filter(text) == node


@pytest.mark.parametrize(
    ("text", "code", "start", "end"),
    [
        ('lake "blue', "unclosed", 5, 10),
        ("lake -", "empty", 5, 6),
        ("tag: lake", "empty", 0, 4),
        ('""', "empty", 0, 2),
        ("lake state:done", "state", 5, 15),
        ("is:pretty", "is", 0, 9),
        ("a -has:eyes", "has", 2, 11),
        ("format:svg", "format", 0, 10),
        ("source:me", "source", 0, 9),
        ("a OR", "operand", 2, 4),
        ("OR a", "operand", 0, 2),
        ("a AND", "operand", 2, 5),
        ("a AND OR b", "operand", 2, 5),
        ("a (b NOT)", "operand", 5, 8),
        ("a (b OR c", "open", 2, 3),
        ("a b) c", "unopened", 3, 4),
        ("a () b", "empty", 2, 4),
        ("(o)_(o)", "after_group", 0, 4),
        ("tags:many", "number", 0, 9),
        ("tags:1.5", "number", 0, 8),
        ("tags:٣", "number", 0, 6),
        ("a tags:>", "empty", 2, 8),
        ("tags:9..3", "range", 0, 9),
        ("tags:..", "empty", 0, 7),
        ("size:2TB", "size", 0, 8),
        ("ar:0:9", "ratio", 0, 6),
        ("ar:wide", "ratio", 0, 7),
        ("at:yesterday", "date", 0, 12),
        ("at:2026-02-30", "date", 0, 13),
        ("bucket:wide", "sides", 0, 11),
        ("bucket:1000x1000", "bucket", 0, 16),
        ("stars:>=4", "foreign", 0, 9),
        ("tokens:many", "number", 0, 11),
        ("(" * 100_000, "long", 4000, 100_000),
        ("(" * 4_000, "deep", 20, 21),
        ("-(" * 1_000, "deep", 41, 42),
        ("a " * 101, "many", 200, 201),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, code: str, start: int, end: int) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert (str(caught.value), caught.value.code, caught.value.start, caught.value.end) == (code, code, start, end)
    with pytest.raises(BadFilter) as told:
        read_filter(text)
    assert str(told.value).endswith(".")
    assert "%(" not in str(told.value)


def test_a_mistake_is_told_in_a_sentence(db: None) -> None:
    with pytest.raises(BadFilter) as caught:
        read_filter("state:done")
    assert str(caught.value) == (
        "state: knows untagged, in-progress, ready, approved, changes-requested; “done” is none of them."
    )
    with pytest.raises(BadFilter, match="quote at 6"):
        read_filter('lake "blue')
    with pytest.raises(BadFilter, match="nearest is 1024x1024"):
        read_filter("bucket:1000x1000")
    with pytest.raises(BadFilter, match="within one dataset"):
        read_filter("is:duplicate")


@pytest.mark.parametrize("text", ["a" + " OR a" * 99, "(" * 20 + "a OR b" + ")" * 20, "-(a OR " * 19 + "b" + ")" * 19])
def test_the_largest_filters_are_asked(dataset: Dataset, text: str) -> None:
    image = factories.make_image(dataset)
    factories.make_image_tag(image, "a")
    assert Image.objects.filter(read_filter(text), dataset=dataset).count() in {0, 1}


@pytest.mark.parametrize(
    "text", ["a", "-a", '"or"', '"-x"', r"a\*b", ":)", '"(x"', "a OR b -(c OR d e)", "ar:16:9", "at:<7d", "NOT (a b)"]
)
def test_a_tree_is_written_as_text(text: str) -> None:
    assert parse_filter(write_filter(parse_filter(text))) == parse_filter(text)


def test_what_needs_no_quotes_is_written_without() -> None:
    nodes: list[Node] = [Tag("miku_(vocaloid)"), Tag("blue sky"), Or((A, Not(B))), Name("IMG*")]
    assert write_filter(And(tuple(nodes))) == 'miku_(vocaloid) tag:"blue sky" (a OR -b) name:IMG*'


def _examples() -> list[str]:
    page = (pathlib.Path(__file__).parents[2] / "docs" / "filters.md").read_text()
    written = [line.strip() for line in page.splitlines() if line.startswith("    ")]
    rows = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `")]
    cells = [span for row in rows for span in re.findall(r"`([^`]+)`", row) if "…" not in span and span not in "*?"]
    return [*(line.split("   ")[0] for line in written), *cells]


@pytest.mark.parametrize("text", _examples())
def test_each_example_of_the_page_on_filters_is_read(text: str) -> None:
    assert parse_filter(text) != And(())


def test_the_page_on_filters_has_examples_of_every_key() -> None:
    found = " ".join(_examples())
    assert [key for key in [*WORD_KEYS, *NUMBER_KEYS] if f"{key}:" not in found] == []


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


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("blue_sky OR zebra", "a.jpg b_1.jpg e.jpg"),
        ("(zebra OR blue_sky) -state:ready", "b_1.jpg e.jpg"),
        ("NOT (zebra OR blue_sky)", "B 2.jpg d.jpg f.jpg"),
        ("1??%", "b_1.jpg"),
        (r"100\*", ""),
        # `blue_sky, Miku_(vocaloid)` has 25 characters, `blue sky, 100%` 14; the caption of d.jpg 19.
        ("chars:25", "a.jpg"),
        ("chars:14", "b_1.jpg"),
        ("chars:19", "d.jpg"),
        ("chars:0", "f.jpg"),
        ("tags:0", "d.jpg f.jpg"),
        ("tags:2..", "a.jpg b_1.jpg B 2.jpg e.jpg"),
        ("has:caption", "d.jpg"),
        ("has:tags tags:<3", "a.jpg b_1.jpg B 2.jpg e.jpg"),
        ("path:/b", "b_1.jpg B 2.jpg"),
        ("ar:4:3", "a.jpg b_1.jpg B 2.jpg d.jpg e.jpg f.jpg"),
        ("ar:>4:3", ""),
        ("size:640x480 bucket:1152x896 size:1KB format:jpg", "a.jpg b_1.jpg B 2.jpg d.jpg e.jpg f.jpg"),
        ("at:<1h", "a.jpg b_1.jpg B 2.jpg d.jpg e.jpg"),
        ("source:person", "a.jpg b_1.jpg B 2.jpg e.jpg"),
        ("by:*", ""),
        ("is:duplicate", ""),
    ],
)
def test_every_kind_of_condition_finds_what_it_says(pictures: Dataset, text: str, names: str) -> None:
    found = Image.objects.filter(read_filter(text, pictures), dataset=pictures).in_order()
    assert " ".join(image.original_name for image in found) == names


def test_what_looks_alike_is_found_and_found_anew_after_a_change(dataset: Dataset) -> None:
    first = factories.make_image(dataset, dhash=0x123456789ABCDEF0, sharpness=50.0)
    factories.make_image(dataset, dhash=-0x123456789ABCDEF0, sharpness=50.0)
    assert Image.objects.filter(read_filter("is:duplicate", dataset)).count() == 0
    second = factories.make_image(dataset, dhash=0x123456789ABCDEF1, sharpness=50.0)
    found = Image.objects.filter(read_filter("is:duplicate", dataset)).values_list("pk", flat=True)
    assert set(found) == {first.pk, second.pk}
    factories.make_image(factories.make_dataset(), dhash=0x123456789ABCDEF0, sharpness=50.0)
    assert Image.objects.filter(read_filter("is:duplicate", dataset)).count() == 2


def test_another_spelling_of_a_tag_finds_it_where_no_tag_is_called_so(pictures: Dataset) -> None:
    TagAlias.objects.create(name="azure_sky", tag=TagRow.objects.get(name="blue_sky"))
    TagAlias.objects.create(name="Zebra", tag=TagRow.objects.get(name="100%"))
    assert Image.objects.filter(read_filter("Azure*", pictures), dataset=pictures).count() == 0
    assert Image.objects.filter(read_filter('"Azure sky"', pictures), dataset=pictures).get().original_name == "a.jpg"
    assert Image.objects.filter(read_filter("zebra", pictures), dataset=pictures).get().original_name == "e.jpg"


def test_a_pattern_of_more_words_than_a_statement_takes_finds_the_same(
    pictures: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tags_named, "MOST_WORDS", 1)
    monkeypatch.setattr(filtering, "_FEW_IMAGES", 0)
    for text, names in {"blue*sky": "a.jpg b_1.jpg B 2.jpg", "-tag:*": "d.jpg f.jpg"}.items():
        found = Image.objects.filter(read_filter(text), dataset=pictures).in_order()
        assert " ".join(image.original_name for image in found) == names
