"""`/api/v1`: a person's place in a dataset, and the desk of one image."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router
from ninja.errors import HttpError

from datasets.permissions import visible_datasets, visible_images
from sessions_app.queries import get_desk, get_place
from sessions_app.schemas import DeskOut, KeyMapIn, KeyMapOut, PlaceIn, PlaceOut
from sessions_app.services.keys import BadKeys, get_key_map, keep_key_map
from sessions_app.services.sessions import ForeignImage, keep_place
from tagger_project.auth import person
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
    """Remember the image this person looks at; 422 for an image of another dataset."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    image = get_object_or_404(visible_images(user), pk=place.image_id)
    try:
        keep_place(dataset, image, by=user)
    except ForeignImage as refused:
        raise HttpError(422, str(refused)) from refused
    return PlaceOut.from_orm(get_place(dataset, user))


@router.get("/images/{int:image_id}/desk", response=DeskOut, summary="One image with all that the desk shows")
def read_desk(request: HttpRequest, image_id: int) -> DeskOut:
    """The image, its tags and caption, and its neighbours."""
    user = person(request)
    image = get_object_or_404(visible_images(user), pk=image_id)
    return DeskOut.of(get_desk(image, user), get_image_state(image))


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
