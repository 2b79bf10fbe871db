"""What was read, as the messages that pages get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sessions_app.messages import DeskChanged, DeskPeople
from sessions_app.queries.people import PersonHere
from tagging.queries.missed import Missed, Numbers
from tagging.schemas import ImageStateOut

# A page shows a handful; a crowd is told by its number.
MOST_PEOPLE = 50


def changed_message(numbers: Numbers, missed: Missed, *, since: int) -> DeskChanged:
    """Say what changed; a page that is ahead of the database (it was restored) asks for everything again."""
    return DeskChanged(
        dataset_id=numbers.dataset_id,
        revision=numbers.revision,
        images=numbers.images,
        tagged=numbers.tagged,
        importing=numbers.importing,
        changed=[asdict(image) for image in missed.changed],
        states={str(state.image_id): ImageStateOut.of(state).model_dump(mode="json") for state in missed.states},
        is_complete=missed.is_complete and since <= numbers.revision,
    )


def people_message(dataset_id: int, people: Sequence[PersonHere], *, tab: str, person_id: int | None) -> DeskPeople:
    """Say who is here, to one of them: their own page and their other pages are marked."""
    told = [_told(one, tab=tab, person_id=person_id) for one in people]
    # Whoever is told sees themselves, however many came before.
    told.sort(key=lambda one: not one["is_you"])
    return DeskPeople(dataset_id=dataset_id, people=told[:MOST_PEOPLE], total=len(told))


def _told(one: PersonHere, *, tab: str, person_id: int | None) -> dict[str, object]:
    facts = asdict(one)
    whose = facts.pop("person_id")
    is_you = one.tab == tab
    return {**facts, "is_you": is_you, "is_yours": not is_you and whose is not None and whose == person_id}
