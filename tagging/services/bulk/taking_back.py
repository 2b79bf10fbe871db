"""Take a change back on images where nobody touched its words since: in a few statements, whatever their number.

What the statements cannot be sure of is left to `tagging.services.undoing`, which looks at every word; where both can
do it they do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib.auth.models import User

from tagging.models import Change, Source
from tagging.services.bulk import statements
from tagging.services.bulk.carrying_out import carry_out_log, mark_changed, newest_operation
from tagging.services.bulk.statements import execute, read_numbers


def take_back_untouched(
    change: Change, image_ids: Sequence[int], *, since: int, entry: Callable[[], Change], by: User | None
) -> tuple[set[int], int]:
    """Take a change back where that is a matter of course.

    To be called inside a transaction that holds the dataset's row.

    Args:
        change: which.
        image_ids: on which images; those in the trash are among them.
        since: the first operation of the change, or an earlier one.
        entry: gives the entry of the history that takes back, once there is something for it.
        by: who.

    Returns:
        The images that are done, and how many operations were taken back; the other images are to be looked at.
    """
    facts = {"change": change.pk, "since": since}
    there = set(read_numbers(statements.PRESENT, ids=image_ids))
    open_questions = read_numbers(statements.TO_LOOK_AT, ids=sorted(there), **facts)
    ids = sorted(there.difference(open_questions))
    if not ids:
        return set(), 0
    undo, newest = entry(), newest_operation()
    taken_back = execute(statements.TAKE_BACK, ids=ids, undo=undo.pk, **facts)
    carry_out_log(undo, newest, source=Source.PERSON, by=by)
    mark_changed(undo, newest, by=by)
    return set(ids), taken_back
