"""What a process of `local_workers` runs. Nothing of Django is imported before `set_up` made it ready."""

from __future__ import annotations


def set_up() -> None:
    """Make Django ready."""
    import django

    django.setup()


def process(item_id: int) -> str:
    """Take one received file to its end; returns its state."""
    from datasets.services.processing import process_item

    return process_item(item_id)
