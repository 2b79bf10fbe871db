"""Sockets that tell of imports and datasets."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async

from datasets.messages import (
    DatasetChanged,
    DatasetTouched,
    ImportProgress,
    RightsChanged,
    dataset_group,
    import_group,
)
from datasets.permissions import visible_datasets, visible_imports
from datasets.queries.progress import get_dataset_numbers, get_import_progress
from datasets.seats import SeatedConsumer, look_again
from tagger_project.auth import person_in_scope
from tagger_project.consumers import MERGE_SECONDS
from tagger_project.shared_reading import SharedReading

_progress: SharedReading[int, ImportProgress] = SharedReading(
    database_sync_to_async(get_import_progress), every=MERGE_SECONDS
)
_numbers: SharedReading[int, DatasetChanged] = SharedReading(
    database_sync_to_async(get_dataset_numbers), every=MERGE_SECONDS
)


class ImportConsumer(SeatedConsumer):
    """`/ws/imports/<id>/`: where one import stands."""

    async def authorise(self) -> list[str] | None:
        """Let in who may see the import's dataset."""
        visible = visible_imports(person_in_scope(self.scope)).filter(pk=self._id())
        dataset_id = await visible.values_list("dataset_id", flat=True).afirst()
        if dataset_id is None:
            return None
        self.dataset_id = dataset_id
        return [import_group(self._id())]

    async def snapshot(self) -> ImportProgress:
        """Return where the import stands."""
        return await _progress.get(self._id())

    async def render(self, notices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send where the import stands, once for all notices."""
        return [(await self.snapshot()).to_wire()]

    def _id(self) -> int:
        return int(self.scope["url_route"]["kwargs"]["job_id"])


class DatasetConsumer(SeatedConsumer):
    """`/ws/datasets/<id>/`: a dataset's numbers."""

    async def authorise(self) -> list[str] | None:
        """Let in who may see the dataset."""
        visible = visible_datasets(person_in_scope(self.scope)).filter(pk=self._id())
        self.dataset_id = self._id()
        return [dataset_group(self._id())] if await visible.aexists() else None

    async def relay(self, event: dict[str, Any]) -> None:
        """Look who may still listen where rights changed; pass on the rest."""
        if event["message"]["type"] == RightsChanged.type:
            look_again()
        else:
            await super().relay(event)

    async def snapshot(self) -> DatasetChanged:
        """Return the dataset's numbers."""
        return await _numbers.get(self._id())

    async def render(self, notices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send the numbers, once for all notices; what is no notice is sent as it is, the newest of each job."""
        passed_on = {_about(notice): notice for notice in notices if notice["type"] != DatasetTouched.type}
        if len(passed_on) == len(notices):
            return list(passed_on.values())
        return [*passed_on.values(), (await self.snapshot()).to_wire()]

    def _id(self) -> int:
        return int(self.scope["url_route"]["kwargs"]["dataset_id"])


def _about(message: dict[str, Any]) -> tuple[str, int | None]:
    """Return what a message that is passed on is about: of each thing the newest one counts."""
    return message["type"], message["data"].get("job_id")
