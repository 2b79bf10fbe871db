"""Whatever is asked of whatever pictures: the query finds what a naive reading finds, and text and tree are one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from datasets.models import Dataset, Image
from datasets.names import stem_key
from datasets.services.datasets import touch_dataset
from tagging.buckets import bucket_of, buckets
from tagging.filters import FilterError, parse_filter, tree, write_filter
from tagging.filters.patterns import canonical
from tagging.filters.tree import Node, all_of, any_of, none_of
from tagging.models import Caption, ImageTag, Tag, TagCategory
from tagging.queries import filter_tokens, filtering, tags_named
from tagging.queries.filter_in_memory import find_in_memory
from tagging.queries.filtering import read_filter
from tagging.queries.image_tags_held import get_image_tags
from tagging.services.text_lengths import count_lengths
from tagging.text import one_line
from tagging.tokens import can_count_clip, count_t5_tokens
from tests import factories
from tests.tagging.naive_filters import DEPRECATED, TRIGGER, Picture, Put, found_by

NOW = timezone.now()
_MIDNIGHT = datetime.combine(NOW.date() - timedelta(days=3), datetime.min.time(), UTC)
TIMES = [
    NOW - timedelta(hours=2),
    _MIDNIGHT,
    _MIDNIGHT - timedelta(microseconds=1),
    _MIDNIGHT + timedelta(hours=23),
    NOW - timedelta(days=40),
]
TAGS = [
    "a", "A", "blue sky", "blue_sky", "bluesky", "miku_(x)", "100%", "re:zero", "-x", "a*b", "é", "日本", "w?", "!",
    "Miku",
]  # fmt: skip
CATEGORIES = {"a": "", "A": "Kind of", "blue sky": "meta", "miku_(x)": "meta", "日本": "Kind of"}
PEOPLE = ["", "ann", "Bo_b"]
_numbers = itertools.count()

patterns = st.sampled_from(
    [*TAGS, "*", "?", "b*", "*sky", "bl?e?sky", "a\\*b", "BLUE SKY", "mi*(*)", "100%", "1%", "kind*", "b", "i", "x\\?"]
).map(canonical)
days = st.integers(0, 45).map(lambda ago: NOW.date() - timedelta(days=ago))
sides = st.sampled_from([1, 255, 256, 511, 512, 640, 768, 1024, 1152, 1344, 4000])
sizes = st.one_of(st.tuples(sides, sides), st.sampled_from(buckets()), st.just((1920, 1080)))


def spans(of: str, values: st.SearchStrategy[int]) -> st.SearchStrategy[Node]:
    """Ranges of a number, with one end open or none."""
    ends = st.tuples(st.none() | values, st.none() | values).filter(lambda ends: ends != (None, None))
    return ends.map(lambda ends: tree.Number(of, *(ends if None in ends else sorted(ends))))  # type: ignore[type-var]


ratios = st.sampled_from([0.25, 0.5, 0.99, 1.0, 1.5, 16 / 9, 4.0, 1344 / 768])
leaves: st.SearchStrategy[Node] = st.one_of(
    patterns.map(tree.Tag),
    patterns.map(tree.Tag),
    patterns.map(tree.Category),
    patterns.map(tree.Caption),
    patterns.map(tree.Name),
    patterns.map(tree.Path),
    st.sampled_from([*PEOPLE[1:], "*", "BO?B", "zoe"]).map(tree.By),
    st.sampled_from(tree.KINDS).map(tree.Is),
    st.sampled_from(tree.STATES).map(tree.State),
    st.sampled_from(tree.PARTS).map(tree.Has),
    st.sampled_from(tree.FORMATS).map(tree.Format),
    st.sampled_from(tree.SOURCES).map(tree.From),
    spans("tags", st.integers(0, 5)),
    spans("chars", st.integers(0, 40)),
    *([spans("tokens", st.integers(0, 20))] if can_count_clip() else []),
    *([spans("t5", st.integers(0, 20))] if count_t5_tokens("") is not None else []),
    spans("w", sides),
    spans("h", sides),
    spans("size", st.sampled_from([0, 1000, 2**40])),
    ratios.map(lambda low: tree.Ratio(low, None, with_low=False)),
    ratios.map(lambda high: tree.Ratio(None, high)),
    ratios.map(lambda same: tree.Ratio(same * 0.99, same * 1.01)),
    sizes.map(lambda size: tree.Dimensions(*size)),
    st.sampled_from(buckets()).map(lambda size: tree.Bucket(*size)),
    sizes.map(lambda size: tree.Bucket(*bucket_of(*size))),
    st.tuples(st.none() | days, days).map(lambda ends: tree.On(ends[0] and min(ends[0], ends[1]), ends[1])),
    days.map(lambda day: tree.On(day, None)),
    st.builds(
        tree.Cut,
        st.sampled_from(tree.CUTTERS),
        st.sampled_from([512, 1024]),
        st.sampled_from([">", ">=", "<", "<="]),
        st.sampled_from([0.0, 3.5, 20.0]),
    ),
    st.builds(tree.Ago, st.sampled_from([1, 24, 500, 2000]), st.booleans()),
)


def trees_of(leaf: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Trees over some conditions, as the grammar builds them."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            inner.map(none_of),
            st.lists(inner, min_size=2, max_size=3).map(all_of),
            st.lists(inner, min_size=2, max_size=3).map(any_of),
        ),
        max_leaves=7,
    )


trees = trees_of(leaves)
puts = st.builds(
    Put,
    name=st.sampled_from(TAGS),
    category=st.just(""),
    source=st.sampled_from(tree.SOURCES),
    by=st.sampled_from(PEOPLE),
    at=st.sampled_from(TIMES),
)
texts = st.sampled_from(
    ["", "a boat on the Blue_Sky", "100% miku", "one\ntwo", "*", "miku, a boat", "a Miku\u200b boat", "MIKU"]
)
pictures_of = st.lists(
    st.builds(
        lambda size, **facts: Picture(width=size[0], height=size[1], **facts),
        size=sizes,
        name=st.sampled_from(["a.jpg", "Blue_Sky.PNG", "b 2.jpg", "日本.webp"]),
        folder=st.sampled_from(["", "set/A", "blue sky"]),
        byte_size=st.sampled_from([0, 1000, 2**40]),
        format=st.sampled_from(tree.FORMATS),
        state=st.sampled_from(tree.STATES),
        sharpness=st.sampled_from([None, 0.0, 20.0, 500.0]),
        dhash=st.sampled_from([None, 0x123456789ABCDEF0, -0x123456789ABCDEF0]),
        tags=st.lists(puts, max_size=4, unique_by=lambda put: put.name),
        orientation=st.sampled_from([1, 1, 6]),
        is_plain=st.booleans(),
        caption=st.none() | st.tuples(texts, st.sampled_from(PEOPLE), st.sampled_from(TIMES)),
    ),
    min_size=1,
    max_size=8,
)


class World:
    """Pictures in a dataset, with the people and words that they need."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self.dataset = factories.make_dataset(trigger_word=TRIGGER)
        self.people = {name: factories.make_user(username=name) for name in PEOPLE if name}
        kinds = {name: TagCategory.objects.get_or_create(name=name)[0] for name in CATEGORIES.values() if name}
        for name in TAGS:
            Tag.objects.get_or_create(name=name, defaults={"category": kinds.get(CATEGORIES.get(name, ""))})
        Tag.objects.filter(name=DEPRECATED).update(deprecated_at=NOW)
        half = len(pictures) // 2
        self.pks = [self.make(picture) for picture in pictures[:half]]
        # Tokens of some are counted before they are asked for, those of others when they are.
        count_lengths(self.dataset.pk)
        self.pks += [self.make(picture) for picture in pictures[half:]]

    def make(self, picture: Picture) -> int:
        facts: dict[str, Any] = {
            "original_name": picture.name,
            "relative_path": picture.folder,
            "format": picture.format.upper(),
            "review_state": picture.state.upper().replace("-", "_"),
            "is_tagged": bool(picture.tags or picture.text),
            "stem_key": stem_key(picture.folder, picture.name),
        }
        for field in ("width", "height", "byte_size", "sharpness", "dhash", "orientation", "is_plain"):
            facts[field] = getattr(picture, field)
        image = factories.make_image(self.dataset, **facts)
        for put in picture.tags:
            row = factories.make_image_tag(image, put.name, source=put.source.upper(), added_by=self.people.get(put.by))
            ImageTag.objects.filter(pk=row.pk).update(added_at=put.at)
        if picture.caption is not None:
            text, by, at = picture.caption
            caption = Caption.objects.create(image=image, text=text, updated_by=self.people.get(by))
            Caption.objects.filter(pk=caption.pk).update(updated_at=at)
        return image.pk

    def tell_of_change(self) -> None:
        """Count the dataset's revision up, with that of each image, as every edit does."""
        touch_dataset(self.dataset.pk)
        revision = Dataset.objects.values_list("revision", flat=True).get(pk=self.dataset.pk)
        Image.everything.filter(pk__in=self.pks).update(changed_at_revision=revision)

    def found_by(self, text: str) -> list[int]:
        """Return the places of the pictures that a filter finds in the database."""
        found = Image.objects.filter(read_filter(text, self.dataset), dataset=self.dataset)
        return sorted(self.pks.index(pk) for pk in found.values_list("pk", flat=True))


