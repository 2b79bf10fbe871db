"""Write exports, some seconds at a time, whichever worker has them.

The row says who has an export and how far it is; what is written lies in its folder. A lock on the folder keeps out
whoever believes that a worker is dead which is only slow: the system lets go of it with the process.
"""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets.files import leave_room, make_folder
from tagger_project.bucket import BucketAway
from tagger_project.full_disk import is_disk_full
from tagger_project.sizes import decimal_size
from tagging.models import ExportArchive, ExportJob
from tagging.queries.versions import VersionDamaged
from tagging.services.exports.building import Build, BuiltArchive
from tagging.services.exports.keeping import folder_of, remove_files
from tagging.services.exports.pixels import OriginalMissing
from tagging.services.exports.planning import ExportPlan
from tagging.services.exports.telling import tell_export
from tagging.trainers.options import BadOptions
from tagging.trainers.templates import BadTemplate

logger = logging.getLogger(__name__)

# Longer than the slowest picture may take: between two the lease is renewed.
LEASE = timedelta(seconds=60)
# Workers that end over the same pictures: after so many the export is stopped.
MOST_DEATHS = 3
_SOME_BYTES = 1024 * 1024

_State = ExportJob.State


class LostClaim(Exception):
    """The lease ran out and another worker has the export, or it has ended or is gone."""


class _Cancelled(Exception):
    """Somebody asked for it to stop."""


def run_export(job_id: int, *, seconds: float | None = None) -> bool:
    """Go on with an export, if no other worker has it.

    Args:
        job_id: which.
        seconds: hand it on after about this time.

    Returns:
        Whether something of it is left to do.
    """
    until = None if seconds is None else time.monotonic() + seconds
    job = _claim(job_id)
    if job is None:
        return False
    try:
        with _locked(job) as is_locked:
            return is_locked and _run(job, until)
    except LostClaim:
        _leave(job)
    except _Cancelled:
        _end(job, _State.CANCELLED)
    except BucketAway:
        # It waits, as far as it is; the sweep of what waits goes on with it when the bucket is back.
        with suppress(LostClaim):
            _hand_on(job)
    except (OriginalMissing, VersionDamaged, BadOptions, BadTemplate) as error:
        _end(job, _State.FAILED, _sentence_of(error))
    except (OSError, DatabaseError) as error:
        # Who cancels or deletes it takes the files away under whoever writes them.
        if not _held(job).exists():
            _leave(job)
        elif is_disk_full(error):
            logger.warning("The disk is full: export %d was stopped.", job.pk)
            remove_files(job)  # first: the database may want the room
            _end(job, _State.FAILED, _no_room(job))
        else:
            raise
    return False


def find_waiting_exports() -> list[int]:
    """Return the exports that wait for a worker, or lost theirs."""
    return list(ExportJob.objects.all().claimable().order_by("pk").values_list("pk", flat=True))


def _claim(job_id: int) -> ExportJob | None:
    claimed = (
        ExportJob.objects.filter(pk=job_id)
        .claimable()
        .update(
            deaths=F("deaths") + Case(When(state=_State.RUNNING, then=1), default=0),
            state=_State.RUNNING,
            lease_until=Now() + LEASE,
            attempts=F("attempts") + 1,
            began_at=Coalesce("began_at", Now()),
        )
    )
    if not claimed:
        return None
    job = ExportJob.objects.select_related("dataset", "version").filter(pk=job_id).first()
    if job is None or job.deaths < MOST_DEATHS:
        return job
    _end(job, _State.FAILED, _("Workers ended over this export again and again. Look into the log for why."))
    return None


