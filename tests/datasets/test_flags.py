"""What is too small, blurred or of an extreme shape is marked and can be filtered; nothing is deleted for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from datasets.models import Dataset, Flag, Image
from datasets.quality import BLURRED_BELOW
from datasets.queries.images import count_flags
from datasets.services.trash import move_to_trash
from tests import factories

pytestmark = pytest.mark.django_db

LARGE = {"width": 1024, "height": 1024, "sharpness": 300.0}


def make(dataset: Dataset, **fields: Any) -> Image:
    return factories.make_image(dataset, **{**LARGE, **fields})


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({}, []),
        ({"width": 512, "height": 512}, []),
        ({"width": 511, "height": 512}, [Flag.SMALL]),
        ({"sharpness": BLURRED_BELOW}, []),
        ({"sharpness": BLURRED_BELOW - 0.1}, [Flag.BLURRED]),
        ({"sharpness": None}, []),
        ({"width": 3000, "height": 1000}, []),
        ({"width": 3001, "height": 1000}, [Flag.EXTREME]),
        ({"width": 1000, "height": 3001}, [Flag.EXTREME]),
        ({"width": 40, "height": 200, "sharpness": 0.0}, [Flag.SMALL, Flag.BLURRED, Flag.EXTREME]),
        ({"width": 100_000, "height": 60_000}, []),
    ],
)
def test_a_picture_and_the_filters_say_the_same(dataset: Dataset, fields: dict[str, Any], flags: list[Flag]) -> None:
    image = make(dataset, **fields)
    assert image.flags == flags
    assert [flag for flag in Flag if Image.objects.filter(dataset=dataset).flagged(flag).exists()] == flags
    assert [flag for flag, count in count_flags(dataset).items() if count] == flags


def test_each_filter_has_a_name_of_its_own(dataset: Dataset) -> None:
    small = make(dataset, width=100, height=100)
    blurred = make(dataset, sharpness=1.0)
    extreme = make(dataset, width=9000)
    images = Image.everything.all()
    assert (images.too_small().get(), images.blurred().get(), images.extreme().get()) == (small, blurred, extreme)


def test_the_api_filters_and_tells_the_flags(client: Client, dataset: Dataset) -> None:
    make(dataset)
    blurred = [make(dataset, sharpness=1.0) for _ in range(3)]
    move_to_trash(dataset, [blurred[1].pk], by=None)
    address = f"/api/v1/datasets/{dataset.pk}/images"
    page = client.get(f"{address}?flag=blurred&limit=1").json()
    assert ([row["id"] for row in page["images"]], page["total"]) == ([blurred[0].pk], 2)
    assert page["images"][0]["flags"] == ["blurred"]
    rest = client.get(f"{address}?flag=blurred&after={page['next']}").json()
    assert [row["id"] for row in rest["images"]] == [blurred[2].pk]
    assert client.get(f"{address}?flag=ugly").status_code == 422


def test_the_grid_shows_one_flag_and_marks_it(client: Client, dataset: Dataset) -> None:
    make(dataset, original_name="fine.jpg")
    make(dataset, original_name="tiny.jpg", width=64, height=64)
    page = client.get(f"/datasets/{dataset.pk}/?filter=is:small").content.decode()
    assert "tiny.jpg" in page
    assert "fine.jpg" not in page
    assert 'title="too small"' in page
    assert 'data-filter="is:small"' in page
    everything = client.get(f"/datasets/{dataset.pk}/?flag=nonsense").content.decode()
    assert "fine.jpg" in everything


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("small", "No picture is too small"),
        ("blurred", "No picture is blurred"),
        ("extreme", "No picture has an extreme shape"),
    ],
)
def test_a_filter_that_finds_nothing_says_so(client: Client, dataset: Dataset, flag: str, words: str) -> None:
    make(dataset)
    assert words in client.get(f"/datasets/{dataset.pk}/?filter=is:{flag}").content.decode()


def test_the_next_page_keeps_the_filter(client: Client, dataset: Dataset) -> None:
    for _ in range(61):
        make(dataset, sharpness=1.0)
    page = client.get(f"/datasets/{dataset.pk}/?filter=is:blurred").content.decode()
    assert "?filter=is%3Ablurred&amp;after=" in page
