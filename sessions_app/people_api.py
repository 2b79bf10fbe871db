"""`/api/v1`: who is here, whose image it is, and what a page missed."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Router, Schema
from ninja.errors import HttpError

from datasets.asking import visible_dataset
from datasets.models import Dataset, Image
from datasets.permissions import can_edit, check_can_edit, visible_images, visible_thumbnails
from sessions_app.live_words import MOST_PEOPLE, changed_message, people_message
from sessions_app.models import Claim
from sessions_app.permissions import own_walks
from sessions_app.queries.courses import Course
from sessions_app.queries.people import PersonHere, get_holder, get_people, get_people_of_all, get_untagged_in_turn
from sessions_app.services.claims import ForeignTab, be_here, leave, take_next_free, take_over
from tagger_project.auth import person
from tagging.queries.missed import get_missed, get_numbers

router = Router(tags=["people"])


class PresenceIn(Schema):
    """A page says where it is; `active` where something was done there since it last said so."""

    tab: uuid.UUID
    image: int | None = None
    active: bool = False


class TakeIn(Schema):
    """A page takes over an image."""

    tab: uuid.UUID
    image: int


class NextIn(Schema):
    """A page asks for the next free image behind `image`, of a tagging session where it is on one."""

    tab: uuid.UUID
    image: int | None = None
    walk: int | None = None


class HoldOut(Schema):
    """Whether this page holds its image; else who does, if anybody."""

    holds: bool
    held_by: str | None


class NextOut(Schema):
    """The image that is this page's now; `null` where none is free."""

    image: int | None


class ChangesOut(Schema):
    """What the socket's `desk.changed` says."""

    dataset_id: int
    revision: int
    images: int
    tagged: int
    importing: int
    changed: list[dict[str, object]]
    states: dict[str, dict[str, object]]
    is_complete: bool


class PeopleOut(Schema):
    """What the socket's `desk.people` says."""

    dataset_id: int
    people: list[dict[str, object]]
    total: int


class SomebodyOut(Schema):
    """Somebody who has a page of a dataset's desk open."""

    name: str
    initials: str
    colour: str
    is_yours: bool = Field(description="It is a page of who asks.")


class DatasetPeopleOut(Schema):
    """Who is in one dataset; `total` where not all are listed."""

    dataset_id: int
    people: list[SomebodyOut]
    total: int


class PeopleOfAllOut(Schema):
    """The datasets in which somebody is."""

    datasets: list[DatasetPeopleOut]


def _image(request: HttpRequest, dataset: Dataset, image_id: int) -> Image:
    return get_object_or_404(visible_images(person(request)), pk=image_id, dataset=dataset)


def _present(request: HttpRequest, dataset: Dataset, image_id: int) -> Image | None:
    """Return the image; nothing for one that went to the trash: the page is here all the same."""
    there = get_object_or_404(visible_thumbnails(person(request)), pk=image_id, dataset=dataset)
    return there if there.trashed_at is None else None


def _hold_of(claim: Claim, image: Image | None) -> HoldOut:
    if image is None:
        return HoldOut(holds=False, held_by=None)
    held_by = get_holder(image, besides=claim)
    return HoldOut(holds=held_by is None and claim.held_since is not None, held_by=held_by)


@router.put("/datasets/{int:dataset_id}/presence", response=HoldOut, summary="Say that a page is here")
def write_presence(request: HttpRequest, dataset_id: int, body: PresenceIn) -> HoldOut:
    """Keep a page among the people for 45 seconds; 409 where its number is another person's."""
    user, dataset = person(request), visible_dataset(request, dataset_id)
    image = None if body.image is None else _present(request, dataset, body.image)
    is_active = body.active and can_edit(dataset, user)
    try:
        claim = be_here(dataset, body.tab, image=image, is_active=is_active, by=user)
    except ForeignTab as refused:
        raise HttpError(409, str(refused)) from refused
    return _hold_of(claim, image)


