"""Tags that are offered while a person types."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django.fixtures import Settings

from datasets.models import Dataset, Image
from tagging.models import Tag, TagAlias, TagCategory
from tagging.queries import dataset_words, vocabulary
from tagging.queries.suggestions import MOST_SUGGESTIONS, get_suggestions
from tagging.queries.vocabulary import MOST_NEWER, Vocabulary, get_vocabulary
from tagging.services.vocabulary import bump_vocabulary
from tests import factories
from tests.tagging.doing import adding, apply, removing

pytestmark = pytest.mark.django_db


def use(dataset: Dataset, **counts: int) -> None:
    """Put tags onto images of the dataset; underscores in keywords stand for blanks."""
    pictures: list[Image] = [factories.make_image(dataset) for _ in range(max(counts.values()))]
    for name, count in counts.items():
        for image in pictures[:count]:
            factories.make_image_tag(image, name.replace("_", " "))


def make_vocabulary(*tags: tuple[str, int]) -> None:
    """Tags with their counts, on no image."""
    Tag.objects.bulk_create([Tag(name=name, vocabulary_count=count) for name, count in tags])


def offered(dataset: Dataset, typed: str, limit: int = 10) -> list[str]:
    return [suggestion.name for suggestion in get_suggestions(dataset, typed, limit)]


def test_the_name_itself_comes_before_starts_of_names_of_words_and_what_is_inside(dataset: Dataset) -> None:
    use(dataset, long_hair=1, hair=2, hairband=3, chair=5, smile=6)
    assert offered(dataset, "hair") == ["hair", "hairband", "long hair", "chair"]


def test_the_most_used_come_first_and_then_by_name(dataset: Dataset) -> None:
    use(dataset, b=2, a=2, c=3, d=1)
    assert [(tag.name, tag.count) for tag in get_suggestions(dataset, "")] == [("c", 3), ("a", 2), ("b", 2), ("d", 1)]


def test_upper_and_lower_case_do_not_matter(dataset: Dataset) -> None:
    use(dataset, Ohwx=1, ohwx_woman=2)
    assert offered(dataset, "OHWX") == offered(dataset, "ohwx") == ["Ohwx", "ohwx woman"]


@pytest.mark.parametrize("typed", ["кош", "КОШ", "Кош"])
def test_nor_do_they_beyond_ascii(dataset: Dataset, typed: str) -> None:
    use(dataset, кошка=1, Кошачий=2, КОШ=3, белая_кошка=9)
    assert offered(dataset, typed) == ["КОШ", "Кошачий", "кошка", "белая кошка"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("%", ["100%"]),
        ("_", ["miku (v)", "red dress", "red_dress", "saber \\(fate\\)"]),
        ("d_d", ["red dress", "red_dress"]),
        ("1%0", []),
        ("\\", ["saber \\(fate\\)"]),
        ("(", ["miku (v)", "saber \\(fate\\)"]),
        ("'", ["it's"]),
        ('"', ['"quoted"']),
    ],
)
def test_signs_of_the_database_are_letters_like_others(dataset: Dataset, typed: str, names: list[str]) -> None:
    image = factories.make_image(dataset)
    for name in ["100%", "100", "red_dress", "red dress", "saber \\(fate\\)", "miku (v)", "it's", '"quoted"', "1000"]:
        factories.make_image_tag(image, name)
    assert offered(dataset, typed) == names


def test_other_scripts(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    for name in ["初音ミク", "кошка", "caf\u00e9", "👩‍👩‍👧‍👦"]:
        factories.make_image_tag(image, name)
    assert offered(dataset, "ミク") == ["初音ミク"]
    assert offered(dataset, "кош") == ["кошка"]
    assert offered(dataset, "cafe\u0301") == ["caf\u00e9"]
    assert offered(dataset, "👩‍👩‍👧‍👦") == ["👩‍👩‍👧‍👦"]


@pytest.mark.parametrize("typed", ["  long   ha", "long\nha", "\ufefflong ha", "lo\x00ng ha"])
def test_what_is_typed_is_tidied_like_a_tag(dataset: Dataset, typed: str) -> None:
    use(dataset, long_hair=1)
    assert offered(dataset, typed) == ["long hair"]


def test_only_its_own_images_count_and_without_text_only_their_tags_are_offered(dataset: Dataset) -> None:
    use(dataset, shared=2, gone=1)
    use(factories.make_dataset(), shared=9, foreign=1)
    for image in dataset.images.filter(image_tags__tag__name="gone"):
        apply(image, adding("kept"), removing("gone"))
    assert [(tag.name, tag.count) for tag in get_suggestions(dataset, "")] == [("shared", 2), ("kept", 1)]
    assert [(tag.name, tag.count) for tag in get_suggestions(dataset, "foreign")] == [("foreign", 0)]


@pytest.mark.parametrize(("limit", "count"), [(3, 3), (0, 1), (-5, 1), (10_000, MOST_SUGGESTIONS)])
def test_how_many(dataset: Dataset, limit: int, count: int) -> None:
    use(dataset, **{f"tag{number}": 1 for number in range(60)})
    assert len(offered(dataset, "tag", limit)) == count


def test_four_queries_whatever_the_number_where_nothing_changed(
    dataset: Dataset, django_assert_num_queries: Any
) -> None:
    use(dataset, **{f"a{number}": 2 for number in range(20)})
    get_suggestions(dataset, "")
    for text, queries in (("", 4), ("a", 4), ("a1", 4), ("none of these", 3)):
        with django_assert_num_queries(queries):
            get_suggestions(dataset, text, with_tags=["a1", "a2"])


def test_initials_and_words_of_the_middle_and_what_is_inside(dataset: Dataset) -> None:
    make_vocabulary(("long_hair", 50), ("very long hair", 40), ("hatsune miku (vocaloid)", 30), ("chair", 20))
    assert offered(dataset, "lh") == ["long_hair"]
    assert offered(dataset, "vlh") == ["very long hair"]
    assert offered(dataset, "hmv") == ["hatsune miku (vocaloid)"]
    assert offered(dataset, "miku") == offered(dataset, "voca") == ["hatsune miku (vocaloid)"]
    assert offered(dataset, "long h") == ["long_hair", "very long hair"]
    assert offered(dataset, "air") == ["long_hair", "very long hair", "chair"]


@pytest.mark.parametrize(
    "typed", ["blie eyes", "bleu eyes", "bue eyes", "bluee eyes", "blue eyse", "blue eeyes", "blue yes", "clue ey"]
)
def test_one_typo_is_forgiven(dataset: Dataset, typed: str) -> None:
    make_vocabulary(("blue eyes", 9), ("smile", 10))
    (found,) = get_suggestions(dataset, typed)
    assert (found.name, found.match) == ("blue eyes", "typo")


@pytest.mark.parametrize("typed", ["blu x", "bliw eyes", "blv", "eyes blue"])
def test_more_than_one_typo_or_one_in_a_short_text_is_not(dataset: Dataset, typed: str) -> None:
    make_vocabulary(("blue eyes", 9), ("smile", 10))
    assert offered(dataset, typed) == []


def test_a_typo_in_another_script(dataset: Dataset) -> None:
    make_vocabulary(("длинные волосы", 9), ("улыбка", 10))
    assert offered(dataset, "длинние") == offered(dataset, "длиные вол") == ["длинные волосы"]
    assert offered(dataset, "улыбак") == ["улыбка"]


def test_a_typo_is_thought_of_only_where_little_was_found_and_comes_last(dataset: Dataset) -> None:
    make_vocabulary(("green hair", 90), ("grey hair", 1))
    assert offered(dataset, "grey") == ["grey hair", "green hair"]
    make_vocabulary(*[(f"grey {number}", 1) for number in range(4)])
    assert "green hair" not in offered(dataset, "grey")


def test_use_in_this_dataset_comes_before_the_vocabularys_count(dataset: Dataset) -> None:
    make_vocabulary(("blue eyes", 1_000_000), ("blush", 900_000), ("long blue hair", 800_000))
    use(dataset, blue_sky=1, black_sun=2)
    assert offered(dataset, "bl") == ["black sun", "blue sky", "blue eyes", "blush", "long blue hair"]
    assert [(tag.count, tag.vocabulary_count) for tag in get_suggestions(dataset, "blu")][:2] == [
        (1, 0),
        (0, 1_000_000),
    ]


def test_what_is_used_here_is_found_however_many_famous_ones_match(dataset: Dataset) -> None:
    make_vocabulary(*[(f"blue {number}", 1_000 + number) for number in range(200)])
    use(dataset, blue_zebra=1)
    assert offered(dataset, "bl", 3)[0] == "blue zebra"


def test_what_goes_with_the_picture_comes_before_what_is_used_more(dataset: Dataset) -> None:
    for _ in range(3):
        image = factories.make_image(dataset)
        for name in ("beach", "bikini"):
            factories.make_image_tag(image, name)
    use(dataset, blazer=9)
    assert offered(dataset, "b") == ["blazer", "beach", "bikini"]
    found = [tag.name for tag in get_suggestions(dataset, "b", with_tags=["beach"])]
    assert found == ["bikini", "blazer", "beach"]
    assert [tag.name for tag in get_suggestions(dataset, "", with_tags=["beach"])] == ["bikini", "blazer", "beach"]


def test_an_alias_shows_its_tag_once_and_by_its_name_where_that_matches_as_well(dataset: Dataset) -> None:
    make_vocabulary(("grin", 5), ("smile", 9))
    TagAlias.objects.create(name="smirk", tag=Tag.objects.get(name="grin"))
    TagAlias.objects.create(name="smiling", tag=Tag.objects.get(name="smile"))
    bump_vocabulary()
    assert [(tag.name, tag.alias) for tag in get_suggestions(dataset, "sm")] == [("smile", ""), ("grin", "smirk")]
    assert [(tag.name, tag.alias) for tag in get_suggestions(dataset, "smili")] == [("smile", "smiling")]
    factories.make_image_tag(factories.make_image(dataset), "grin")
    assert [(tag.name, tag.alias) for tag in get_suggestions(dataset, "smirk")] == [("grin", "smirk")]


def test_a_category_is_told_by_word_and_colour(dataset: Dataset) -> None:
    artist = TagCategory.objects.get(number=1)
    Tag.objects.create(name="somebody", category=artist)
    (found,) = get_suggestions(dataset, "some")
    assert found.category is not None
    assert (found.category.name, found.category.colour) == ("artist", "red")


def test_what_changed_is_known_to_the_next_question(dataset: Dataset) -> None:
    make_vocabulary(("blue eyes", 5))
    assert offered(dataset, "blue") == ["blue eyes"]
    Tag.objects.create(name="blue sky")
    assert offered(dataset, "blue") == ["blue eyes", "blue sky"]
    Tag.objects.filter(name="blue eyes").update(name="blue iris")
    bump_vocabulary()
    assert offered(dataset, "blue") == ["blue iris", "blue sky"]
    Tag.objects.filter(name="blue iris").delete()
    bump_vocabulary()
    assert offered(dataset, "blue") == ["blue sky"]


def test_newer_tags_are_found_also_where_they_are_many(dataset: Dataset) -> None:
    make_vocabulary(("blue eyes", 5))
    get_suggestions(dataset, "")
    make_vocabulary(*[(f"new {number}", 0) for number in range(MOST_NEWER + 10)])
    assert offered(dataset, f"new {MOST_NEWER + 5}", 1) == [f"new {MOST_NEWER + 5}"]


@pytest.mark.usefixtures("shared_database")
def test_a_large_vocabulary_is_read_behind_the_questions(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SUGGESTIONS_IN_BACKGROUND = True
    monkeypatch.setattr(vocabulary, "FEW_TAGS", 100)
    dataset = factories.make_dataset()
    use(dataset, blue_sky=1)
    make_vocabulary(*[(f"blue {number}", 1_000 + number) for number in range(300)])
    going_on = threading.Event()
    read = vocabulary._read
    monkeypatch.setattr(vocabulary, "_read", lambda *, breath: (going_on.wait(30), read(breath=breath))[1])
    assert offered(dataset, "blu") == ["blue sky"]
    assert offered(dataset, "blu") == ["blue sky"]
    going_on.set()
    until = time.monotonic() + 30
    while not get_vocabulary().is_ready and time.monotonic() < until:
        time.sleep(0.01)
    assert offered(dataset, "blu", 2) == ["blue sky", "blue 299"]


def test_a_vocabulary_that_was_read_meanwhile_is_not_replaced_by_an_older_one(monkeypatch: pytest.MonkeyPatch) -> None:
    make_vocabulary(("blue eyes", 5))
    held = get_vocabulary()
    Tag.objects.create(name="blue sky")
    with_newer = vocabulary._with_newer

    def somebody_reads_meanwhile(old: Vocabulary, newest: int) -> Vocabulary:
        newer = with_newer(old, newest)
        vocabulary._read_again()
        return newer

    monkeypatch.setattr(vocabulary, "_with_newer", somebody_reads_meanwhile)
    assert get_vocabulary().number > held.number


def test_what_goes_with_a_picture_is_answered_also_when_it_is_forgotten_at_once(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(dataset, beach=2, bikini=2)
    monkeypatch.setattr(dataset_words, "_MOST_PICTURES", 0)
    assert "bikini" in [tag.name for tag in get_suggestions(dataset, "", with_tags=["beach"])]


@pytest.mark.usefixtures("shared_database")
def test_after_a_reading_that_failed_a_datasets_tags_are_read_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SUGGESTIONS_IN_BACKGROUND = True
    for name in ("_QUICK", "_SHORTEST_REST"):
        monkeypatch.setattr(dataset_words, name, 0)
    dataset = factories.make_dataset()
    use(dataset, hat=1)
    assert [tag.count for tag in get_suggestions(dataset, "hat")] == [1]
    dataset_words._held[dataset.pk].rest_until = 0
    apply(factories.make_image(dataset), adding("hat"))
    dataset.refresh_from_db()
    failed = threading.Event()

    def fail(*_: object) -> None:
        failed.set()
        raise OperationalError("the database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(dataset_words, "_read", fail)
        assert [tag.count for tag in get_suggestions(dataset, "hat")] == [1]
        assert failed.wait(30)
    until = time.monotonic() + 30
    while get_suggestions(dataset, "hat")[0].count == 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert [tag.count for tag in get_suggestions(dataset, "hat")] == [2]
