"""Read pictures without the server: the same services, in a process per core."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from django.db.models import Sum

from datasets import remote
from datasets.management.local_worker_process import process, set_up
from datasets.models import ImportItem
from datasets.services.claims import release

logger = logging.getLogger(__name__)

_ITEMS_A_BATCH = 8


class WorkersCannotStart(Exception):
    """The processes end before they read anything; their own error output says why."""


def process_here(job_id: int, item_ids: Iterable[list[int]], *, workers: int) -> None:
    """Take files of an import to their end as they are copied in.

    A picture that ends a worker process is tried again, and refused after the third time.

    Args:
        job_id: the import.
        item_ids: numbers of received items, a few at a time.
        workers: processes; 0 means one a core.

    Raises:
        WorkersCannotStart: the processes end at once.
        BucketAway: there is one and it does not answer; the rest waits for the server, or for another time.
    """
    _run(item_ids, workers)
    attempts = -1
    while left := _open_items(job_id):
        remote.check_bucket()
        _release_claims(job_id)
        now = ImportItem.objects.filter(job=job_id).aggregate(sum=Sum("attempts"))["sum"]
        if now == attempts:
            raise WorkersCannotStart("The processes that read pictures end before they read one.")
        attempts = now
        _run([left], workers)


def _run(item_ids: Iterable[list[int]], workers: int) -> None:
    """Hand files to a fresh pool; where a picture breaks the pool, what is left stays open."""
    received = iter(item_ids)
    try:
        with ProcessPoolExecutor(
            workers or os.cpu_count() or 1, mp_context=get_context("spawn"), initializer=set_up
        ) as pool:
            for batch in _in_batches(received):
                pool.submit(process, batch).add_done_callback(_log_failure)
    except BrokenProcessPool:
        for _batch in received:
            pass  # the rest is still to be copied in; the next pool reads it


def _in_batches(batches: Iterator[list[int]]) -> Iterator[list[int]]:
    """Gather a few files: one is decoded while the one before is stored."""
    waiting: list[int] = []
    for batch in batches:
        waiting += batch
        while len(waiting) >= _ITEMS_A_BATCH:
            yield waiting[:_ITEMS_A_BATCH]
            waiting = waiting[_ITEMS_A_BATCH:]
    if waiting:
        yield waiting


def _log_failure(done: Future[None]) -> None:
    error = done.exception()
    if error is not None and not isinstance(error, BrokenProcessPool):
        logger.error("A file was not read to its end.", exc_info=error)


def _open_items(job_id: int) -> list[int]:
    states = (ImportItem.State.RECEIVED, ImportItem.State.PROCESSING)
    items = ImportItem.objects.filter(job=job_id, state__in=states)
    return list(items.order_by("pk").values_list("pk", flat=True))


def _release_claims(job_id: int) -> None:
    """The processes that held these are dead."""
    release(ImportItem.objects.filter(job=job_id))
