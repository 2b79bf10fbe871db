"""One image between its neighbours."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from datasets.models import Dataset
from sessions_app.queries import get_desk, get_first_image_id, get_place
from sessions_app.services.sessions import keep_place
from tests import factories


def test_a_lone_image_has_nowhere_to_go(dataset: Dataset) -> None:
    desk = get_desk(factories.make_image(dataset), None)
    assert (desk.number, desk.total, desk.tagged) == (1, 1, 0)
    assert (desk.previous_id, desk.next_id, desk.next_untagged_id) == (None, None, None)


def test_numbers_have_no_gaps_where_positions_have(dataset: Dataset) -> None:
    images = [factories.make_image(dataset, position=position) for position in (3, 10, 900)]
    factories.make_image(factories.make_dataset(), position=5)
    assert [get_desk(image, None).number for image in images] == [1, 2, 3]
    middle = get_desk(images[1], None)
    assert (middle.previous_id, middle.next_id, middle.total) == (images[0].pk, images[2].pk, 3)


def test_the_next_untagged_goes_on_from_the_start_and_is_never_this_one(dataset: Dataset) -> None:
    images = [factories.make_image(dataset, is_tagged=number in (1, 3)) for number in range(5)]
    assert get_desk(images[0], None).next_untagged_id == images[2].pk
    assert get_desk(images[2], None).next_untagged_id == images[4].pk
    assert get_desk(images[4], None).next_untagged_id == images[0].pk
    assert get_desk(images[0], None).tagged == 2


def test_where_all_is_tagged_there_is_no_next_untagged(dataset: Dataset) -> None:
    images = [factories.make_image(dataset, is_tagged=True) for _ in range(3)]
    desk = get_desk(images[1], None)
    assert desk.next_untagged_id is None
    assert desk.tagged == 3


@pytest.mark.parametrize("count", [1, 20])
def test_a_desk_asks_the_same_questions_whatever_the_size(
    dataset: Dataset, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    images = [factories.make_image(dataset) for _ in range(count)]
    # number, total, tagged, previous, next, untagged after; before only where there is none after
    with django_assert_num_queries(7):
        get_desk(images[-1], None)


def test_the_place_is_that_of_the_person_who_asks(dataset: Dataset) -> None:
    images = [factories.make_image(dataset, is_tagged=number == 0) for number in range(3)]
    person = factories.make_member(dataset)
    keep_place(dataset, images[1], by=person)
    assert get_place(dataset, None).image_id is None
    place = get_place(dataset, person)
    assert (place.image_id, place.images, place.tagged) == (images[1].pk, 3, 1)


def test_a_first_visit_begins_at_the_first_untagged_image(dataset: Dataset) -> None:
    assert get_first_image_id(dataset, None) is None
    tagged = [factories.make_image(dataset, is_tagged=True) for _ in range(2)]
    assert get_first_image_id(dataset, None) == tagged[0].pk
    untagged = factories.make_image(dataset)
    assert get_first_image_id(dataset, None) == untagged.pk
