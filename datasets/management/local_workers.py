"""Read pictures without the server: the same services, in a process per core."""

from __future__ import annotations

import os
import resource
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from django.conf import settings
from django.utils import timezone

from datasets.models import ImportItem
from datasets.services.processing import LEASE, process_item


def process_here(job_id: int, *, workers: int) -> None:
    """Take every received file of an import to its end.

    A picture that ends a worker process is tried again with the others' help, and refused after the third time.

    Args:
        job_id: the import.
        workers: processes; 0 means one a core.
    """
    while item_ids := _open_items(job_id):
        try:
            with ProcessPoolExecutor(
                workers or os.cpu_count() or 1, mp_context=get_context("spawn"), initializer=_set_up
            ) as pool:
                for _ in pool.map(process_item, item_ids, chunksize=1):
                    pass
        except BrokenProcessPool:
            _release_claims(job_id)


def _open_items(job_id: int) -> list[int]:
    states = (ImportItem.State.RECEIVED, ImportItem.State.PROCESSING)
    items = ImportItem.objects.filter(job=job_id, state__in=states)
    return list(items.order_by("pk").values_list("pk", flat=True))


def _release_claims(job_id: int) -> None:
    """The processes that held these are dead."""
    ImportItem.objects.filter(job=job_id, state=ImportItem.State.PROCESSING).update(lease_until=timezone.now() - LEASE)


def _set_up() -> None:
    import django

    django.setup()
    limit = settings.WORKER_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
