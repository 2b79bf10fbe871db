"""Who is here, on which image, and whose image it is: rows that end by themselves.

An open page is one row. It says that it is still there every few seconds; the first one that does something on an image
holds it, as long as it goes on doing something. Holding is a courtesy: whoever is on the same image may edit it, too.
All moments are the database's. Each step is one conditional write; that an image is held once is the constraint
`claim_image_held_once`, which decides who was first.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from datasets.models import Dataset, Image
from sessions_app.messages import HoldTaken, PeopleTouched, desk_group
from sessions_app.models import Claim
from sessions_app.queries.people import name_of
from tagger_project.live import publish

# A page that is visible says every 15 seconds that it is there.
SEEN = timedelta(seconds=45)
HELD = timedelta(seconds=60)
# A page that left may only be loading anew.
GRACE = timedelta(seconds=3)
_AT_ONCE = 20
_ATTEMPTS = 25


class ForeignTab(Exception):
    """The page gives the number of somebody else's page; it should make a new one."""


def be_here(dataset: Dataset, tab: uuid.UUID, *, image: Image | None, is_active: bool, by: User | None) -> Claim:
    """Note that a page is in a dataset, on an image or on none; returns its row.

    Args:
        dataset: where it is.
        tab: the page.
        image: the image it shows.
        is_active: whether something is being done there: only that holds an image.
        by: whose page it is.

    Raises:
        ForeignTab: the page is somebody else's.
    """
    claim, has_changed = _come(dataset, tab, image, by)
    if image is not None and is_active:
        has_changed |= _hold(claim, image.pk)
    if has_changed:
        _tell(dataset.pk)
    try:
        claim.refresh_from_db()
    except Claim.DoesNotExist:
        # Its time was over, and others forgot it meanwhile: it comes again.
        return be_here(dataset, tab, image=image, is_active=is_active, by=by)
    return claim


def leave(tab: uuid.UUID, *, by: User | None = None) -> None:
    """Let a page's row end in a few seconds; a page that only loads anew says in time that it is there."""
    _end(Claim.objects.filter(tab=tab, person=by))


def leave_all(dataset_id: int, pages: Collection[tuple[str, int | None]]) -> None:
    """Let the rows of many pages end in a few seconds.

    Args:
        dataset_id: where they were.
        pages: the tab of each, and the number of the person whose page it is.
    """
    rows = Claim.objects.filter(dataset=dataset_id, tab__in=[tab for tab, _person in pages])
    theirs = [pk for pk, tab, person in rows.values_list("pk", "tab", "person") if (str(tab), person) in pages]
    if theirs:
        _end(Claim.objects.filter(pk__in=theirs))


def _end(rows: QuerySet[Claim]) -> None:
    rows.filter(seen_until__gt=Now() + GRACE).update(seen_until=Now() + GRACE)


def take_over(dataset: Dataset, tab: uuid.UUID, image: Image, *, by: User | None) -> Claim:
    """Hold an image whoever held it before; they are told by whom it was taken.

    Raises:
        ForeignTab: the page is somebody else's.
    """
    claim, _has_changed = _come(dataset, tab, image, by)
    others = Claim.objects.filter(image=image, held_since__isnull=False).exclude(pk=claim.pk)
    holder = _living(others).first()
    for _attempt in range(_ATTEMPTS):
        others.update(held_since=None, held_until=None)
        if _try_to_hold(claim, image.pk):
            break
    try:
        claim.refresh_from_db()
    except Claim.DoesNotExist:
        return take_over(dataset, tab, image, by=by)
    _tell(dataset.pk)
    if holder is not None and claim.held_since is not None:
        taken = HoldTaken(
            dataset_id=dataset.pk,
            image=image.pk,
            tab=str(holder.tab),
            person=holder.person_id,
            name=name_of(claim),
        )
        transaction.on_commit(partial(publish, desk_group(dataset.pk), taken))
    return claim


