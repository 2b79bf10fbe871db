"""Walks: starting one, finishing it, and what became of each image on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets.models import Dataset, Image
from sessions_app.models import ImageVisit, TaggingSession
from sessions_app.queries.courses import walk_candidates
from tagging.filters.grammar import MOST_CHARACTERS
from tagging.text import one_line

LONGEST_NAME = 120
# As much as a filter may have at all.
LONGEST_FILTER = MOST_CHARACTERS
# More than an hour at one picture is a page that was left open.
_LONGEST_VISIT = 3600.0


class WalkRefused(ValueError):
    """What was asked for makes no walk; the text is a sentence, `field` says what of it is wrong."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Visit:
    """Some time at one image, in seconds of activity, and whether the person edited it."""

    image_id: int
    seconds: float
    is_edited: bool


def start_walk(dataset: Dataset, *, name: str, filter_text: str, order: str, by: User | None) -> TaggingSession:
    """Start a walk past the images that match a filter, in an order; an empty name is made from the filter.

    Raises:
        BadFilter: the filter cannot be read.
        WalkRefused: nothing matches it, or a text is too long.
    """
    filter_text = _as_stored(filter_text)
    if len(filter_text) > LONGEST_FILTER:
        raise WalkRefused(_("Shorten the filter to %d characters or fewer.") % LONGEST_FILTER, "filter")
    walk = TaggingSession(dataset=dataset, person=by, is_default=False, filter_text=filter_text, order=order)
    walk.name = _checked_name(name) or filter_text[:LONGEST_NAME] or _("All pictures")
    walk.total = walk_candidates(walk).count()
    if not walk.total:
        raise WalkRefused(
            _("No picture matches “%(filter)s”. Write less, or leave the filter empty for all pictures.")
            % {"filter": filter_text}
            if filter_text
            else _("This dataset has no pictures yet. Add some first."),
            "filter",
        )
    walk.save()
    return walk


def go_on_or_start_walk(
    dataset: Dataset, *, filter_text: str, order: str, by: User | None
) -> tuple[TaggingSession, bool]:
    """Return the open walk of this filter and order that was worked on last, else a new one; and whether it is new.

    Raises:
        BadFilter: the filter cannot be read.
        WalkRefused: nothing matches it, or it is too long.
    """
    open_ones = TaggingSession.objects.filter(
        dataset=dataset, person=by, is_default=False, finished_at=None, filter_text=_as_stored(filter_text), order=order
    )
    walk = open_ones.order_by("-last_active_at", "-pk").first()
    if walk is not None:
        return walk, False
    return start_walk(dataset, name="", filter_text=filter_text, order=order, by=by), True


def rename_walk(walk: TaggingSession, name: str) -> None:
    """Give a walk another name.

    Raises:
        WalkRefused: it is empty or too long.
    """
    walk.name = _checked_name(name)
    if not walk.name:
        raise WalkRefused(_("Give the session a name."), "name")
    walk.save(update_fields=["name"])


def finish_walk(walk: TaggingSession) -> None:
    """End a walk; its numbers stay as they are. One that is finished stays so."""
    TaggingSession.objects.filter(pk=walk.pk, finished_at=None).update(finished_at=timezone.now())
    walk.refresh_from_db(fields=["finished_at"])


def delete_walk(walk: TaggingSession) -> None:
    """Forget a walk and its visits; the images and their words stay."""
    walk.delete()


@transaction.atomic
def record_visits(walk: TaggingSession, visits: Iterable[Visit]) -> None:
    """Add time spent at images to a walk; an image that was edited once counts as tagged from then on.

    Images of other datasets, or deleted for ever, are left out: there is nothing to remember of them.
    """
    seconds: dict[int, float] = {}
    edited = set()
    for visit in visits:
        spent = min(max(visit.seconds, 0.0), _LONGEST_VISIT)
        seconds[visit.image_id] = seconds.get(visit.image_id, 0.0) + spent
        if visit.is_edited:
            edited.add(visit.image_id)
    images = Image.everything.filter(pk__in=seconds, dataset=walk.dataset_id)
    # In one order for everybody: two pages of one walk would wait for each other.
    positions = dict(images.order_by("pk").values_list("pk", "position"))
    known = set(walk.visits.filter(image__in=positions).values_list("image", flat=True))
    fresh = [
        ImageVisit(tagging_session=walk, image_id=image, position=position, outcome=_outcome(image, edited))
        for image, position in positions.items()
        if image not in known
    ]
    # Another page of the walk may have been faster: the time is added to whatever row is there then.
    ImageVisit.objects.bulk_create(fresh, ignore_conflicts=True)
    for image in positions:
        marks = {"outcome": ImageVisit.Outcome.TAGGED} if image in edited else {}
        walk.visits.filter(image=image).update(
            seconds=F("seconds") + seconds[image], visited_at=timezone.now(), **marks
        )


def _outcome(image: int, edited: set[int]) -> ImageVisit.Outcome:
    return ImageVisit.Outcome.TAGGED if image in edited else ImageVisit.Outcome.SKIPPED


def _as_stored(filter_text: str) -> str:
    # NUL and half an emoji can be typed into JSON, but no database takes them.
    return filter_text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()


def _checked_name(name: str) -> str:
    name = one_line(name)
    if len(name) > LONGEST_NAME:
        raise WalkRefused(_("Shorten the name to %d characters or fewer.") % LONGEST_NAME, "name")
    return name
