"""Implications never lead in a circle, and what follows is what a naive reading of the table says."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.models import Image
from tagging.models import Tag, TagExample, TagImplication
from tagging.queries.rules import Reader
from tagging.services.describing import MOST_EXAMPLES, TooManyExamples, set_examples
from tagging.services.implications import (
    ImplicationCircle,
    SuccessorCircle,
    add_implication,
    check_no_circle,
    deprecate_tag,
)
from tagging.services.vocabulary import get_tags
from tests import factories

pytestmark = pytest.mark.django_db

NAMES = list("abcdefgh")
pairs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20)


def naive(edges: set[tuple[str, str]]) -> dict[str, set[str]]:
    """Join the table with itself until nothing more comes."""
    closed = set(edges)
    while more := {(a, d) for a, b in closed for c, d in closed if b == c} - closed:
        closed |= more
    return {name: {b for a, b in closed if a == name and b != name} for name in NAMES}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs)
def test_what_follows_is_what_a_naive_reading_says_circles_or_not(db: None, edges: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        tags = dict(zip(NAMES, get_tags(NAMES), strict=True))
        real = {(a, b) for a, b in edges if a != b}
        TagImplication.objects.bulk_create(TagImplication(tag=tags[a], implies=tags[b]) for a, b in sorted(real))
        implied = Reader(0, "").implied(NAMES)
        assert {name: set(of) for name, of in implied.items()} == naive(real)
        assert all(len(of) == len(set(of)) for of in implied.values())
        transaction.set_rollback(True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs)
def test_a_circle_is_always_refused_and_nothing_else_is(db: None, edges: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        tags = dict(zip(NAMES, get_tags(NAMES), strict=True))
        stored: set[tuple[str, str]] = set()
        for a, b in edges:
            leads_back = a == b or a in naive(stored)[b]
            if not leads_back:
                add_implication(tags[a], tags[b])
                stored.add((a, b))
                continue
            with pytest.raises(ImplicationCircle) as circle:
                add_implication(tags[a], tags[b])
            way = circle.value.names
            assert way[0] == way[-1] == a
            assert all(step in stored for step in pairwise(way[1:]))
        transaction.set_rollback(True)


def test_the_sentence_names_the_way() -> None:
    a, b, c = get_tags(["kimono", "clothes", "thing"])
    add_implication(a, b)
    add_implication(b, c)
    with pytest.raises(ImplicationCircle, match="“thing” → “kimono” → “clothes” → “thing”"):
        add_implication(c, a)
    assert TagImplication.objects.count() == 2


def test_an_implication_may_take_the_place_of_one_in_its_way() -> None:
    a, b = get_tags(["a", "b"])
    there = add_implication(a, b)
    check_no_circle(b, a, but_for=there.pk)


def test_successors_never_lead_in_a_circle() -> None:
    a, b, c = get_tags(["a", "b", "c"])
    deprecate_tag(a, b)
    deprecate_tag(b, c)
    with pytest.raises(SuccessorCircle, match="“c” → “a” → “b” → “c”"):
        deprecate_tag(c, Tag.objects.get(name="a"))
    assert Tag.objects.get(name="c").deprecated_at is None


def test_a_few_pictures_show_a_tag(image: Image) -> None:
    [tag] = get_tags(["a"])
    set_examples(tag, [image])
    other = factories.make_image(image.dataset)
    set_examples(tag, [other, image])
    set_examples(tag, [other])
    assert [example.image for example in TagExample.objects.filter(tag=tag)] == [other]
    with pytest.raises(TooManyExamples):
        set_examples(tag, [image] * (MOST_EXAMPLES + 1))
