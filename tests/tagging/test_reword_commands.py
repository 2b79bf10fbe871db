"""`manage.py rename_tag`, `merge_tags` and `split_tag`."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from datasets.models import Dataset
from tagging.models import Change, Tag, TagAlias
from tests import factories
from tests.tagging.doing import adding, apply, names_on

pytestmark = pytest.mark.django_db


def run(command: str, *words: str, **options: Any) -> list[dict[str, Any]]:
    output = io.StringIO()
    call_command(command, *words, json=True, stdout=output, **options)
    rows: list[dict[str, Any]] = json.loads(output.getvalue())
    return rows


def test_a_dry_run_tells_the_numbers_and_changes_nothing(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    apply(image, adding("grin"), adding("smile"))
    apply(factories.make_image(dataset), adding("grin"))
    (told,) = run("merge_tags", "grin", into="smile", dry_run=True)
    assert (told["images"], told["both"], told["dry_run"], told["done"]) == (2, 1, True, 0)
    (row,) = told["datasets"]
    assert (row["name"], row["images"], row["both"], row["in_trash"]) == (dataset.name, 2, 1, 0)
    assert names_on(image) == ["grin", "smile"]
    (told,) = run("merge_tags", "grin", into="smile", reason="one word")
    assert (told["images"], told["dry_run"], told["done"]) == (2, False, 2)
    assert names_on(image) == ["smile"]
    assert Change.objects.filter(reason="one word").count() == 1


def test_several_tags_are_merged_and_the_numbers_know_of_each_other(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    apply(image, adding("grin"), adding("smirk"))
    Tag.objects.create(name="smile")
    told = run("merge_tags", "grin", "smirk", into="smile", no_alias=True)
    assert [(row["tag"], row["images"], row["both"]) for row in told] == [("grin", 1, 0), ("smirk", 1, 1)]
    assert names_on(image) == ["smile"]
    assert not TagAlias.objects.exists()


def test_rename_and_split_in_one_dataset(dataset: Dataset) -> None:
    other = factories.make_dataset()
    here, there = factories.make_image(dataset), factories.make_image(other)
    for image in (here, there):
        apply(image, adding("red_dress"), adding("solo"))
    run("split_tag", "red_dress", "red", "dress", dataset=dataset.name, filter="solo")
    run("rename_tag", "solo", "1girl", dataset=str(other.pk))
    assert names_on(here) == ["red", "dress", "solo"]
    assert names_on(there) == ["red_dress", "1girl"]


def test_what_a_person_reads_and_what_is_refused(dataset: Dataset) -> None:
    apply(factories.make_image(dataset), adding("grin"), adding("smile"))
    output = io.StringIO()
    call_command("merge_tags", "grin", into="smile", stdout=output)
    assert output.getvalue() == (
        "“grin” → “smile”\n"
        f"  {dataset.name}: 1 images, 1 of them with both, 0 more in the trash\n"
        "  0 aliases, 0 implications, 0 quick tags move along\n"
        "Done on 1 image.\n"
    )
    with pytest.raises(CommandError, match="no tag “nothing”"):
        run("rename_tag", "nothing", "new")
    with pytest.raises(CommandError, match="into itself"):
        run("merge_tags", "smile", into="smile")
    with pytest.raises(CommandError):
        run("rename_tag", "smile", "new", dataset="no such dataset")
