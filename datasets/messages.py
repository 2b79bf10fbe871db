"""What open pages hear of datasets and imports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tagger_project.live import Message, Notice


@dataclass(frozen=True)
class ImportProgress(Message):
    """Where an import stands: always the whole picture, never a step.

    Attributes:
        state: `OPEN`, or `DONE` when every file has its end.
        total: files announced; `done` of them have their end.
        waiting: announced, bytes still to come.
        held: texts that are here and wait until the person says how to read them.
        in_line: here, waiting for a worker.
        processing: being read now.
        ready: pictures that became images; `duplicates` were here already; `sidecars` are texts that were read.
        skipped: left out with a word, such as dot files in an archive.
        failed: refused, each with a reason.
        rate: files finished a second over the last ten seconds.
        seconds_left: at that rate; `None` while it cannot be told.
        latest: the newest pictures, newest first, at most twelve; each with `id`, `name` and the address of
            its `thumbnail`.
        cancelled: a person ended it before all files were read.
        retryable: how many of the files that ended may fare better when they are tried again.
    """

    type: ClassVar[str] = "import.progress"

    import_id: int
    dataset_id: int
    state: str
    total: int
    done: int
    waiting: int
    held: int
    in_line: int
    processing: int
    ready: int
    duplicates: int
    skipped: int
    failed: int
    sidecars: int
    rate: float
    seconds_left: int | None
    latest: list[dict[str, Any]]
    cancelled: bool = False
    retryable: int = 0


@dataclass(frozen=True)
class RightsNow(Message):
    """What the person behind a page may do in its dataset now: always all of it, never a step.

    Attributes:
        role: theirs there, `OWNER` for superusers.
        edit: words, captions, imports, the trash.
        review: approve, send back, take back others' work, restore versions.
        manage: settings, members, deleting for ever.
    """

    type: ClassVar[str] = "rights.now"

    dataset_id: int
    role: str
    edit: bool
    review: bool
    manage: bool


@dataclass(frozen=True)
class RightsChanged(Notice):
    """Somebody became a member, has another role, or is a member no more; sockets ask what they may now."""

    type: ClassVar[str] = "rights.changed"

    dataset_id: int


@dataclass(frozen=True)
class ImportTouched(Notice):
    """Something happened in an import; sockets answer with `ImportProgress`."""

    type: ClassVar[str] = "import.touched"

    import_id: int


@dataclass(frozen=True)
class DatasetChanged(Message):
    """A dataset's numbers. A page that sees a `revision` it does not know asks for what changed."""

    type: ClassVar[str] = "dataset.changed"

    dataset_id: int
    revision: int
    images: int
    tagged: int
    importing: int


@dataclass(frozen=True)
class DatasetTouched(Notice):
    """Something happened in a dataset; sockets answer with `DatasetChanged`."""

    type: ClassVar[str] = "dataset.touched"

    dataset_id: int


def import_group(import_id: int) -> str:
    """The group of pages that follow one import."""
    return f"import.{import_id}"


def dataset_group(dataset_id: int) -> str:
    """The group of pages that show one dataset."""
    return f"dataset.{dataset_id}"
