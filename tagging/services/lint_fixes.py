"""Mend what lint found: in one click, as one entry of the history."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from datasets.models import Dataset
from tagging.linting.findings import Mending
from tagging.models import BulkJob
from tagging.queries.lint_sentences import reason_of
from tagging.queries.linting import find_fix
from tagging.services.bulk.actions import Action
from tagging.services.bulk.jobs import find_started, start_action
from tagging.services.bulk.targets import Target
from tagging.trainers.options import ExportOptions


class NothingToMend(Exception):
    """What was to be mended is not there any more, or only changes options; the text is a sentence."""


def start_fix(
    dataset: Dataset, options: ExportOptions, *, rule: str, fix: str, key: uuid.UUID, by: User | None
) -> BulkJob:
    """Return the job that mends a finding on all images that it shows now; asked again with its key, it is the same.

    Args:
        dataset: whose words.
        options: what the export would be made by.
        rule: the id of the finding's rule.
        fix: the id of its fix.
        key: made where it was asked for, unique for ever.
        by: who asks.

    Raises:
        NothingToMend: there is no such finding any more, or its fix changes nothing that is stored.
        BulkRefused, TagRefused, PatternRefused: it cannot be done as it is.
        KeyTaken: the key is that of something else.
    """
    if there := find_started(key, dataset.pk, by):
        return there
    found = find_fix(dataset, options, rule, fix)
    if found is None or found[1].mending is None or found[0].filter is None:
        raise NothingToMend(_("There is nothing left to mend here. Look at the list again."))
    action = _action(found[1].mending, reason_of(found[1]) if not found[1].mending.without_twins else "")
    return start_action(dataset, Target(filter=found[0].filter), action, key=key, by=by)


def _action(mending: Mending, why: str) -> Action:
    if mending.without_twins:
        return Action("deduplicate")
    return Action(
        "mend", renames=mending.renames, pattern=mending.pattern, replacement=mending.replacement, why=why
    )  # fmt: skip
