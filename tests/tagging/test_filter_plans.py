"""Filters by tags, in every order of the grid, are answered along indexes."""

from __future__ import annotations

import pytest
from django.db import connection

from datasets.filter_reading import Known
from datasets.models import Dataset, Image
from datasets.queries.images import Asked, get_image_page
from datasets.queries.ordering import Order, behind, in_order
from tagging.models import Tag
from tagging.queries import filter_in_memory, filtering
from tagging.queries.filter_in_memory import know_in_memory
from tagging.queries.tag_counts import get_tag_counts
from tagging.queries.tags_named import tags_like
from tests import factories
from tests.tagging.doing import adding, apply

FILTERS = ["a", "a b", "-a", "a -b", "a OR b", "NOT (a OR b)"]


@pytest.fixture
def pictures(dataset: Dataset) -> list[Image]:
    made = [factories.make_image(dataset) for _ in range(6)]
    for image in made[:4]:
        factories.make_image_tag(image, "a")
    for image in made[2:]:
        factories.make_image_tag(image, "b")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A table of some rows is read from end to end by a planner that knows their number.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    return made


def _reads_everything(plan: str) -> bool:
    """Whether a table is read from end to end; of an index, SQLite says SEARCH where it enters it."""
    return any("Seq Scan" in line or " SCAN " in f" {line}" for line in plan.splitlines())


@pytest.mark.parametrize("few", [0, 2_000])
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("text", FILTERS)
def test_an_index_leads_to_what_has_a_tag_or_lacks_it(
    dataset: Dataset, pictures: list[Image], text: str, order: Order, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtering, "_FEW_IMAGES", few)
    first = get_image_page(Asked(dataset, order=order), limit=2)
    matching = Asked(dataset, text).matching()
    for cursor in ("", first.next or ""):
        plan = in_order(behind(matching, order, cursor), order)[:100].explain()
        assert not _reads_everything(plan), plan
        # Whichever: each of the two has its index on tags and on images.
        assert "imagetag" in plan, plan
    assert not _reads_everything(matching.explain())


@pytest.mark.parametrize("order", Order)
def test_without_a_filter_nothing_is_sorted(dataset: Dataset, pictures: list[Image], order: Order) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as database:
            database.execute("SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off")
    first = get_image_page(Asked(dataset, order=order), limit=2)
    for cursor in ("", first.next or ""):
        plan = in_order(behind(Asked(dataset).matching(), order, cursor), order)[:100].explain()
        assert not _reads_everything(plan), plan
        assert "B-TREE" not in plan
        assert "Sort" not in plan


def test_a_name_is_found_along_an_index_however_it_is_spelled(pictures: list[Image]) -> None:
    Tag.objects.create(name="Blue_sky")
    found = tags_like("bLUE sky")
    assert [tag.name for tag in found] == ["Blue_sky"]
    plan = found.explain()
    assert "tag_folded" in plan
    assert not _reads_everything(plan)


@pytest.mark.parametrize("text", FILTERS)
@pytest.mark.parametrize("few", [0, 2, 2_000])
def test_what_memory_knows_of_a_filter_changes_no_page(
    dataset: Dataset, pictures: list[Image], text: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_in_memory, "_FEW_IMAGES", few)
    asked = Asked(dataset, text)
    before = get_image_page(asked)
    get_tag_counts(dataset)  # from now on the tags are held
    known = know_in_memory(text, dataset)
    matching = sorted(image.pk for image in before.images)
    assert known == Known(before.total, matching if len(matching) <= few else None)
    assert get_image_page(asked) == before


def test_what_memory_knew_before_a_change_is_not_believed_after_it(dataset: Dataset, pictures: list[Image]) -> None:
    get_tag_counts(dataset)
    apply(pictures[0], adding("b"))
    dataset.refresh_from_db()
    assert [image.pk for image in get_image_page(Asked(dataset, "a b")).images] == [
        image.pk for image in (pictures[0], *pictures[2:4])
    ]
