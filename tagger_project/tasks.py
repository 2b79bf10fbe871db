"""Celery's door to what the project itself keeps."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from tagger_project.accounts import letters
from tagger_project.api.idempotency import sweep_kept_answers as sweep
from tagger_project.full_disk import full_disk_is_told

logger = logging.getLogger(__name__)


@shared_task(name="tagger_project.sweep_kept_answers")
def sweep_kept_answers(**_: Any) -> None:
    """Delete the answers whose day is over."""
    with full_disk_is_told(logger, "old answers stay until there is room."):
        sweep()


@shared_task(name="tagger_project.send_reset_letter")
def send_reset_letter(*, email: str, scheme: str, host: str, **_: Any) -> None:
    """Send what resets a lost password."""
    letters.send_reset_letter(email, scheme=scheme, host=host)
