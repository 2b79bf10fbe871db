"""The desk as JSON: for the API, and for the page that starts from the same values."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from ninja import Schema

from datasets.models import Flag, Image
from sessions_app.queries import Desk
from tagging.queries.state import ImageState
from tagging.schemas import ImageStateOut


class PlaceIn(Schema):
    """The image a person looks at."""

    image_id: int


class PlaceOut(Schema):
    """Where a person is in a dataset."""

    image_id: int | None
    images: int
    tagged: int


class KeyMapIn(Schema):
    """What a person changed about the keys: chords by the id of their action; an empty list takes all keys away."""

    keys: dict[str, list[str]]
    single_keys: bool = True


class KeyMapOut(Schema):
    """As `KeyMapIn`; actions that are not named have the program's keys."""

    keys: dict[str, list[str]]
    single_keys: bool


class DeskImageOut(Schema):
    """The picture on the desk; `number` of `total` in dataset order, sizes in pixels and bytes."""

    id: int
    dataset_id: int
    name: str
    folder: str
    added_at: datetime
    width: int
    height: int
    byte_size: int
    format: str
    colour: str
    preview: str
    original: str
    flags: list[Flag]
    number: int
    total: int


class DeskOut(Schema):
    """All that the desk shows of one image, and where one can go from it."""

    image: DeskImageOut
    state: ImageStateOut
    previous_id: int | None
    next_id: int | None
    next_untagged_id: int | None
    tagged: int

    @classmethod
    def of(cls, desk: Desk, state: ImageState) -> DeskOut:
        """Put a desk and the tags on it into one answer."""
        return cls(
            image=_image_out(desk.image, number=desk.number, total=desk.total),
            state=ImageStateOut.of(state),
            previous_id=desk.previous_id,
            next_id=desk.next_id,
            next_untagged_id=desk.next_untagged_id,
            tagged=desk.tagged,
        )


def _image_out(image: Image, *, number: int, total: int) -> DeskImageOut:
    return DeskImageOut(
        id=image.pk,
        dataset_id=image.dataset_id,
        name=image.original_name,
        folder=image.relative_path,
        added_at=image.created_at,
        width=image.width,
        height=image.height,
        byte_size=image.byte_size,
        format=image.get_format_display(),
        colour=image.colour,
        preview=file_url("preview", image),
        original=file_url("original", image),
        flags=image.flags,
        number=number,
        total=total,
    )


def file_url(kind: str, image: Image) -> str:
    """The address of a stored file; it names the content, so that a browser may keep it for ever."""
    return f"{reverse(f'datasets:{kind}', args=[image.pk])}?v={image.sha256[:12]}"
