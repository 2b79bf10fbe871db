"""The desk as JSON: for the API, and for the page that starts from the same values."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from ninja import Field, Schema

from datasets.models import Flag, Image
from datasets.schemas import ImageNumber
from sessions_app.models import TaggingSession
from sessions_app.queries import Desk
from sessions_app.queries.walks import WalkCard
from sessions_app.services.walks import Visit
from tagging.queries.state import ImageState
from tagging.schemas import ImageStateOut


class VisitIn(Schema):
    """An image that was left."""

    image_id: ImageNumber
    seconds: float = Field(ge=0, le=86_400, description="Time of activity at it.")
    edited: bool = False

    def to_visit(self) -> Visit:
        """Return it as the service takes it."""
        return Visit(self.image_id, self.seconds, self.edited)


class PlaceIn(Schema):
    """The image a person looks at, and what they left since they said so last."""

    image_id: int
    walk: int | None = Field(None, description="One of their own tagging sessions; null for the default one.")
    number: int = Field(0, ge=0, le=2**31 - 1, description="Its place as the desk shows it; 0 where it is not known.")
    total: int = Field(0, ge=0, le=2**31 - 1)
    visits: list[VisitIn] = Field([], max_length=500)


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


class WalkIn(Schema):
    """A tagging session to start."""

    name: str = Field("", description="Made from the filter where it is empty.")
    filter: str = Field("", description='Such as `is:untagged "blue sky" -hat`; empty for all images.')
    order: TaggingSession.Order = TaggingSession.Order.POSITION
    goes_on: bool = Field(False, description="Go on with one's open session of the same filter and order, if there is.")


class WalkPatch(Schema):
    """Another name for a tagging session."""

    name: str


class MatchingOut(Schema):
    """How many images match a filter."""

    images: int


class WalkOut(Schema):
    """A tagging session with its numbers."""

    id: int
    dataset_id: int
    name: str
    filter: str
    order: TaggingSession.Order
    number: int = Field(description="How far it was when its place was kept last; 0 before that.")
    total: int
    started_at: datetime
    finished_at: datetime | None
    visited: int
    tagged: int
    skipped: int
    seconds: float = Field(description="Time of activity.")
    pace: int = Field(description="Images an hour; 0 where there is no time to tell it from.")
    page: str

    @classmethod
    def of(cls, card: WalkCard) -> WalkOut:
        """Build it from what was read."""
        walk = card.walk
        return cls(
            id=walk.pk,
            dataset_id=walk.dataset_id,
            name=walk.name,
            filter=walk.filter_text,
            order=TaggingSession.Order(walk.order),
            number=walk.number,
            total=walk.total,
            started_at=walk.started_at,
            finished_at=walk.finished_at,
            visited=card.visited,
            tagged=card.tagged,
            skipped=card.skipped,
            seconds=card.seconds,
            pace=card.pace,
            page=f"{reverse('sessions_app:tag', args=[walk.dataset_id])}?walk={walk.pk}",
        )


class DeskImageOut(Schema):
    """The picture on the desk; `number` of `total` in the order that is walked, sizes in pixels and bytes."""

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
    number: int | None = Field(description="Null where `counts=false` was asked for, as `total` and `tagged`.")
    total: int | None


class DeskOut(Schema):
    """All that the desk shows of one image, and where one can go from it."""

    image: DeskImageOut
    state: ImageStateOut
    previous_id: int | None
    next_id: int | None
    next_untagged_id: int | None
    tagged: int | None

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


def _image_out(image: Image, *, number: int | None, total: int | None) -> DeskImageOut:
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
