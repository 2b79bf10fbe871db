"""What a process of `local_workers` runs. Nothing of Django is imported before `set_up` made it ready."""

from __future__ import annotations

import resource


def set_up() -> None:
    """Make Django ready and bound this process's memory."""
    import django

    django.setup()
    from django.conf import settings

    limit = settings.WORKER_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def process(item_id: int) -> str:
    """Take one received file to its end; returns its state."""
    from datasets.services.processing import process_item

    return process_item(item_id)
