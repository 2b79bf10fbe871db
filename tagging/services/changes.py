"""What every write of words leaves behind: an entry in the history, and images that are known to have changed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User
from django.db.models import Case, Expression, F, Q, Subquery, Value, When

from datasets.models import Dataset, Image, ReviewState
from tagging.models import Change, Source
from tagging.queries.numbers_in import is_one_of
from tagging.services.reviewing import note_edits


def open_change(
    key: uuid.UUID,
    dataset_id: int,
    *,
    by: User | None,
    source: Source,
    reason: str = "",
    undoes: Change | None = None,
    is_new: bool = False,
) -> Change:
    """Return the history entry of this key, making it if it is new: parts of one action may arrive one by one.

    To be called inside a transaction that holds the dataset's row. With `is_new` nobody has this key yet: it was made
    just now.
    """
    facts = {"dataset_id": dataset_id, "source": source, "done_by": by, "reason": reason, "undoes": undoes}
    there = None if is_new else Change.objects.filter(key=key).first()
    if there is None:
        return Change.objects.create(key=key, **facts)
    undoes_id = undoes.pk if undoes else None
    if (there.dataset_id, there.done_by, there.source, there.undoes_id) == (dataset_id, by, source, undoes_id):
        return there
    # Nobody adds to what somebody else did, or did elsewhere, by sending its key; nor an edit to an undo.
    return Change.objects.create(key=uuid.uuid4(), **facts)


def mark_edited(
    image_ids: Sequence[int],
    dataset_id: int,
    *,
    is_tagged: bool,
    by: User | None = None,
    states: Mapping[int, str] | None = None,
) -> None:
    """Count an edit on images that have words now, or have none; what was approved is only ready again.

    To be called inside a transaction, after `touch_dataset`. `states` are the images' review states where they were
    read in this transaction already.
    """
    note_edits(image_ids, is_tagged=is_tagged, by=by, states=states)
    Image.everything.filter(is_one_of("pk", image_ids)).update(
        revision=F("revision") + 1,
        is_tagged=is_tagged,
        changed_at_revision=Subquery(Dataset.objects.filter(pk=dataset_id).values("revision")),
        review_state=_state_after_edit() if is_tagged else Value(ReviewState.UNTAGGED),
    )


def _state_after_edit() -> Expression:
    return Case(
        When(review_state=ReviewState.APPROVED, then=Value(ReviewState.READY)),
        When(
            Q(review_state=ReviewState.UNTAGGED) | Q(review_state=ReviewState.CHANGES_REQUESTED),
            then=Value(ReviewState.IN_PROGRESS),
        ),
        default=F("review_state"),
    )