def _with_categories(picture: Picture) -> Picture:
    tags = [Put(put.name, CATEGORIES.get(put.name, ""), put.source, put.by, put.at) for put in picture.tags]
    return Picture(**{**vars(picture), "tags": tags})


def _compare(pictures: list[Picture], asked: list[Node], writer: Any) -> None:
    known = [_with_categories(picture) for picture in pictures]
    with transaction.atomic():
        world = World(known)
        for node in asked:
            assert world.found_by(writer(node)) == found_by(node, known, timezone.now()), writer(node)
        transaction.set_rollback(True)


anything: Any = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=25, **anything)
@given(pictures=pictures_of, asked=st.lists(trees, min_size=12, max_size=12))
def test_a_query_finds_what_a_naive_reading_finds(db: None, pictures: list[Picture], asked: list[Node]) -> None:
    _compare(pictures, asked, write_filter)


@settings(max_examples=25, **anything)
@given(
    pictures=pictures_of.filter(lambda pictures: any(picture.tags for picture in pictures)),
    later=pictures_of,
    asked=st.lists(trees_of(patterns.map(tree.Tag)), min_size=12, max_size=12),
)
def test_what_is_held_in_memory_finds_the_same(
    db: None, pictures: list[Picture], later: list[Picture], asked: list[Node]
) -> None:
    with transaction.atomic():
        world = World([_with_categories(picture) for picture in pictures])
        get_image_tags(world.dataset)
        # What changed since is read along.
        world.pks += [world.make(_with_categories(picture)) for picture in later]
        world.tell_of_change()
        for node in asked:
            expected = [world.pks[place] for place in found_by(node, [*pictures, *later], timezone.now())]
            found = find_in_memory(write_filter(node), world.dataset)
            assert found is not None
            assert found.count == len(expected), write_filter(node)
            has_tags = {pk for pk, picture in zip(world.pks, [*pictures, *later], strict=True) if picture.tags}
            assert found.image_ids.tolist() == sorted(has_tags.intersection(expected))
        transaction.set_rollback(True)


