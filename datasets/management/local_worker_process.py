"""What a process of `local_workers` runs. Nothing of Django is imported before `set_up` made it ready."""

from __future__ import annotations


def set_up() -> None:
    """Make Django ready."""
    import django

    django.setup()


def process(item_ids: list[int]) -> None:
    """Take received files to their end."""
    from datasets.services.processing import process_items

    process_items(item_ids)