@contextmanager
def _locked(job: ExportJob) -> Iterator[bool]:
    """Hold the folder; where a slow worker still has it, the export waits for another time."""
    folder = folder_of(job)
    make_folder(folder)
    with (folder / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _hand_on(job)
            yield False
            return
        yield True


def _run(job: ExportJob, until: float | None) -> bool:
    plan = ExportPlan.of_job(job)
    if job.attempts == 1:
        leave_room(folder_of(job), plan.byte_size)
    _take_back(job, plan)
    archives = Build(plan, folder_of(job), lambda done: _pulse(job, done)).run(until)
    if archives is None:
        _hand_on(job)
        return True
    _finish(job, plan, archives)
    return False


def _pulse(job: ExportJob, done: int) -> None:
    """Note how far it is; stop where it is not this worker's any more, or nobody wants it, or the disk is full."""
    facts: dict[str, int] = {"deaths": 0} if done > job.done else {}
    job.done = max(done, job.done)
    if not _held(job).update(done=job.done, lease_until=Now() + LEASE, **facts):
        raise LostClaim
    if _held(job).filter(cancel_asked_at__isnull=False).exists():
        raise _Cancelled
    leave_room(folder_of(job), _SOME_BYTES)
    tell_export(job.pk)


def _take_back(job: ExportJob, plan: ExportPlan) -> None:
    """Give archives the names that they have while they are written, where a worker died before it offered them."""
    for number in range(1, plan.layout.part_count + 1):
        named, part = folder_of(job) / plan.file_name(number), folder_of(job) / f"{number}.part"
        if named.exists() and not part.exists():
            named.replace(part)


def _finish(job: ExportJob, plan: ExportPlan, archives: list[BuiltArchive]) -> None:
    """Give the archives their names, and offer them; from then on they are all there and whole."""
    if _held(job).filter(cancel_asked_at__isnull=False).exists():
        raise _Cancelled
    rows = []
    for archive in archives:
        name = plan.file_name(archive.number)
        archive.path.replace(folder_of(job) / name)
        rows.append(
            ExportArchive(
                job=job,
                number=archive.number,
                file_name=name,
                images=archive.images,
                size=archive.size,
                sha256=archive.sha256,
            )
        )
    try:
        with transaction.atomic():
            _note_end(job, _State.DONE, done=job.total, expires_at=Now() + timedelta(days=settings.EXPORT_DAYS))
            ExportArchive.objects.bulk_create(rows)
    except IntegrityError as error:  # its dataset was deleted meanwhile
        raise LostClaim from error
    # Only now: who goes on after a death believes the notes that lie beside the archives.
    names = {row.file_name for row in rows}
    for path in folder_of(job).iterdir():
        if path.name not in {*names, "lock"}:
            path.unlink(missing_ok=True)
    tell_export(job.pk)


def _end(job: ExportJob, state: str, error: str = "") -> None:
    """Note an end without archives; nothing that is half there stays."""
    try:
        _note_end(job, state, error=error)
    except LostClaim:
        _leave(job)
        return
    # After that: the files are another worker's by now where it has lost its claim.
    remove_files(job)
    tell_export(job.pk)


def _leave(job: ExportJob) -> None:
    """Let go of what is not this worker's any more; the files of an export that is gone are nobody's."""
    if not ExportJob.objects.filter(key=job.key).exists():
        remove_files(job)


def _note_end(job: ExportJob, state: str, **facts: object) -> None:
    if not _held(job).update(state=state, lease_until=None, finished_at=timezone.now(), **facts):
        raise LostClaim


def _hand_on(job: ExportJob) -> None:
    if not _held(job).update(state=_State.WAITING, lease_until=None):
        raise LostClaim


def _held(job: ExportJob) -> QuerySet[ExportJob]:
    return ExportJob.objects.filter(pk=job.pk, state=_State.RUNNING, attempts=job.attempts)


def _no_room(job: ExportJob) -> str:
    size = decimal_size(ExportPlan.of_job(job).byte_size)
    return _(
        "The server’s disk is full: this export takes about %(size)s. Make room, for example by deleting exports that "
        "nobody needs, then start it again."
    ) % {"size": size}


def _sentence_of(error: Exception) -> str:
    if isinstance(error, OriginalMissing):
        return str(error)
    if isinstance(error, VersionDamaged):
        return _("A part of this version is not in the database any more. Export another version.")
    return _("This export was asked for in a way that the program does not know any more. Start a new one.")
