"""What was read, as the messages that pages get."""

from __future__ import annotations

from collections import defaultdict
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
    return Crowd(people).message(dataset_id, tab=tab, person_id=person_id)


class Crowd:
    """Who is here, made ready for telling each of them: hundreds are told of hundreds."""

    def __init__(self, people: Sequence[PersonHere]) -> None:
        """Take the open pages in the order they came."""
        self._total = len(people)
        self._rows = [_told(one) for one in people]
        self._places = {(one.tab, one.person_id): place for place, one in enumerate(people)}
        self._places_of: defaultdict[int | None, list[int]] = defaultdict(list)
        for place, one in enumerate(people[:MOST_PEOPLE]):
            self._places_of[one.person_id].append(place)

    def message(self, dataset_id: int, *, tab: str, person_id: int | None) -> DeskPeople:
        """Say who is here, to one of them."""
        rows = self._rows[:MOST_PEOPLE]
        for place in self._places_of.get(person_id, ()) if person_id is not None else ():
            rows[place] = {**rows[place], "is_yours": True}
        own = self._places.get((tab, person_id))
        if own is not None:
            # Whoever is told sees themselves, however many came before.
            del rows[own : own + 1]
            rows = [{**self._rows[own], "is_you": True}, *rows[: MOST_PEOPLE - 1]]
        return DeskPeople(dataset_id=dataset_id, people=rows, total=self._total)


def _told(one: PersonHere) -> dict[str, object]:
    facts = asdict(one)
    del facts["person_id"]
    return {**facts, "is_you": False, "is_yours": False}
