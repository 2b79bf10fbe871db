"""How quickly a dataset is tagged by hand, from its history, and how long the rest may take.

A picture counts for a person on the day of the first word they put on it within the days looked at. Who goes from one
picture to the next within ten minutes is at work meanwhile; a longer gap is a pause, and what comes after it begins
with the usual time of a picture.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median

from django.contrib.auth.models import User
from django.db.models import Min
from django.utils import timezone

from datasets.models import Dataset, Image
from tagging.models import Source, TagOperation

DAYS = 14
# With less than this no pace is told: it would be chance.
FEWEST_IMAGES, SHORTEST = 20, timedelta(minutes=10)
PAUSE = timedelta(minutes=10)


@dataclass(frozen=True)
class DayDone:
    """A day in UTC, as `at:` of the filters has it, and how many pictures were tagged by hand on it."""

    day: date
    images: int


@dataclass(frozen=True)
class Worked:
    """How many pictures somebody tagged in the days looked at, and in how long; `name` is empty for nobody by name."""

    name: str
    images: int
    time: timedelta

    @property
    def an_hour(self) -> float | None:
        """Pictures an hour of activity, `None` where it was too little to tell."""
        if self.images < FEWEST_IMAGES or self.time < SHORTEST:
            return None
        return self.images / (self.time.total_seconds() / 3600)


@dataclass(frozen=True)
class Pace:
    """How quickly pictures are tagged.

    Attributes:
        days: the last 14, the oldest first, also those without work.
        people: who tagged, who did most first.
        all: the work of everybody together; its time is that of all people added up.
        left: how many pictures have no words yet.
        time_left: of one person's activity for these at the pace of all; `None` where nothing is left, or where it
            cannot be told.
        days_left: days with work like the last ones; likewise.
    """

    days: list[DayDone]
    people: list[Worked]
    all: Worked
    left: int
    time_left: timedelta | None = None
    days_left: int | None = None


def get_pace(dataset: Dataset, left: int, *, now: datetime | None = None) -> Pace:
    """Return the pace of the last days.

    Args:
        dataset: whose history is read.
        left: how many pictures have no words yet.
        now: what the last day is; the present moment for `None`.
    """
    today = (now or timezone.now()).astimezone(UTC).date()
    first = today - timedelta(days=DAYS - 1)
    touched = _first_touches(dataset, datetime(first.year, first.month, first.day, tzinfo=UTC))
    by_person: defaultdict[int | None, list[datetime]] = defaultdict(list)
    earliest: dict[int, datetime] = {}
    for person, image, moment in touched:
        by_person[person].append(moment)
        earliest[image] = min(earliest.get(image, moment), moment)
    done = Counter(moment.astimezone(UTC).date() for moment in earliest.values())
    days = [DayDone(day, done[day]) for day in (first + timedelta(days=number) for number in range(DAYS))]
    people = _people(by_person)
    everybody = Worked("", len(earliest), sum((one.time for one in people), timedelta()))
    an_hour = everybody.an_hour
    if not left or an_hour is None:
        return Pace(days, people, everybody, left)
    busy = [each.images for each in days if each.images]
    days_left = -(-left * len(busy) // sum(busy))
    return Pace(days, people, everybody, left, timedelta(hours=left / an_hour), days_left)


def time_at_work(moments: Iterable[datetime]) -> timedelta:
    """Return how long somebody was at work who began with pictures at these moments."""
    ordered = sorted(moments)
    if not ordered:
        return timedelta()
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    short = [gap for gap in gaps if gap <= PAUSE]
    usual = timedelta(seconds=median(gap.total_seconds() for gap in short)) if short else timedelta()
    sittings = 1 + len(gaps) - len(short)
    return sum(short, timedelta()) + sittings * usual


def _first_touches(dataset: Dataset, since: datetime) -> Sequence[tuple[int | None, int, datetime]]:
    """Return who put a first word on which picture when, of the pictures that still have words."""
    words = TagOperation.objects.filter(
        kind__in=[TagOperation.Kind.ADD, TagOperation.Kind.CAPTION],
        change__dataset=dataset,
        change__source=Source.PERSON,
        change__undoes=None,
        change__done_at__gte=since,
    )
    found = words.values_list("change__done_by", "image").annotate(first=Min("change__done_at")).order_by()
    # There are many words to a picture: each picture is looked at once here, not once a word by the database.
    tagged = set(Image.objects.filter(dataset=dataset, is_tagged=True).values_list("pk", flat=True))
    return [row for row in found if row[1] in tagged]


def _people(by_person: dict[int | None, list[datetime]]) -> list[Worked]:
    names = dict(User.objects.filter(pk__in=[pk for pk in by_person if pk is not None]).values_list("pk", "username"))
    worked = [
        Worked(names.get(pk, "") if pk is not None else "", len(moments), time_at_work(moments))
        for pk, moments in by_person.items()
    ]
    return sorted(worked, key=lambda one: (-one.images, one.name))
