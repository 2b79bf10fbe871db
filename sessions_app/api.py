"""`/api/v1`: a person's place in a dataset, and the desk of one image."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.errors import HttpError

from datasets.permissions import visible_datasets, visible_images
from sessions_app.models import TaggingSession
from sessions_app.permissions import own_walks
from sessions_app.queries import get_desk, get_place
from sessions_app.queries.walks import count_matching, get_walk_card, get_walk_cards
from sessions_app.schemas import (
    DeskOut,
    KeyMapIn,
    KeyMapOut,
    MatchingOut,
    PlaceIn,
    PlaceOut,
    WalkIn,
    WalkOut,
    WalkPatch,
)
from sessions_app.services.keys import BadKeys, get_key_map, keep_key_map
from sessions_app.services.sessions import ForeignImage, keep_place
from sessions_app.services.walks import (
    WalkRefused,
    delete_walk,
    finish_walk,
    go_on_or_start_walk,
    rename_walk,
    start_walk,
)
from tagger_project.auth import person
from tagging.queries.filtering import BadFilter
from tagging.queries.state import get_image_state

router = Router(tags=["tagging sessions"])


@router.get("/datasets/{int:dataset_id}/tagging-session", response=PlaceOut, summary="Where this person stopped")
def read_place(request: HttpRequest, dataset_id: int) -> PlaceOut:
    """The image this person looked at last, and how far the dataset is."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    return PlaceOut.from_orm(get_place(dataset, user))


@router.put("/datasets/{int:dataset_id}/tagging-session", response=PlaceOut, summary="Remember the place")
def write_place(request: HttpRequest, dataset_id: int, place: PlaceIn) -> PlaceOut:
    """Remember the image this person looks at, and the time spent at those before; 422 for one of another dataset."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    image = get_object_or_404(visible_images(user), pk=place.image_id)
    walk = get_object_or_404(own_walks(user), pk=place.walk) if place.walk is not None else None
    visits = [visit.to_visit() for visit in place.visits]
    try:
        keep_place(dataset, image, by=user, walk=walk, number=place.number, total=place.total, visits=visits)
    except ForeignImage as refused:
        raise HttpError(422, str(refused)) from refused
    return PlaceOut.from_orm(get_place(dataset, user))


@router.get("/images/{int:image_id}/desk", response=DeskOut, summary="One image with all that the desk shows")
def read_desk(request: HttpRequest, image_id: int, walk: int | None = None, counts: bool = True) -> DeskOut:
    """The image, its tags and caption, and its neighbours: in dataset order, or on one of one's own `walk`s.

    With `counts=false` nothing is counted; what is fetched ahead is then as fast in a large dataset as in a small one.
    """
    user = person(request)
    image = get_object_or_404(visible_images(user), pk=image_id)
    along = get_object_or_404(own_walks(user), pk=walk, dataset=image.dataset_id) if walk is not None else None
    return DeskOut.of(get_desk(image, user, along, counts=counts), get_image_state(image))


@router.get("/datasets/{int:dataset_id}/matching", response=MatchingOut, summary="Count what a filter matches")
def count_images(request: HttpRequest, dataset_id: int, filter: str = "") -> MatchingOut:
    """How many images a filter matches; 422 with a sentence where it cannot be read."""
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    try:
        return MatchingOut(images=count_matching(dataset, filter))
    except BadFilter as refused:
        raise HttpError(422, str(refused)) from refused


@router.post(
    "/datasets/{int:dataset_id}/walks", response={200: WalkOut, 201: WalkOut}, summary="Start a tagging session"
)
def create_walk(request: HttpRequest, dataset_id: int, body: WalkIn) -> Status[WalkOut]:
    """Start a tagging session past the images that match a filter; 422 where none does, 200 where one goes on."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    try:
        if body.goes_on:
            walk, is_new = go_on_or_start_walk(dataset, filter_text=body.filter, order=body.order, by=user)
        else:
            walk, is_new = start_walk(dataset, name=body.name, filter_text=body.filter, order=body.order, by=user), True
    except (BadFilter, WalkRefused) as refused:
        raise HttpError(422, str(refused)) from refused
    return Status(201 if is_new else 200, WalkOut.of(get_walk_card(walk)))


@router.get("/walks", response=list[WalkOut], summary="One's own tagging sessions")
def list_walks(request: HttpRequest) -> list[WalkOut]:
    """Open ones first, the one that was worked on last before all others."""
    user = person(request)
    cards = [*get_walk_cards(user, finished=False), *get_walk_cards(user, finished=True)]
    return [WalkOut.of(card) for card in cards]


@router.get("/walks/{int:walk_id}", response=WalkOut, summary="One tagging session with its numbers")
def read_walk(request: HttpRequest, walk_id: int) -> WalkOut:
    """How many images it has been at, how long, and how fast."""
    return WalkOut.of(get_walk_card(_own_walk(request, walk_id)))


@router.patch("/walks/{int:walk_id}", response=WalkOut, summary="Rename a tagging session")
def change_walk(request: HttpRequest, walk_id: int, body: WalkPatch) -> WalkOut:
    """Give it another name."""
    walk = _own_walk(request, walk_id)
    try:
        rename_walk(walk, body.name)
    except WalkRefused as refused:
        raise HttpError(422, str(refused)) from refused
    return WalkOut.of(get_walk_card(walk))


@router.post("/walks/{int:walk_id}/finish", response=WalkOut, summary="Finish a tagging session")
def end_walk(request: HttpRequest, walk_id: int) -> WalkOut:
    """End it; its numbers stay."""
    walk = _own_walk(request, walk_id)
    finish_walk(walk)
    return WalkOut.of(get_walk_card(walk))


@router.delete("/walks/{int:walk_id}", response={204: None}, summary="Delete a tagging session")
def remove_walk(request: HttpRequest, walk_id: int) -> Status[None]:
    """Forget it and its numbers; the images and their words stay."""
    delete_walk(_own_walk(request, walk_id))
    return Status(204, None)


def _own_walk(request: HttpRequest, walk_id: int) -> TaggingSession:
    return get_object_or_404(own_walks(person(request)), pk=walk_id)


@router.get("/key-map", response=KeyMapOut, summary="The keys as this person wants them")
def read_key_map(request: HttpRequest) -> KeyMapOut:
    """What this person changed about the keys; in open mode one map for all."""
    return KeyMapOut.from_orm(get_key_map(person(request)))


@router.put("/key-map", response=KeyMapOut, summary="Change the keys")
def write_key_map(request: HttpRequest, changed: KeyMapIn) -> KeyMapOut:
    """Replace what this person changed about the keys; 422 with the reason where it is no map of keys."""
    try:
        key_map = keep_key_map(changed.keys, single_keys=changed.single_keys, by=person(request))
    except BadKeys as refused:
        raise HttpError(422, str(refused)) from refused
    return KeyMapOut.from_orm(key_map)
