"""Who is in a dataset, on which image."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from datasets.models import Dataset, Image
from datasets.permissions import visible_datasets, visible_images
from sessions_app.models import Claim

# Beside a name, never instead of one; each reaches 4.5:1 under white letters.
COLOURS = ("blue", "green", "purple", "orange", "teal", "pink", "red", "grey")


@dataclass(frozen=True)
class PersonHere:
    """One open page; `person_id` is `None` for a guest."""

    tab: str
    person_id: int | None
    name: str
    initials: str
    colour: str
    image: int | None
    holds: bool


def get_people(dataset_id: int) -> list[PersonHere]:
    """Return the pages that are open, in the order they came."""
    return [_person(row, bool(vars(row)["is_held"])) for row in _open_pages().filter(dataset=dataset_id)]


def get_people_of_all(user: User | None) -> dict[int, list[PersonHere]]:
    """Return who is in which of the datasets that this person may see, in one query; those with nobody are left out.

    Somebody with several pages of a dataset open is named once, by the page that came first.
    """
    here: dict[int, dict[object, PersonHere]] = {}
    for row in _open_pages().filter(dataset__in=visible_datasets(user)):
        one = _person(row, bool(vars(row)["is_held"]))
        here.setdefault(row.dataset_id, {}).setdefault(one.person_id or one.tab, one)
    return {dataset_id: list(people.values()) for dataset_id, people in here.items()}


def _open_pages() -> QuerySet[Claim]:
    is_held = Q(held_since__isnull=False, held_until__gt=Now())
    return (
        Claim.objects.filter(seen_until__gt=Now())
        .annotate(is_held=Case(When(is_held, then=Value(1)), default=Value(0)))
        .select_related("person")
        .order_by("started_at", "pk")
    )


def _person(claim: Claim, holds: bool) -> PersonHere:
    name = name_of(claim)
    return PersonHere(
        tab=str(claim.tab),
        person_id=claim.person_id,
        name=name,
        initials=str(claim.guest) if claim.person is None else initials_of(name),
        colour=COLOURS[(claim.person_id or claim.guest) % len(COLOURS)],
        image=claim.image_id,
        holds=holds and claim.image_id is not None,
    )


def name_of(claim: Claim) -> str:
    """Return what others call whoever has this page open."""
    if claim.person is None:
        return _("Guest %(number)d") % {"number": claim.guest}
    return claim.person.get_full_name() or claim.person.get_username()


def initials_of(name: str) -> str:
    """Return at most two letters of a name: the first ones of its first and last word."""
    words = [word for word in name.replace("@", " ").replace(".", " ").replace("_", " ").split() if word[0].isalnum()]
    if not words:
        return name[:1].upper()
    return (words[0][:2] if len(words) == 1 else words[0][0] + words[-1][0]).upper()


def get_holder(image: Image, *, besides: Claim) -> str | None:
    """Return the name of who holds an image, if it is another page than this one."""
    now_held = Claim.objects.filter(
        image=image, held_since__isnull=False, held_until__gt=Now(), seen_until__gt=Now()
    ).exclude(pk=besides.pk)
    holder = now_held.select_related("person").first()
    return name_of(holder) if holder else None


def get_untagged_in_turn(dataset: Dataset, start: Image | None, user: User | None) -> list[QuerySet[Image]]:
    """Return the untagged images behind an image, then those before it, each in order; never the image itself."""
    images = visible_images(user).select_related(None).filter(dataset=dataset, is_tagged=False).order_by("position")
    if start is None:
        return [images]
    return [images.filter(position__gt=start.position), images.filter(position__lt=start.position)]
