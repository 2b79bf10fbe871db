"""The words themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from datasets.models import Image
from tagging.models import ImageTag, Source, Tag, TagAlias, TagOperation, VocabularyRevision
from tagging.queries.state import get_image_state
from tagging.services.putting import WordsOfImage, put_words
from tagging.services.rules import settle
from tagging.services.vocabulary import TagRefused, bump_vocabulary, checked_name, get_tags
from tests.tagging.doing import adding, apply, moving, removing

pytestmark = pytest.mark.django_db


def get_tag(text: str) -> Tag:
    """The tag that a text means where no dataset says otherwise."""
    name = checked_name(text)
    return settle([name], 0).tags[name]


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
        get_tags([f"tag {number}" for number in range(120)])
    with django_assert_num_queries(1):
        get_tags([f"tag {number}" for number in range(120)])


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


def test_an_alias_means_its_tag_and_a_tag_of_that_name_comes_first() -> None:
    smile = Tag.objects.create(name="smile")
    TagAlias.objects.create(name="smiling", tag=smile)
    assert get_tag("smiling") == smile
    assert get_tag("grin").name == "grin"
    assert get_tags(["smiling"])[0].name == "smiling"  # what comes back as it was
    assert get_tag("smiling").name == "smiling"


def test_an_alias_on_its_way_in_becomes_its_tag_wherever_it_comes_from(image: Image) -> None:
    TagAlias.objects.create(name="smiling", tag=Tag.objects.create(name="smile"))
    state = apply(image, adding("hat"), adding("smiling"), adding("smile"))
    assert [tag.name for tag in state.tags] == ["hat", "smile"]
    state = apply(image, moving("smiling", before="hat"))
    assert [tag.name for tag in state.tags] == ["smile", "hat"]
    assert [tag.name for tag in apply(image, removing("smiling")).tags] == ["hat"]
    words = WordsOfImage(image, ["smiling", "hat", "smile"], "", list(ImageTag.objects.filter(image=image)))
    with transaction.atomic():
        put_words([words], by=None, source=Source.SIDECAR)
    assert [tag.name for tag in get_image_state(image).tags] == ["smile", "hat"]
    assert set(TagOperation.objects.values_list("tag_name", flat=True)) == {"hat", "smile"}


def test_every_change_of_the_vocabulary_counts_up() -> None:
    for number in (1, 2, 3):
        bump_vocabulary()
        assert VocabularyRevision.objects.get().number == number
