"""Tags that are offered while a person types."""

from __future__ import annotations

from typing import Any

import pytest

from datasets.models import Dataset, Image
from tagging.queries.suggestions import MOST_SUGGESTIONS, get_suggestions
from tests import factories
from tests.tagging.doing import adding, apply, removing

pytestmark = pytest.mark.django_db


def use(dataset: Dataset, **counts: int) -> None:
    """Put tags onto images of the dataset; underscores in keywords stand for blanks."""
    pictures: list[Image] = [factories.make_image(dataset) for _ in range(max(counts.values()))]
    for name, count in counts.items():
        for image in pictures[:count]:
            factories.make_image_tag(image, name.replace("_", " "))


def offered(dataset: Dataset, typed: str, limit: int = 10) -> list[str]:
    return [suggestion.name for suggestion in get_suggestions(dataset, typed, limit)]


def test_those_that_start_with_it_come_before_those_that_hold_it(dataset: Dataset) -> None:
    use(dataset, long_hair=1, hair=2, hairband=1, chair=5, smile=6)
    assert offered(dataset, "hair") == ["hair", "hairband", "chair", "long hair"]


def test_the_most_used_come_first_and_then_by_name(dataset: Dataset) -> None:
    use(dataset, b=2, a=2, c=3, d=1)
    assert [(tag.name, tag.count) for tag in get_suggestions(dataset, "")] == [("c", 3), ("a", 2), ("b", 2), ("d", 1)]


def test_upper_and_lower_case_do_not_matter(dataset: Dataset) -> None:
    use(dataset, Ohwx=1, ohwx_woman=2)
    assert offered(dataset, "OHWX") == offered(dataset, "ohwx") == ["ohwx woman", "Ohwx"]


@pytest.mark.parametrize("typed", ["кош", "КОШ", "Кош"])
def test_nor_do_they_beyond_ascii(dataset: Dataset, typed: str) -> None:
    use(dataset, кошка=1, Кошачий=2, КОШ=3, белая_кошка=9)
    assert offered(dataset, typed) == ["КОШ", "Кошачий", "кошка", "белая кошка"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("%", ["100%"]),
        ("_", ["red_dress"]),
        ("d_d", ["red_dress"]),
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


def test_only_tags_in_use_in_this_dataset_and_only_its_images_count(dataset: Dataset) -> None:
    use(dataset, shared=2, gone=1)
    use(factories.make_dataset(), shared=9, foreign=1)
    for image in dataset.images.filter(image_tags__tag__name="gone"):
        apply(image, adding("kept"), removing("gone"))
    assert [(tag.name, tag.count) for tag in get_suggestions(dataset, "")] == [("shared", 2), ("kept", 1)]


@pytest.mark.parametrize(("limit", "count"), [(3, 3), (0, 1), (-5, 1), (10_000, MOST_SUGGESTIONS)])
def test_how_many(dataset: Dataset, limit: int, count: int) -> None:
    use(dataset, **{f"tag{number}": 1 for number in range(60)})
    assert len(offered(dataset, "tag", limit)) == count


def test_one_query_whatever_the_number(dataset: Dataset, django_assert_num_queries: Any) -> None:
    use(dataset, a=1)
    with django_assert_num_queries(1):
        get_suggestions(dataset, "a")
    use(dataset, **{f"a{number}": 2 for number in range(20)})
    with django_assert_num_queries(1):
        get_suggestions(dataset, "a")