def take_next_free(
    dataset: Dataset, tab: uuid.UUID, candidates: Sequence[QuerySet[Image]], *, by: User | None
) -> int | None:
    """Hold the first image of the candidates that no other page holds; two pages never get the same one.

    Args:
        dataset: where the page is.
        tab: the page.
        candidates: images in order; the second list is looked at when the first has none that is free, and so on.
        by: whose page it is.

    Returns:
        The image's number; `None` where none is free, or where others were quicker each time.

    Raises:
        ForeignTab: the page is somebody else's.
    """
    claim, _has_changed = _come(dataset, tab, None, by, is_staying=True)
    for images in candidates:
        for _attempt in range(_ATTEMPTS):
            free = list(images.filter(~Exists(_held_by_others(claim))).values_list("pk", flat=True)[:_AT_ONCE])
            if not free:
                break
            for image_id in free:
                if not _try_to_hold(claim, image_id):
                    continue
                _tell(dataset.pk)
                # Between looking and holding somebody may have tagged it, put it into the trash and gone on.
                if images.filter(pk=image_id).exists():
                    return image_id
                Claim.objects.filter(pk=claim.pk).update(image=None, held_since=None, held_until=None)
    return None


def _held_by_others(claim: Claim) -> QuerySet[Claim]:
    return _living(Claim.objects.filter(image=OuterRef("pk"))).exclude(pk=claim.pk)


def _living(holds: QuerySet[Claim]) -> QuerySet[Claim]:
    return holds.filter(held_since__isnull=False, held_until__gt=Now(), seen_until__gt=Now())


def _come(
    dataset: Dataset, tab: uuid.UUID, image: Image | None, by: User | None, *, is_staying: bool = False
) -> tuple[Claim, bool]:
    """Return the page's row, with whether anybody else sees a difference."""
    mine = Claim.objects.filter(tab=tab, person=by)
    claim = mine.filter(dataset=dataset, seen_until__gt=Now()).first()
    if claim is None:
        # Others have forgotten it: its number may be a new guest's, its image somebody else's.
        mine.filter(Q(seen_until__lte=Now()) | ~Q(dataset=dataset)).delete()
        return _arrive(dataset, tab, image, by), True
    image_id = image.pk if image is not None else None
    if is_staying or claim.image_id == image_id:
        mine.update(seen_until=Now() + SEEN)
        return claim, False
    mine.update(seen_until=Now() + SEEN, image=image, held_since=None, held_until=None)
    return claim, True


def _arrive(dataset: Dataset, tab: uuid.UUID, image: Image | None, by: User | None) -> Claim:
    try:
        with transaction.atomic():
            # Two who come at once get two numbers.
            Dataset.objects.select_for_update().filter(pk=dataset.pk).first()
            here = Claim.objects.filter(dataset=dataset)
            here.filter(seen_until__lte=Now()).delete()
            taken = set(here.filter(person=None).values_list("guest", flat=True))
            guest = next(number for number in range(1, len(taken) + 2) if number not in taken) if by is None else 0
            return Claim.objects.create(
                tab=tab, dataset=dataset, person=by, guest=guest, image=image, seen_until=Now() + SEEN
            )
    except IntegrityError as error:
        # The same page said so twice at once; else the number is another person's.
        claim = Claim.objects.filter(tab=tab, person=by, dataset=dataset).first()
        if claim is None:
            raise ForeignTab(_("This page is open under another name. Load it again.")) from error
        return claim


def _hold(claim: Claim, image_id: int) -> bool:
    """Hold an image if nobody else does; returns whether anybody sees a difference."""
    held = _living(Claim.objects.filter(pk=claim.pk, image=image_id)).update(held_until=Now() + HELD)
    return not held and _try_to_hold(claim, image_id)


def _try_to_hold(claim: Claim, image_id: int) -> bool:
    ended = Q(held_until__lte=Now()) | Q(seen_until__lte=Now())
    Claim.objects.filter(ended, image=image_id, held_since__isnull=False).exclude(pk=claim.pk).update(
        held_since=None, held_until=None
    )
    try:
        with transaction.atomic():
            return bool(
                Claim.objects.filter(pk=claim.pk).update(
                    image=image_id, held_since=Now(), held_until=Now() + HELD, seen_until=Now() + SEEN
                )
            )
    except IntegrityError:
        return False  # somebody else holds it, or it was deleted for ever


def _tell(dataset_id: int) -> None:
    transaction.on_commit(partial(publish, desk_group(dataset_id), PeopleTouched(dataset_id=dataset_id)))
