"""A name is refused for what one sees alone: of a dataset that one does not see, nothing is told."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from datasets.models import Dataset
from datasets.services.datasets import DatasetNameTaken, SeveralDatasets, change_dataset, create_dataset, find_dataset
from tagging.management.commands.export_dataset import find_dataset as find_for_export
from tagging.services.versions import freeze
from tests import factories

SECRET = "Merger with Ardent"


@pytest.fixture
def anna(password_mode: None, db: None) -> User:
    return factories.make_user(username="anna")


@pytest.fixture
def hidden(db: None) -> Dataset:
    """Somebody else's."""
    return create_dataset(name=SECRET, by=factories.make_user(username="bert"))


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ways(own: Dataset, version: int, name: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every way to give a dataset a name, by way and address."""
    key = str(uuid.uuid4())
    form = {"file_prefix": "x"}
    return [
        ("POST", "/datasets/new/", {"name": name, **form}),
        ("POST", f"/datasets/{own.pk}/settings/", {"name": name, **form}),
        ("POST", f"/datasets/{own.pk}/versions/{version}/fork/", {"name": name, "key": key}),
        ("POST", "/api/v1/datasets", {"name": name}),
        ("PATCH", f"/api/v1/datasets/{own.pk}", {"name": name}),
        ("POST", f"/api/v1/versions/{version}/fork", {"name": name, "key": key}),
    ]


def send(client: Client, way: str, path: str, body: dict[str, Any]) -> int:
    if path.startswith("/api/"):
        return int(client.generic(way, path, json.dumps(body), "application/json").status_code)
    return int(client.post(path, body).status_code)


@pytest.mark.parametrize("number", range(6))
def test_a_name_of_what_one_does_not_see_is_a_name_like_any_other(anna: User, hidden: Dataset, number: int) -> None:
    statuses = []
    for name in (SECRET, SECRET.upper(), "Nobody has this"):
        own = create_dataset(name=f"Mine {uuid.uuid4()}", by=anna)
        version = freeze(own, name="now", by=anna)
        statuses.append(send(browser_of(anna), *ways(own, version.pk, name)[number]))
        Dataset.objects.filter(memberships__user=anna).update(name="Renamed back")
    assert len(set(statuses)) == 1
    assert statuses[0] < 400


@pytest.mark.parametrize("number", range(6))
def test_a_name_of_what_one_sees_is_refused(anna: User, number: int) -> None:
    create_dataset(name="Seen", by=anna)
    own = create_dataset(name="Mine", by=anna)
    version = freeze(own, name="now", by=anna)
    assert send(browser_of(anna), *ways(own, version.pk, "SEEN")[number]) in {409, 422}
    assert Dataset.objects.filter(name__iexact="seen").count() == 1


def test_who_comes_into_a_dataset_of_the_same_name_keeps_both(anna: User, hidden: Dataset) -> None:
    own = create_dataset(name=SECRET, by=anna)
    factories.make_member(hidden, anna)
    change_dataset(own, name=SECRET, file_prefix="other", trigger_word="", by=anna)
    assert Dataset.objects.get(pk=own.pk).file_prefix == "other"
    with pytest.raises(DatasetNameTaken):
        create_dataset(name=SECRET.lower(), by=anna)


def test_without_logins_everything_is_seen(db: None) -> None:
    create_dataset(name=SECRET, by=None)
    with pytest.raises(DatasetNameTaken):
        create_dataset(name=SECRET, by=None)


def test_commands_ask_for_the_number_where_a_name_is_not_enough(anna: User, hidden: Dataset, tmp_path: Any) -> None:
    own = create_dataset(name=SECRET, by=anna)
    with pytest.raises(SeveralDatasets, match=f"{hidden.pk}, {own.pk}"):
        find_dataset(SECRET)
    with pytest.raises(CommandError, match="Give the number"):
        find_for_export(SECRET)
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(CommandError, match="Give the number"):
        call_command("import_folder", str(tmp_path), "--dataset", SECRET)
    assert find_for_export(str(own.pk)) == find_dataset(str(own.pk)) == own
    numbered = create_dataset(name=str(hidden.pk), by=anna)
    assert find_dataset(str(hidden.pk)) == numbered, "a name goes before a number"
