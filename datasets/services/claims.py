"""Who works on a file: claims with a lease, and the end of a file, which only the holder of the claim can note.

A claim is one conditional UPDATE; only who changed the row goes on. `attempts` tells one claim from the next: an end is
noted only under the claim it was reached with. Leases are given and compared by the database's clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from datasets import paths
from datasets.models import Image, ImportItem, ImportItemQuerySet
from datasets.services.pinning import remove_unless_pinned
from datasets.services.telling import tell_import

# How long a dead worker's file lies still, at most; a living one renews what it holds for longer.
LEASE = timedelta(seconds=30)


class LostClaim(Exception):
    """The lease ran out and another worker has the item, or it has its end already."""


def claim(item_id: int) -> ImportItem | None:
    """Claim a file that waits for a worker; `None` where another one was quicker or nothing is left to do."""
    claimed = (
        ImportItem.objects.filter(pk=item_id)
        .claimable()
        .update(state=ImportItem.State.PROCESSING, lease_until=Now() + LEASE, attempts=F("attempts") + 1)
    )
    if not claimed:
        return None
    return ImportItem.objects.select_related("job").get(pk=item_id)


def end(
    item: ImportItem,
    state: ImportItem.State,
    *,
    image: Image | None = None,
    reason: str = "",
    detail: str = "",
    keep_bytes: bool = False,
) -> str:
    """Note a claimed file's end; its part file goes after the commit. To be called inside a transaction.

    Args:
        item: as `claim` returned it.
        state: its end.
        image: the image it became or turned out to be.
        reason: a name of `datasets.reasons.Reason`.
        detail: what the reason's sentence needs.
        keep_bytes: the part file stays: something else still reads it, or the file can be tried again.

    Returns:
        The state.

    Raises:
        LostClaim: this claim is not held any more; the transaction has to be undone.
    """
    ended = _held(item).update(
        state=state,
        image=image if image is not None else F("image"),
        reason=reason,
        detail=detail.replace("\x00", "\ufffd"),
        lease_until=None,
        finished_at=timezone.now(),
    )
    if not ended:
        raise LostClaim
    if not keep_bytes:
        transaction.on_commit(remove_part(item.pk))
    tell_import(item.job_id)
    return str(state)


def hand_on(item: ImportItem) -> str:
    """Leave the rest of a long work to the next worker; returns the state.

    Raises:
        LostClaim: it is not held any more.
    """
    state = ImportItem.State.RECEIVED
    # A planned end is no worker's death: it counts among what `attempts` is not held against the file for.
    if not _held(item).update(state=state, lease_until=None, received_at=timezone.now(), deaths=F("deaths") + 1):
        raise LostClaim
    return str(state)


def give_back(item: ImportItem) -> bool:
    """Let a claimed file be taken again after it ended a decoder; returns whether the claim was still held."""
    given = _held(item).update(state=ImportItem.State.RECEIVED, lease_until=None, deaths=F("deaths") + 1)
    return bool(given)


def renew(item: ImportItem) -> None:
    """Hold a claim for longer: work of many steps says so at each of them.

    Raises:
        LostClaim: this claim is not held any more.
    """
    if not _held(item).update(lease_until=Now() + LEASE):
        raise LostClaim


def release(items: ImportItemQuerySet) -> None:
    """Take claims away whose holders are known to be dead; what is not claimed stays as it is."""
    items.filter(state=ImportItem.State.PROCESSING).update(lease_until=Now() - LEASE)


def _held(item: ImportItem) -> ImportItemQuerySet:
    return ImportItem.objects.filter(pk=item.pk, state=ImportItem.State.PROCESSING, attempts=item.attempts)


def remove_part(item_id: int) -> Callable[[], None]:
    """Return what removes a file's gathered bytes, for after a commit."""
    path = paths.incoming_path(settings.DATA_DIR, item_id)

    def remove() -> None:
        remove_unless_pinned(path)

    return remove
