"""The words themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tagging.models import Tag
from tagging.services.vocabulary import TagRefused, checked_name, get_tag, get_tags

pytestmark = pytest.mark.django_db


def test_a_word_is_made_once() -> None:
    first = get_tag("red dress")
    assert get_tag("  red   dress ") == first
    assert Tag.objects.count() == 1


def test_upper_case_and_underscores_make_other_words() -> None:
    assert len({get_tag(text).pk for text in ("ohwx", "Ohwx", "red dress", "red_dress", "miku_(vocaloid)")}) == 5


def test_two_spellings_of_an_accent_are_one_word() -> None:
    assert get_tag("caf\u00e9") == get_tag("cafe\u0301")


def test_many_words_come_in_the_order_asked_for() -> None:
    get_tags(["b", "d"])
    names = ["d", "a", "b", "c", "a"]
    assert [tag.name for tag in get_tags(names)] == names
    assert Tag.objects.count() == 4


def test_many_words_take_three_statements(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        get_tags([f"tag {number}" for number in range(200)])
    with django_assert_num_queries(1):
        get_tags([f"tag {number}" for number in range(200)])


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "A tag needs at least one visible character."),
        ("\u200d", "A tag needs at least one visible character."),
        ("a, b", "“a, b” holds a comma, which trainers read as two tags. Add them one by one."),
        ("x" * 201, f"“{'x' * 40}…” is longer than 200 characters. Write it as a caption instead."),
        ("100%s, %(limit)d", "“100%s, %(limit)d” holds a comma, which trainers read as two tags. Add them one by one."),
    ],
)
def test_what_is_refused_and_why(typed: str, sentence: str) -> None:
    with pytest.raises(TagRefused) as refusal:
        checked_name(typed)
    assert str(refusal.value) == sentence
    with pytest.raises(TagRefused):
        get_tag(typed)
    assert not Tag.objects.exists()


@pytest.mark.parametrize("name", ["", "a,b"])
def test_the_database_itself_refuses_what_is_no_word_of_a_list(name: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(name=name)
