"""Tell open pages, after the commit, that an import moved on."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from datasets.messages import ImportTouched, import_group
from tagger_project.live import publish


def tell_import(job_id: int) -> None:
    """Tell the pages that follow an import, after the commit, to read again where it stands."""
    transaction.on_commit(partial(publish, import_group(job_id), ImportTouched(import_id=job_id)))
