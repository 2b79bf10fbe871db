"""Databases of before: every operation that was recorded becomes an entry of the history."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("datasets", "0004_no_text_on_items"), ("tagging", "0001_initial"), ("sessions_app", "0001_initial")]

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(targets: list[tuple[str, str]]) -> Any:
    """Bring the database to these migrations; returns the models of that time."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def old() -> Iterator[Any]:
    """The models of before; afterwards the database is up to date again."""
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield migrate(BEFORE)
    migrate(newest)


def test_operations_and_walks_of_before_stay_what_they_were(old: Any) -> None:
    user = old.get_model("auth", "User").objects.create(username="ana")
    dataset = old.get_model("datasets", "Dataset").objects.create(name="Old", file_prefix="old")
    facts = {"format": "JPEG", "width": 10, "height": 10, "byte_size": 1, "colour": "#000000", "original_name": "a"}
    make_image = old.get_model("datasets", "Image").objects.create
    tagged, plain = (
        make_image(dataset=dataset, position=n, sha256=str(n), stem_key=str(n), is_tagged=n == 1, **facts)
        for n in (1, 2)
    )
    operation = old.get_model("tagging", "TagOperation").objects.create
    keys = [uuid.uuid4(), uuid.uuid4()]
    operation(key=keys[0], image=tagged, kind="ADD", tag_name="a", after=1024.0, source="PERSON", done_by=user)
    operation(key=keys[1], image=tagged, kind="ADD", tag_name="b", after=2048.0, source="SIDECAR")
    walk = old.get_model("sessions_app", "TaggingSession").objects.create(dataset=dataset, current_image=plain)

    new = migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())

    changes = {change.key: change for change in new.get_model("tagging", "Change").objects.all()}
    rows = list(new.get_model("tagging", "TagOperation").objects.order_by("pk"))
    assert [row.change.key for row in rows] == [row.key for row in rows] == keys
    assert [(changes[key].source, changes[key].done_by_id, changes[key].dataset_id) for key in keys] == [
        ("PERSON", user.pk, dataset.pk),
        ("SIDECAR", None, dataset.pk),
    ]
    states = new.get_model("datasets", "Image").objects.order_by("pk").values_list("review_state", flat=True)
    assert list(states) == ["IN_PROGRESS", "UNTAGGED"]
    there = new.get_model("sessions_app", "TaggingSession").objects.get()
    assert (there.pk, there.is_default, there.current_image_id) == (walk.pk, True, plain.pk)