@router.delete("/datasets/{int:dataset_id}/presence", response={204: None}, summary="Say that a page leaves")
def end_presence(request: HttpRequest, dataset_id: int, tab: uuid.UUID) -> None:
    """Let a page's row end in a few seconds, unless it says again that it is here: a reload is no leaving."""
    visible_dataset(request, dataset_id)
    leave(tab, by=person(request))


@router.get("/datasets/{int:dataset_id}/people", response=PeopleOut, summary="Who is here")
def read_people(request: HttpRequest, dataset_id: int, tab: uuid.UUID | None = None) -> PeopleOut:
    """Every open page, in the order they came; `tab` says which one is asking."""
    user, dataset = person(request), visible_dataset(request, dataset_id)
    message = people_message(
        dataset.pk, get_people(dataset.pk), tab=str(tab or ""), person_id=user.pk if user else None
    )
    return PeopleOut(dataset_id=message.dataset_id, people=message.people, total=message.total)


@router.get("/people", response=PeopleOfAllOut, summary="Who is in which dataset")
def read_people_of_all(request: HttpRequest) -> PeopleOfAllOut:
    """The datasets in which somebody is, of those that one may see; a person with several pages of one counts once."""
    user = person(request)
    return PeopleOfAllOut(
        datasets=[
            DatasetPeopleOut(
                dataset_id=dataset_id, people=[_somebody(one, user) for one in people[:MOST_PEOPLE]], total=len(people)
            )
            for dataset_id, people in get_people_of_all(user).items()
        ]
    )


def _somebody(one: PersonHere, user: User | None) -> SomebodyOut:
    is_yours = user is not None and one.person_id == user.pk
    return SomebodyOut(name=one.name, initials=one.initials, colour=one.colour, is_yours=is_yours)


@router.get("/datasets/{int:dataset_id}/changes", response=ChangesOut, summary="What changed since a revision")
def read_changes(request: HttpRequest, dataset_id: int, since: int) -> ChangesOut:
    """What the socket would have told, for pages whose sockets are blocked."""
    dataset = visible_dataset(request, dataset_id)
    numbers = get_numbers(dataset.pk)
    missed = get_missed(dataset.pk, since, with_states=True)
    return ChangesOut(**vars(changed_message(numbers, missed, since=since)))


@router.post("/datasets/{int:dataset_id}/claims/take", response=HoldOut, summary="Take over an image")
def take_image(request: HttpRequest, dataset_id: int, body: TakeIn) -> HoldOut:
    """Hold an image whoever held it before; their page is told."""
    user, dataset = person(request), visible_dataset(request, dataset_id)
    image = _image(request, dataset, body.image)
    check_can_edit(dataset, user)
    try:
        claim = take_over(dataset, body.tab, image, by=user)
    except ForeignTab as refused:
        raise HttpError(409, str(refused)) from refused
    return _hold_of(claim, image)


@router.post("/datasets/{int:dataset_id}/claims/next", response=NextOut, summary="Take the next free image")
def take_next(request: HttpRequest, dataset_id: int, body: NextIn) -> NextOut:
    """Hold the next image to do that no other page holds; two pages at once never get the same one.

    To do is what is untagged; in a tagging session with a filter, what matches and was not visited in it.
    """
    user, dataset = person(request), visible_dataset(request, dataset_id)
    start = None if body.image is None else _image(request, dataset, body.image)
    check_can_edit(dataset, user)
    if body.walk is None:
        candidates = get_untagged_in_turn(dataset, start, user)
    else:
        candidates = Course(get_object_or_404(own_walks(user), pk=body.walk, dataset=dataset), user).in_turn(start)
    try:
        image_id = take_next_free(dataset, body.tab, candidates, by=user)
    except ForeignTab as refused:
        raise HttpError(409, str(refused)) from refused
    return NextOut(image=image_id)