@pytest.mark.heavy
@settings(max_examples=200, **anything)
@given(
    pictures=pictures_of, asked=st.lists(trees, min_size=20, max_size=20), limits=st.sampled_from([(1, 0), (1000, 1)])
)
def test_many_queries_find_what_a_naive_reading_finds(
    db: None, pictures: list[Picture], asked: list[Node], limits: tuple[int, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tags_named, "MOST_WORDS", limits[0])
        patch.setattr(filtering, "_FEW_IMAGES", limits[1])
        patch.setattr(filter_tokens, "_FEW_IMAGES", limits[1])
        _compare(pictures, asked, write_filter)


@settings(max_examples=25, **anything)
@given(pictures=pictures_of, node=trees, data=st.data())
def test_however_it_is_written_it_means_the_same(
    db: None, pictures: list[Picture], node: Node, data: st.DataObject
) -> None:
    _compare(pictures, [node], lambda node: styled(node, data))


def styled(node: Node, data: st.DataObject) -> str:
    """Write a tree in one of the many ways that are allowed, with parentheses wherever they may be needed."""

    def some(*ways: str) -> str:
        return data.draw(st.sampled_from(ways))

    def wrapped(inner: Node) -> str:
        text = styled(inner, data)
        return f"({text})" if isinstance(inner, tree.And | tree.Or) else some(text, f"( {text})")

    if isinstance(node, tree.And):
        return some(" ", "  ", " AND ", " and ").join(map(wrapped, node.nodes))
    if isinstance(node, tree.Or):
        return some(" OR ", " or ").join(map(wrapped, node.nodes))
    if isinstance(node, tree.Not):
        return some("NOT ", "not ", "-") + wrapped(node.node)
    return write_filter(node)


odd = (
    st.text(alphabet="aAo rnd_*?\\()\"'-!:;=,%^é日t", min_size=1, max_size=9).map(one_line).filter(bool).map(canonical)
)
odd_trees = trees_of(
    st.one_of(
        leaves, odd.map(tree.Tag), odd.map(tree.Name), odd.map(tree.Caption), odd.map(tree.By), odd.map(tree.Path)
    )
)


@settings(max_examples=500, **anything)
@given(node=odd_trees)
@example(node=all_of([tree.Tag("'"), tree.Tag("'")]))
def test_what_is_written_is_read_as_the_same_tree(node: Node) -> None:
    assert parse_filter(write_filter(node)) == node


@pytest.mark.heavy
@settings(max_examples=20_000, **anything)
@given(node=odd_trees)
def test_much_that_is_written_is_read_as_the_same_tree(node: Node) -> None:
    assert parse_filter(write_filter(node)) == node


@settings(max_examples=500, **anything)
@given(text=st.text(alphabet="ab -!()\"'\\*:;=<>.,or andNOT tags:5 is:tagged at:7d", max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    node, place = _read(text)
    if node is not None:
        assert parse_filter(write_filter(node)) == node
    else:
        assert 0 <= place[0] < place[1] <= len(text)


def _read(text: str) -> tuple[Node | None, tuple[int, int]]:
    try:
        return parse_filter(text), (0, 0)
    except FilterError as error:
        return None, (error.start, error.end)
