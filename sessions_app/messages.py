"""What an open desk, or a grid beside it, hears of a dataset and of the people who are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tagger_project.live import Message, Notice


@dataclass(frozen=True)
class DeskChanged(Message):
    """What changed in a dataset since the revision that this socket told last; nothing in between is left out.

    Attributes:
        revision: the dataset's revision that a page is on once it has taken this in.
        images: how many there are; `tagged` of them have a tag or a caption.
        changed: the images whose words, review or place in the trash changed: `id`, `revision` of the image,
            `review_state`, `is_tagged`, `is_gone`.
        states: the words of these images by id, where they are few; else a page asks for those it shows.
        is_complete: `False` where so many changed that they are not listed: a page asks again for all it shows.
    """

    type: ClassVar[str] = "desk.changed"

    dataset_id: int
    revision: int
    images: int
    tagged: int
    importing: int
    changed: list[dict[str, Any]]
    states: dict[str, dict[str, Any]]
    is_complete: bool


@dataclass(frozen=True)
class DeskPeople(Message):
    """Who is here now: always all of them, never a step.

    Attributes:
        people: an open page each, in the order they came: `tab`, `name`, `initials`, `colour`, the `image` it is on,
            whether it `holds` that image, `is_you` for this very page, `is_yours` for another page of the same person.
        total: how many there are, where not all are listed.
    """

    type: ClassVar[str] = "desk.people"

    dataset_id: int
    people: list[dict[str, Any]]
    total: int


@dataclass(frozen=True)
class DeskTaken(Message):
    """Somebody took over the image that this page held; `name` says who."""

    type: ClassVar[str] = "desk.taken"

    dataset_id: int
    image: int
    name: str


@dataclass(frozen=True)
class PeopleTouched(Notice):
    """Somebody came, moved or left; sockets answer with `DeskPeople`."""

    type: ClassVar[str] = "people.touched"

    dataset_id: int


@dataclass(frozen=True)
class HoldTaken(Notice):
    """A page lost its image to another one; the socket of that `tab` and `person` answers with `DeskTaken`."""

    type: ClassVar[str] = "hold.taken"

    dataset_id: int
    image: int
    tab: str
    person: int | None
    name: str


def desk_group(dataset_id: int) -> str:
    """The group of pages that hear who is in a dataset."""
    return f"desk.{dataset_id}"
