"""What is stored survives a change of the tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def back_at_the_end() -> Iterator[None]:
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_texts_move_from_items_to_rows_and_back() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("datasets", "0002_scale_and_survive")])
    old = executor.loader.project_state([("datasets", "0002_scale_and_survive")]).apps
    dataset = old.get_model("datasets", "Dataset").objects.create(name="Cats", file_prefix="cats")
    job = old.get_model("datasets", "ImportJob").objects.create(dataset=dataset, source="UPLOAD")
    items = old.get_model("datasets", "ImportItem").objects
    facts = {"job": job, "byte_size": 1, "state": "READY"}
    for number in range(1001):
        items.create(
            name=f"{number}.txt",
            stem_key=f"{number:032}",
            kind="SIDECAR",
            text=f"a, {number}",
            position=number,
            **facts,
        )
    items.create(name="silent.txt", stem_key="s", kind="SIDECAR", position=2000, **facts)
    items.create(name="1.jpg", stem_key="1", kind="IMAGE", position=2001, **facts)

    executor = MigrationExecutor(connection)
    executor.migrate([("datasets", "0004_no_text_on_items")])
    new = executor.loader.project_state([("datasets", "0004_no_text_on_items")]).apps
    rows = new.get_model("datasets", "SidecarText").objects.order_by("pk")
    assert rows.count() == 1001
    found = rows.values_list("item__name", "job_id", "stem_key", "name", "reading", "text")
    assert found[0] == ("0.txt", job.pk, f"{0:032}", "", "GUESS", "a, 0")
    assert found[1000][-1] == "a, 1000"

    executor = MigrationExecutor(connection)
    executor.migrate([("datasets", "0002_scale_and_survive")])
    old = executor.loader.project_state([("datasets", "0002_scale_and_survive")]).apps
    texts = dict(old.get_model("datasets", "ImportItem").objects.values_list("name", "text"))
    assert (texts["7.txt"], texts["silent.txt"], texts["1.jpg"]) == ("a, 7", "", "")


def test_owners_become_members_and_owners_again() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("datasets", "0009_exact_readings")])
    old = executor.loader.project_state([("datasets", "0009_exact_readings")]).apps
    anna = old.get_model("auth", "User").objects.create(username="anna")
    datasets = old.get_model("datasets", "Dataset").objects
    cats = datasets.create(name="Cats", file_prefix="cats", owner_id=anna.pk)
    datasets.create(name="Nobody's", file_prefix="nobody")

    executor = MigrationExecutor(connection)
    executor.migrate([("datasets", "0011_no_owner")])
    new = executor.loader.project_state([("datasets", "0011_no_owner")]).apps
    members = new.get_model("datasets", "Membership").objects
    assert list(members.values_list("dataset", "user", "role")) == [(cats.pk, anna.pk, "OWNER")]

    executor = MigrationExecutor(connection)
    executor.migrate([("datasets", "0009_exact_readings")])
    assert list(datasets.order_by("pk").values_list("owner", flat=True)) == [anna.pk, None]
