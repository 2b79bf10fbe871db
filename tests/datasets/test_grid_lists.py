"""The lists behind the grid: every order, entered at any place."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.models import Dataset, Image
from datasets.queries.images import Asked, get_ids, get_image_page, get_landmarks
from datasets.queries.ordering import Order
from datasets.services.datasets import touch_dataset
from tests import factories

API = "/api/v1"


@pytest.fixture
def many(dataset: Dataset) -> list[Image]:
    """Images whose values repeat, so that a cursor stands between equal ones."""
    chance = random.Random(5)
    made = [
        factories.make_image(
            dataset,
            original_name=chance.choice(["a.jpg", "Ä.jpg", "b 2.jpg", "b_1.jpg", "日本.png"]),
            byte_size=chance.choice([10, 20, 2**40]),
            width=chance.choice([1, 640, 641, 7777]),
            height=chance.choice([480, 3, 7777]),
            changed_at_revision=chance.choice([0, 1, 2]),
        )
        for _ in range(37)
    ]
    factories.make_image(factories.make_dataset())
    Image.objects.filter(pk=made[11].pk).update(trashed_at="2026-01-01T00:00:00Z")
    return made[:11] + made[12:]


def _sorted(images: list[Image], order: Order) -> list[int]:
    ways = {
        Order.ADDED: lambda image: image.position,
        Order.NEWEST: lambda image: -image.position,
        Order.SIZE: lambda image: (-image.byte_size, -image.pk),
        Order.RATIO: lambda image: (image.width / image.height, image.pk),
        Order.CHANGED: lambda image: (-image.changed_at_revision, -image.pk),
    }
    if order == Order.NAME:
        # Which of two names comes first is the database's to say.
        return list(
            Image.objects.filter(pk__in=[image.pk for image in images])
            .order_by("original_name", "pk")
            .values_list("pk", flat=True)
        )
    return [image.pk for image in sorted(images, key=ways[order])]


@pytest.mark.parametrize("order", Order)
def test_pages_of_every_order_cover_all_and_none_twice(dataset: Dataset, many: list[Image], order: Order) -> None:
    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        page = get_image_page(Asked(dataset, order=order), after=after, limit=4)
        seen += [image.pk for image in page.images]
        after = page.next
        assert page.total == len(many)
    assert seen == _sorted(many, order)


@pytest.mark.parametrize("every", [1, 4, 9, 36, 40])
@pytest.mark.parametrize("order", Order)
def test_landmarks_lead_to_their_places(dataset: Dataset, many: list[Image], order: Order, every: int) -> None:
    everything = _sorted(many, order)
    found = get_landmarks(Asked(dataset, order=order), every=every)
    assert len(found.cursors) == len(range(0, len(many), every))
    assert found.total == len(many)
    for number, cursor in enumerate(found.cursors):
        page = get_image_page(Asked(dataset, order=order), after=cursor, limit=3)
        assert [image.pk for image in page.images] == everything[number * every :][:3]


@pytest.mark.parametrize("order", Order)
def test_a_range_is_told_by_its_places(dataset: Dataset, many: list[Image], order: Order) -> None:
    everything = _sorted(many, order)
    for start, end in [(0, 5), (5, 9), (30, 1000), (9, 9), (9, 3)]:
        assert get_ids(Asked(dataset, order=order), start=start, end=end) == everything[start : max(start, end)]


def test_an_empty_dataset_has_one_landmark(dataset: Dataset) -> None:
    assert get_landmarks(Asked(dataset), every=500).cursors == [""]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("is_entered", [False, True])
def test_an_index_leads_to_each_page(dataset: Dataset, many: list[Image], order: Order, is_entered: bool) -> None:
    from datasets.queries.ordering import behind, in_order

    page = get_image_page(Asked(dataset, order=order), limit=4)
    rows = in_order(behind(Asked(dataset).matching(), order, (page.next or "") if is_entered else ""), order)[:5]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table of some rows is read from end to end by a planner that knows their number.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    plan = rows.explain()
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan.replace("Sort Key", "Sort")
    assert "Index" in plan or "INDEX" in plan


def test_the_lists_are_told_over_http(client: Client, dataset: Dataset) -> None:
    ids = [factories.make_image(dataset).pk for _ in range(60)]
    address = f"{API}/datasets/{dataset.pk}/images"
    marks = client.get(f"{address}/landmarks?every=50&order=newest").json()
    assert (marks["total"], marks["revision"], len(marks["cursors"])) == (60, dataset.revision, 2)
    page = client.get(address, {"order": "newest", "after": marks["cursors"][1], "limit": 3}).json()
    assert [row["id"] for row in page["images"]] == ids[::-1][50:53]
    assert client.get(f"{address}/ids?start=2&end=5").json() == {"ids": ids[2:5]}
    assert client.get(f"{address}/ids?filter=nowhere&start=0&end=5").json() == {"ids": []}
    refused = client.get(f"{address}/ids?start=0&end=100001")
    assert (refused.status_code, "100,000" in refused.json()["detail"]) == (422, True)


def test_a_position_enters_the_list_anywhere(client: Client, dataset: Dataset) -> None:
    made = [factories.make_image(dataset) for _ in range(4)]
    page = client.get(f"{API}/datasets/{dataset.pk}/images?after={made[1].position}&limit=1").json()
    assert ([row["id"] for row in page["images"]], page["next"]) == ([made[2].pk], str(made[2].position))


@pytest.mark.parametrize("part", ["", "/landmarks", "/ids"])
def test_a_bad_filter_is_told_with_its_place(client: Client, dataset: Dataset, part: str) -> None:
    answer = client.get(
        f"{API}/datasets/{dataset.pk}/images{part}", {"filter": "lake is:pretty", "start": "0", "end": "1"}
    )
    assert answer.status_code == 422
    told = answer.json()
    assert (told["start"], told["end"], "pretty" in told["detail"]) == (5, 14, True)


@pytest.mark.parametrize("cursor", ["x", "W10", "-1", "9" * 30, "WyJuYW1lIiwxLDJd", "é", "WyJzaXplIiwxZTMwMCwyXQ"])
def test_nonsense_for_a_cursor_is_refused_by_the_list(client: Client, dataset: Dataset, cursor: str) -> None:
    answer = client.get(f"{API}/datasets/{dataset.pk}/images", {"order": "size", "after": cursor})
    assert answer.status_code == 422
    assert "beginning" in answer.json()["detail"]


def test_the_page_says_what_is_wrong_with_its_filter(client: Client, dataset: Dataset) -> None:
    factories.make_image(dataset)
    answer = client.get(f"/datasets/{dataset.pk}/", {"filter": "is:pretty"})
    assert (answer.status_code, answer.context["view"].bad_filter.start) == (200, 0)


def test_the_page_takes_a_filter_an_order_and_any_cursor(client: Client, dataset: Dataset) -> None:
    lake, hat = factories.make_image(dataset), factories.make_image(dataset)
    factories.make_image_tag(lake, "lake")
    shown = client.get(f"/datasets/{dataset.pk}/", {"filter": "-lake"}).context["view"].page
    assert [image.pk for image in shown.images] == [hat.pk]
    shown = client.get(f"/datasets/{dataset.pk}/", {"order": "newest", "after": "nonsense"}).context["view"].page
    assert [image.pk for image in shown.images] == [hat.pk, lake.pk]


def test_a_large_dataset_is_counted_once_until_it_changes(dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(next_position=50_000)
    factories.make_image(dataset)

    def counted(asked_filter: str = "") -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            page = get_image_page(Asked(Dataset.objects.get(pk=dataset.pk), asked_filter))
        return page.total, sum("COUNT(" in query["sql"] and "position" not in query["sql"] for query in queries)

    assert counted() == (1, 1)
    assert counted() == (1, 0)
    assert counted("is:tagged") == (0, 1)
    factories.make_image(dataset)
    touch_dataset(dataset.pk)
    assert counted() == (2, 1)


@pytest.mark.parametrize("order", Order)
def test_a_range_of_a_large_dataset_is_entered_at_a_landmark(
    dataset: Dataset, many: list[Image], order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(next_position=50_000)
    monkeypatch.setattr("datasets.queries.images._USUAL_LANDMARKS", (7,))
    asked = Asked(Dataset.objects.get(pk=dataset.pk), order=order)
    get_landmarks(asked, every=7)
    everything = _sorted(many, order)
    for start, end in [(0, 5), (6, 9), (7, 8), (30, 36), (35, 90), (90, 99)]:
        with CaptureQueriesContext(connection) as queries:
            assert get_ids(asked, start=start, end=end) == everything[start:end]
        assert len(queries) == 1
        # 30 is two behind the landmark at 28.
        assert start != 30 or "OFFSET 2" in queries[0]["sql"]
