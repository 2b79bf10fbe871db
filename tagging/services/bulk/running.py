"""Do jobs, a batch of images at a time, whichever worker has them.

The row is the record of the work. A batch, the job's count of it and the lease of whoever does it are one transaction:
of a batch that a worker died over nothing is there, and the next one goes on behind the last that is.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from datasets.models import Dataset
from datasets.services.datasets import touch_dataset
from tagging.models import BulkJob, Change, Source
from tagging.services.bulk.actions import Action
from tagging.services.bulk.carrying_out import Doing, carry_out
from tagging.services.bulk.describing import describe
from tagging.services.bulk.patterns import PatternRefused
from tagging.services.bulk.targets import keep_present
from tagging.services.bulk.telling import tell_job
from tagging.services.changes import open_change
from tagging.services.undoing import LeftAlone, NothingToUndo, Undoing, Undone, begin_undo
from tagging.signals import text_lengths_wanted

LEASE = timedelta(seconds=30)
# Workers that end with the same images in hand: after so many the job is stopped.
MOST_DEATHS = 3
# A batch holds the dataset's row: others who write wait for it about so long.
_SECONDS_A_BATCH = 0.6
_FIRST_BATCH = 2_000
_SMALLEST_BATCH, _LARGEST_BATCH = 50, 10_000
# On PostgreSQL others who write stand in line and get their turn between two batches. On SQLite nobody stands in line:
# who waits looks again every tenth of a second, and has to find nobody there soon.
_BREATH = {"sqlite": 0.06}

_State = BulkJob.State


class LostClaim(Exception):
    """The lease ran out and another worker has the job, or it has ended."""


def run_job(job_id: int, *, seconds: float | None = None) -> bool:
    """Go on with a job, if no other worker has it.

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
        return _run(job, until)
    except LostClaim:
        return False
    except (PatternRefused, NothingToUndo) as error:
        _end(job, _State.FAILED, str(error))
        return False


def find_waiting() -> list[int]:
    """Return the jobs that wait for a worker, or lost theirs."""
    return list(BulkJob.objects.all().claimable().order_by("pk").values_list("pk", flat=True))


def _claim(job_id: int) -> BulkJob | None:
    claimable = BulkJob.objects.filter(pk=job_id).claimable()
    claimed = claimable.update(
        deaths=F("deaths") + Case(When(state=_State.RUNNING, then=1), default=0),
        state=_State.RUNNING,
        lease_until=Now() + LEASE,
        attempts=F("attempts") + 1,
        began_at=Coalesce("began_at", Now()),
    )
    if not claimed:
        return None
    job = BulkJob.objects.select_related("change", "started_by", "undoes").get(pk=job_id)
    if job.deaths < MOST_DEATHS:
        return job
    _end(job, _State.FAILED, _("Workers ended over these pictures again and again. The rest was left as it is."))
    return None


def _run(job: BulkJob, until: float | None) -> bool:
    """Do one batch after the other; returns whether something is left."""
    images, size = job.images, _FIRST_BATCH
    undoing = _resume_undo(job, job.undoes) if job.undoes is not None else None
    while job.done < len(images):
        if _is_cancel_asked(job):
            _end(job, _State.CANCELLED)
            return False
        if until is not None and time.monotonic() > until:
            _hand_on(job)
            return True
        part = list(images[job.done : job.done + size])
        began = time.monotonic()
        if undoing is None:
            _do_batch(job, part)
        else:
            _undo_batch(job, undoing, part)
        took = time.monotonic() - began
        size = min(_LARGEST_BATCH, max(_SMALLEST_BATCH, int(size * min(4.0, _SECONDS_A_BATCH / max(took, 0.001)))))
        time.sleep(_BREATH.get(connection.vendor, 0.0) if job.done < len(images) else 0.0)
    if undoing is not None:
        undoing.check_something()
    _end(job, _State.DONE)
    return False


@transaction.atomic
def _do_batch(job: BulkJob, part: list[int]) -> None:
    # Holds the dataset's row: two workers on one job come one after the other, and the second finds its claim lost.
    touch_dataset(job.dataset_id)
    _check_held(job)
    action, by = Action.from_json(job.action), job.started_by
    present = keep_present(job.dataset_id, part)
    change = job.change or open_change(
        job.key, job.dataset_id, by=by, source=Source.BULK, reason=describe(action), is_new=True
    )
    until = time.monotonic() + _SECONDS_A_BATCH
    handled, changed = carry_out(Doing(action, change, by), present, until=until)
    if not changed and job.change is None:
        change.delete()  # an entry without anything in it is none
    else:
        job.change = change
    looked_at = len(part) if handled == len(present) else part.index(present[handled])
    _count(job, looked_at, changed)


@transaction.atomic
def _undo_batch(job: BulkJob, undoing: Undoing, part: list[int]) -> None:
    touch_dataset(job.dataset_id)
    _check_held(job)
    before = undoing.done.images
    undoing.undo_on(part)
    job.change = undoing.done.change
    job.undone = {name: value for name, value in asdict(_without_change(undoing.done)).items() if name != "change"}
    _count(job, len(part), undoing.done.images - before)


def _without_change(done: Undone) -> Undone:
    return Undone(None, done.images, done.reverted, done.left, done.left_images, done.kept)


def _resume_undo(job: BulkJob, change: Change) -> Undoing:
    undoing = begin_undo(change, by=job.started_by, key=job.key)
    if job.undone:
        facts = dict(job.undone)
        kept = [LeftAlone(**each) for each in facts.pop("kept")]
        undoing.done = Undone(change=undoing.done.change, kept=kept, **facts)
    return undoing


def _count(job: BulkJob, looked_at: int, changed: int) -> None:
    job.done, job.changed = job.done + looked_at, job.changed + changed
    counted = _held(job).update(
        done=job.done,
        changed=job.changed,
        change=job.change,
        undone=job.undone,
        deaths=0,
        lease_until=Now() + LEASE,
    )
    if not counted:
        raise LostClaim
    transaction.on_commit(partial(tell_job, job.pk))


def _held(job: BulkJob) -> QuerySet[BulkJob]:
    return BulkJob.objects.filter(pk=job.pk, state=_State.RUNNING, attempts=job.attempts)


def _check_held(job: BulkJob) -> None:
    if not _held(job).exists():
        raise LostClaim


def _is_cancel_asked(job: BulkJob) -> bool:
    return _held(job).filter(cancel_asked_at__isnull=False).exists()


def _hand_on(job: BulkJob) -> None:
    if not _held(job).update(state=_State.WAITING, lease_until=None):
        raise LostClaim


def _end(job: BulkJob, state: str, error: str = "") -> None:
    """Note the end of a job; its list of images goes."""
    ended = _held(job).update(state=state, error=error, lease_until=None, finished_at=Now(), image_ids=None)
    if ended:
        tell_job(job.pk)
        text_lengths_wanted.send(Dataset, dataset_id=job.dataset_id)
