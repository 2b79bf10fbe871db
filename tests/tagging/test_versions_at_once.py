"""Versions that are deleted, exported, restored and copied by two people at the same moment."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from datasets.models import Dataset
from datasets.services.datasets import DatasetNameTaken, touch_dataset
from tagging.models import DatasetVersion, ExportJob, VersionRestore
from tagging.queries.version_state import read_state
from tagging.services import forking, restoring
from tagging.services import versions as versions_service
from tagging.services.exports.errors import ExportRefused
from tagging.services.forking import begin_fork, fork
from tagging.services.restoring import VersionGone, go_on, restore
from tagging.services.versions import VersionError, VersionInUse, delete_version, freeze
from tests import factories
from tests.tagging.exporting import start

pytestmark = pytest.mark.usefixtures("shared_database")


@pytest.fixture
def dataset() -> Dataset:
    made = factories.make_dataset()
    factories.make_image_tag(factories.make_image(made), "a")
    return made


def before(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, what: Callable[[], object]) -> None:
    """Let somebody do something once, right before a step."""
    step, left = getattr(owner, name), [what]

    def with_it(*values: Any, **facts: Any) -> Any:
        if left:
            left.pop()()
        return step(*values, **facts)

    monkeypatch.setattr(owner, name, with_it)


def test_a_version_that_is_deleted_while_its_export_starts_is_said(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = freeze(dataset, name="good", by=None)
    before(monkeypatch, ExportJob.objects, "create", lambda: delete_version(version, by=None))
    with pytest.raises(ExportRefused, match="deleted"):
        start(dataset, version=version)
    assert not ExportJob.objects.exists()


def test_a_version_that_is_exported_while_it_is_deleted_stays(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = freeze(dataset, name="good", by=None)

    def start_and_say_nothing_of_it(dataset_id: int) -> None:
        """Between the question whether there are exports and the deletion nothing can be put but this."""
        touch_dataset(dataset_id)
        job = start(dataset, version=version)
        monkeypatch.setattr(DatasetVersion.objects, "filter", lambda **_facts: OfNobody(job.version))

    monkeypatch.setattr(versions_service, "touch_dataset", start_and_say_nothing_of_it)
    with pytest.raises(VersionInUse, match="good"):
        delete_version(version, by=None)


class OfNobody:
    """A version that knows of no export."""

    def __init__(self, version: DatasetVersion) -> None:
        self._version = version

    def delete(self) -> None:
        """Delete its row, and ask nothing."""
        DatasetVersion._base_manager.filter(pk=self._version.pk)._raw_delete("default")


def test_a_version_that_is_deleted_while_its_restore_begins_is_said(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = freeze(dataset, name="good", by=None)
    digest = read_state(dataset.pk).digest
    before(monkeypatch, restoring, "version_for_export", lambda: delete_version(version, by=None))
    with pytest.raises(VersionGone, match="Nothing was restored"):
        restore(version, by=None)
    assert read_state(dataset.pk).digest == digest


def test_a_key_of_another_restore_is_refused(dataset: Dataset) -> None:
    one, two = freeze(dataset, name="one", by=None), freeze(dataset, name="two", by=None)
    key = uuid.uuid4()
    restore(one, by=None, key=key)
    with pytest.raises(VersionError, match="new one"):
        restore(two, by=None, key=key)


def test_a_copy_asked_for_twice_at_the_same_moment_is_one(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    version, key = freeze(dataset, name="good", by=None), uuid.uuid4()
    first: list[VersionRestore] = []
    again = lambda: first.append(begin_fork(version, name="Copy", by=None, key=key))  # noqa: E731
    before(monkeypatch, forking, "read_parts", again)
    assert begin_fork(version, name="Copy", by=None, key=key) == first[0]
    assert Dataset.objects.count() == 2
    go_on(first[0])
    with pytest.raises(DatasetNameTaken):
        fork(version, name="Copy", by=None)
