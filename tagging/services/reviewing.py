"""Reviews: how far an image is in the eyes of the people who tag and review, step by step.

Edits move an image by themselves (`tagging.services.changes.mark_edited`): words make it “in progress”, without any it
is “untagged”, and what was approved or sent back is to be looked at again. The steps here are those that a person
decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from datasets.models import Image, ReviewState
from datasets.services.datasets import get_revision, touch_dataset
from tagging.models import Review
from tagging.queries.numbers_in import is_one_of
from tagging.queries.state import ImageState, get_image_state

LONGEST_REASON = 2000

# What a person may make of an image in each state. What has no words is moved by words only.
DECISIONS: dict[ReviewState, tuple[ReviewState, ...]] = {
    ReviewState.UNTAGGED: (),
    ReviewState.IN_PROGRESS: (ReviewState.READY,),
    ReviewState.READY: (ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.IN_PROGRESS),
    ReviewState.APPROVED: (ReviewState.CHANGES_REQUESTED,),
    ReviewState.CHANGES_REQUESTED: (ReviewState.READY,),
}


class ReviewRefused(Exception):
    """The step lacks something that the person can give; the text is a sentence."""


class ReviewMovedOn(Exception):
    """The image is in a state from which this step does not lead; the text is a sentence."""


@transaction.atomic
def set_review(
    image: Image, state: ReviewState, *, reason: str = "", key: uuid.UUID | None = None, by: User | None
) -> ImageState:
    """Take an image one step on, and return its words and state afterwards.

    Two people who decide at once come one after the other: the second one's step counts where it leads on from the
    first one's, and is refused where it does not. A step to where the image is already changes nothing.

    Args:
        image: which.
        state: where to.
        reason: why; changes are not asked for without one.
        key: made where it was decided: the same decision sent twice counts once.
        by: who.

    Raises:
        ReviewRefused: the image has no words yet, changes are asked for without a reason, or the key is that of a step
            of another image.
        ReviewMovedOn: no step leads there from where the image is by now.
        Image.DoesNotExist: the image was deleted for ever meanwhile.
    """
    reason = _checked_reason(state, reason)
    # Holds the dataset's row: edits and reviews of one dataset come one after the other.
    touch_dataset(image.dataset_id)
    now = ReviewState(Image.everything.values_list("review_state", flat=True).get(pk=image.pk))
    if now != state and not _is_known(image, key):
        _check_step(now, state)
        Image.everything.filter(pk=image.pk, review_state=now).update(
            review_state=state, revision=F("revision") + 1, changed_at_revision=get_revision(image.dataset_id)
        )
        Review.objects.create(image_id=image.pk, state=state, reason=reason, done_by=by, key=key)
    return get_image_state(image)


def _is_known(image: Image, key: uuid.UUID | None) -> bool:
    """Whether a decision was made before, by its key."""
    made = list(Review.objects.filter(key=key).values_list("image", flat=True)) if key else []
    if made and made != [image.pk]:
        raise ReviewRefused(_("Something else was done with this key. Ask again with a new one."))
    return bool(made)


def note_edits(
    image_ids: Sequence[int], *, is_tagged: bool, by: User | None, states: Mapping[int, str] | None = None
) -> None:
    """Write down what an edit makes of images that were reviewed; to be called before it is made of them.

    The steps between “untagged” and “in progress” are not written down: the words tell them.

    Args:
        image_ids: the images.
        is_tagged: whether they have words after the edit.
        by: who edits.
        states: the images' states, where they are known.
    """
    decided = {ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, *(() if is_tagged else (ReviewState.READY,))}
    if states is None:
        reviewed = Image.everything.filter(is_one_of("pk", image_ids), review_state__in=decided)
        states = dict(reviewed.values_list("pk", "review_state"))
    Review.objects.bulk_create(
        Review(image_id=pk, state=_state_after_edit(state, is_tagged=is_tagged), reason=_why(state), done_by=by)
        for pk, state in states.items()
        if state in decided
    )


def _state_after_edit(state: str, *, is_tagged: bool) -> ReviewState:
    if not is_tagged:
        return ReviewState.UNTAGGED
    return ReviewState.READY if state == ReviewState.APPROVED else ReviewState.IN_PROGRESS


def _why(state: str) -> str:
    if state == ReviewState.APPROVED:
        return _("Edited after it was approved.")
    return _("Edited after changes were requested.") if state == ReviewState.CHANGES_REQUESTED else _("Edited.")


def _checked_reason(state: ReviewState, reason: str) -> str:
    # NUL and half an emoji can be typed into JSON, but no database stores them.
    text = reason.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()
    if state == ReviewState.CHANGES_REQUESTED and not text:
        raise ReviewRefused(_("Say what should change: one sentence is enough."))
    if len(text) > LONGEST_REASON:
        raise ReviewRefused(
            _("The reason has %(count)d characters; %(limit)d are kept. Shorten it.")
            % {"count": len(text), "limit": LONGEST_REASON}
        )
    return text


def _check_step(now: ReviewState, state: ReviewState) -> None:
    if now == ReviewState.UNTAGGED:
        raise ReviewRefused(_("This picture has neither a tag nor a caption yet. Give it words first."))
    if state not in DECISIONS[now]:
        raise ReviewMovedOn(
            _("This picture is “%(now)s” by now, and from there it cannot become “%(state)s”.")
            % {"now": now.label, "state": state.label}
        )
