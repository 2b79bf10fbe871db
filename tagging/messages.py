"""What open pages hear of actions on many images, and of exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tagger_project.live import Message


@dataclass(frozen=True)
class BulkProgress(Message):
    """Where an action on many images stands: always the whole picture, never a step.

    Attributes:
        kind: what is done, as it was asked for; `undo` where an entry of the history is taken back.
        state: `WAITING`, `RUNNING`, or its end: `DONE`, `CANCELLED`, `FAILED`.
        total: images it is meant for; `done` of them were looked at, `changed` of them are another way now.
        rate: images a second since a worker took it.
        seconds_left: at that rate; `None` while it cannot be told.
        change: its entry in the history, once something was changed.
        error: a sentence, where it was stopped.
    """

    type: ClassVar[str] = "bulk.progress"

    job_id: int
    dataset_id: int
    kind: str
    state: str
    total: int
    done: int
    changed: int
    rate: float
    seconds_left: int | None
    change: int | None
    error: str


@dataclass(frozen=True)
class ExportProgress(Message):
    """Where an export stands: always the whole picture, never a step.

    Attributes:
        profile: the trainer it is for.
        state: `WAITING`, `RUNNING`, or its end: `DONE`, `CANCELLED`, `FAILED`.
        total: pictures that go in; `done` of them are written.
        rate: pictures a second since a worker took it.
        seconds_left: at that rate; `None` while it cannot be told.
        error: a sentence, where it was stopped.
    """

    type: ClassVar[str] = "export.progress"

    job_id: int
    dataset_id: int
    profile: str
    state: str
    total: int
    done: int
    rate: float
    seconds_left: int | None
    error: str
