"""The course of a walk: its images, in its order, and what lies beside each."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from datasets.models import Dataset, Image
from sessions_app.models import ImageVisit, TaggingSession
from sessions_app.queries.courses import Course, walk_candidates
from tests import factories


def _walk(dataset: Dataset, filter_text: str = "", **fields: Any) -> TaggingSession:
    return TaggingSession.objects.create(dataset=dataset, is_default=False, filter_text=filter_text, **fields)


def _visit(walk: TaggingSession, image: Image) -> None:
    ImageVisit.objects.create(
        tagging_session=walk, image=image, position=image.position, outcome=ImageVisit.Outcome.TAGGED
    )


def _image(image_id: int | None) -> Image | None:
    return None if image_id is None else Image.objects.get(pk=image_id)


def _there(image_id: int | None) -> Image:
    assert image_id is not None
    return Image.objects.get(pk=image_id)


def _forth(course: Course) -> list[str]:
    found = []
    image = _image(course.first_id())
    while image is not None:
        found.append(image.original_name)
        image = _image(course.next_id(image))
    return found


def _back(course: Course, image: Image | None) -> list[str]:
    found = []
    while image is not None:
        found.append(image.original_name)
        image = _image(course.previous_id(image))
    return found


@pytest.fixture
def images(dataset: Dataset) -> list[Image]:
    """Six images; every second one is tagged. Two of them have one name."""
    names = ["c.jpg", "a.jpg", "b.jpg", "a.jpg", "e.jpg", "d.jpg"]
    made = [factories.make_image(dataset, original_name=name) for name in names]
    for image in made[::2]:
        factories.make_image_tag(image, "lake")
    factories.make_image(factories.make_dataset(), original_name="stranger.jpg")
    return made


@pytest.mark.parametrize(
    ("order", "names"),
    [("POSITION", "c a b a e d"), ("NEWEST", "d e a b a c"), ("NAME", "a a b c d e")],
)
def test_a_course_leads_past_all_images_in_its_order_and_back(
    dataset: Dataset, images: list[Image], order: str, names: str
) -> None:
    course = Course(_walk(dataset, order=order), None)
    expected = [f"{name}.jpg" for name in names.split()]
    assert _forth(course) == expected
    last = {"POSITION": images[5], "NEWEST": images[0], "NAME": images[4]}[order]
    assert _back(course, last) == expected[::-1]
    assert [image.original_name for image in walk_candidates(course.walk)] == expected


@pytest.mark.parametrize("order", ["POSITION", "NEWEST", "NAME"])
def test_numbers_grow_by_one_along_the_course(dataset: Dataset, images: list[Image], order: str) -> None:
    walk = _walk(dataset, "is:untagged", order=order)
    _visit(walk, images[2])
    course = Course(walk, None)
    along = [image for image in Image.objects.filter(dataset=dataset) if image in (*images[1::2], images[2])]
    numbers = {course.count(image).number for image in along}
    assert numbers == {1, 2, 3, 4}
    assert {(course.count(image).total, course.count(image).tagged) for image in along} == {(4, 1)}


@pytest.mark.parametrize("order", ["POSITION", "NEWEST", "NAME"])
def test_an_image_that_was_tagged_in_the_walk_stays_on_its_course(
    dataset: Dataset, images: list[Image], order: str
) -> None:
    walk = _walk(dataset, "is:untagged", order=order)
    course = Course(walk, None)
    before = _forth(course)
    middle = _there(course.next_id(_there(course.first_id())))
    factories.make_image_tag(middle, "hat")
    _visit(walk, middle)
    first = _there(course.first_id())
    assert _forth(Course(walk, None)) == before
    assert course.next_id(first) == middle.pk
    assert walk_candidates(walk).count() == len(before) - 1
    last = _there(course.next_id(middle))
    assert course.previous_id(last) == middle.pk
    assert course.next_untagged_id(first) == last.pk
    assert course.next_untagged_id(last) == first.pk


def test_what_went_to_the_trash_is_on_no_course(dataset: Dataset, images: list[Image]) -> None:
    walk = _walk(dataset, "is:untagged")
    for image in images[:2]:
        _visit(walk, image)
    Image.objects.filter(pk__in=[images[0].pk, images[3].pk]).update(trashed_at="2026-01-01T00:00Z")
    course = Course(walk, None)
    assert _forth(course) == ["a.jpg", "d.jpg"]
    assert _back(course, images[5]) == ["d.jpg", "a.jpg"]


def test_a_filter_that_matches_nothing_has_no_first_image(dataset: Dataset, images: list[Image]) -> None:
    course = Course(_walk(dataset, "nowhere"), None)
    assert course.first_id() is None
    assert course.next_id(images[0]) is None
    assert course.next_untagged_id(images[0]) is None


@pytest.mark.parametrize("count", [1, 20])
def test_a_step_asks_the_same_questions_whatever_the_size(
    dataset: Dataset, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = [factories.make_image(dataset) for _ in range(count)]
    walk = _walk(dataset, "-lake")
    for image in made:
        _visit(walk, image)
    with django_assert_num_queries(9):
        course = Course(walk, None)  # the filter looks its words up, once: tags, and aliases where there is none
        course.count(made[-1])
        course.previous_id(made[-1])
        course.next_id(made[-1])
        course.next_untagged_id(made[-1])
